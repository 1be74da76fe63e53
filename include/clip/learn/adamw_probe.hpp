// clip/learn/adamw_probe.hpp: a linear probe trained by AdamW on batches, as CLIP_benchmark does it.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/error.hpp>
#include <clip/core/rng.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/learn/logistic_loss.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// CLIP_benchmark's defaults. Its features have unit length.
struct AdamwProbeOptions {
  double learning_rate = 0.1;  // then half a cosine to zero, by steps
  double weight_decay = 0;     // decoupled, of coefficients and intercepts
  Index epochs = 10;
  Index batch = 64;  // the last one of an epoch may be smaller
  std::uint64_t seed = 0;
};

/// Trains a probe by AdamW (Loshchilov & Hutter 2019; β 0.9 and 0.999, ε 1e-8), from uniform numbers within ± 1/√width.
/// The result depends on the seed alone. `fit.objective` is the mean loss of the last epoch, while it was trained.
/// OptionError: numbers out of range. ShapeError: another number of labels. InputError: no features, one class.
/// NumericError: features that are not finite.
template <class T, Index E, class Label>
FittedProbe<Label> fit_probe_by_adamw(const Features<T, E>& features, const std::vector<Label>& labels,
                                      const AdamwProbeOptions& options = {}, const Cpu<T>& backend = {}) {
  const char* const place = "probe by AdamW";
  const auto check = [&](const char* what, double value) {
    if (!(value >= 0) || !std::isfinite(value)) raise(OptionError{place, what, "0 or more", value});
  };
  check("learning_rate", options.learning_rate);
  check("weight_decay", options.weight_decay);
  if (options.epochs < 1) raise(OptionError{place, "epochs", "1 or more", options.epochs});
  if (options.batch < 1) raise(OptionError{place, "batch", "1 or more", options.batch});
  const Index n = features.size(), d = features.width();
  if (static_cast<Index>(labels.size()) != n) raise(ShapeError{place, "labels", n, labels.size()});
  (void)detail::scaled_features(features.view());  // checks them
  const detail::ClassIndices<Label> known{labels};
  const auto classes = static_cast<Index>(known.classes.size());
  if (classes < 2) raise(InputError{place, "classes", "2 or more", classes});

  const Rng rng{options.seed};
  std::vector<double> w(static_cast<std::size_t>(classes * (d + 1))), gradient(w.size()), m(w.size()), v(w.size());
  Rng start = rng.fork("start");
  for (double& x : w) x = start.uniform(1 / std::sqrt(static_cast<double>(d)));

  const std::vector<double> ones(static_cast<std::size_t>(classes), 1);
  const Index per_epoch = (n + options.batch - 1) / options.batch;
  const WarmupCosine schedule{0, options.epochs * per_epoch};
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::vector<T> rows(static_cast<std::size_t>(std::min(n, options.batch) * d));
  std::vector<std::int32_t> targets;
  double loss = 0, beta1 = 1, beta2 = 1;
  for (Index step = 0; step < schedule.total; ++step) {
    const Index first = step % per_epoch * options.batch, count = std::min(options.batch, n - first);
    if (first == 0) {
      std::iota(order.begin(), order.end(), Index{0});
      Rng draws = rng.fork("order").fork(static_cast<std::uint64_t>(step / per_epoch));
      for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[draws.below(i + 1)]);
      loss = 0;
    }
    targets.clear();
    for (Index i = 0; i < count; ++i) {
      const Index item = order[static_cast<std::size_t>(first + i)];
      std::ranges::copy(features[item], rows.begin() + i * d);
      targets.push_back(known.indices[static_cast<std::size_t>(item)]);
    }
    LogisticLoss<T> batch{backend, View<const T>{rows.data(), count, d}, targets, ones, 0, true};
    loss += batch(w, gradient) * static_cast<double>(count) / static_cast<double>(n);

    const double rate = options.learning_rate * schedule(step);
    beta1 *= 0.9;
    beta2 *= 0.999;
    for (std::size_t i = 0; i < w.size(); ++i) {
      m[i] += 0.1 * (gradient[i] - m[i]);
      v[i] += 0.001 * (gradient[i] * gradient[i] - v[i]);
      w[i] -= rate * (options.weight_decay * w[i] + m[i] / (1 - beta1) / (std::sqrt(v[i] / (1 - beta2)) + 1e-8));
    }
  }

  LogisticFit fit{.width = d,
                  .coefficients = {},
                  .intercepts = {},
                  .objective = loss,
                  .iterations = schedule.total,
                  .evaluations = schedule.total};
  for (Index c = 0; c < classes; ++c) {
    const double* const row = w.data() + c * (d + 1);
    fit.coefficients.insert(fit.coefficients.end(), row, row + d);
    fit.intercepts.push_back(row[d]);
  }
  return {{known.classes, d, fit.coefficients, fit.intercepts}, std::move(fit)};
}

}  // namespace clip::inline CLIP_ABI
