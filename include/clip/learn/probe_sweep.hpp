// clip/learn/probe_sweep.hpp: the choice of a probe's regularisation by validation, in published protocols.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/error.hpp>
#include <clip/learn/adamw_probe.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// How C, or the weight decay, is chosen by the accuracy on validation images.
///   clip:          Radford et al. 2021, A.3: C of 97 numbers from 1e-6 to 1e6, equally far apart in their logarithm; first
///                  every 16th, then the neighbours 8, 4, 2 and 1 steps away from the best. The probe of the best C is
///                  trained again on training and validation images
///   coop:          Zhou et al. 2022 (lpclip): C of 1e6, 1e4 … 1e-6, then eight halvings of the two decades around the best.
///                  The last probe is the result
///   clip_benchmark: AdamW in place of L-BFGS, and a weight decay of 97 numbers from 1e-6 to 1e2, searched as in `clip`.
///                  For features of unit length
enum class ProbeSweep : unsigned char { clip, coop, clip_benchmark };

struct ProbeSweepOptions {
  ProbeSweep protocol = ProbeSweep::clip;
  Index max_iterations = 1000;
  double tolerance = 1e-4;
  bool balanced = false;
  bool warm_starts = false;   // each fit begins at that of the nearest C: fewer passes, equal within the tolerance
  AdamwProbeOptions adamw{};  // of clip_benchmark; its weight_decay is what is chosen
};

/// A value that was tried: a C, or a weight decay.
struct ProbeTrial {
  double value;
  double accuracy;  // of the validation images
  Index evaluations;
};

template <class Label = std::int64_t>
struct SweptProbe {
  LinearProbe<Label> probe;
  LogisticFit fit;
  double value;                    // the C, or the weight decay, of the probe
  double accuracy;                 // of the validation images, of a probe trained without them
  std::vector<ProbeTrial> trials;  // in order
};

namespace detail {

/// The most accurate of 97 points, by index: every 16th, then 8, 4, 2 and 1 to the left and right of the best so far. Of
/// equal ones the first.
inline std::size_t search_peak(const std::function<double(std::size_t)>& accuracy_of) {
  constexpr std::size_t last = 96;
  const auto best = [&](const std::vector<std::size_t>& points) {
    std::size_t peak = points.front();
    for (const std::size_t point : points)
      if (accuracy_of(point) > accuracy_of(peak)) peak = point;
    return peak;
  };
  std::size_t peak = best({0, 16, 32, 48, 64, 80, 96});
  for (std::size_t span = 8; span > 0; span /= 2)
    peak = best({peak < span ? 0 : peak - span, peak, std::min(peak + span, last)});
  return peak;
}

template <class T, Index E>
Features<T, dyn> rows_of_both(const Features<T, E>& a, const Features<T, E>& b) {
  Features<T, dyn> both{a.size() + b.size(), Size<dyn>{a.width()}};
  for (Index i = 0; i < both.size(); ++i) std::ranges::copy(i < a.size() ? a[i] : b[i - a.size()], both[i].begin());
  return both;
}

}  // namespace detail

/// Trains probes of training images, chooses one by validation images, in a published protocol, and returns it. Labels
/// of validation images that do not occur in training count as wrong.
///
///   const auto chosen = sweep_linear_probe(train, train_labels, validation, validation_labels, {.protocol = ProbeSweep::coop});
///   chosen.probe.predict(test);  // with C = chosen.value
///
/// Errors as fit_linear_probe, before the first fit; ShapeError: validation features of another width or none.
template <class T, Index E, class Label>
SweptProbe<Label> sweep_linear_probe(const Features<T, E>& features, const std::vector<Label>& labels,
                                     const Features<T, E>& validation, const std::vector<Label>& validation_labels,
                                     const ProbeSweepOptions& options = {}, const Cpu<T>& backend = {}) {
  const char* const place = "probe sweep";
  if (validation.width() != features.width())
    raise(ShapeError{place, "width of validation features", features.width(), validation.width()});
  if (validation.empty()) raise(ShapeError{place, "validation features", "1 or more", 0});
  if (static_cast<Index>(validation_labels.size()) != validation.size())
    raise(ShapeError{place, "labels of validation features", validation.size(), validation_labels.size()});
  (void)detail::scaled_features(validation.view());  // checks them

  struct Tried {
    double exponent, accuracy;
    FittedProbe<Label> fitted;
  };
  std::vector<Tried> tried;
  std::vector<ProbeTrial> trials;
  const bool adamw = options.protocol == ProbeSweep::clip_benchmark;
  const auto fit = [&](const auto& rows, const std::vector<Label>& of, double exponent, const LogisticFit* start) {
    if (adamw) {
      AdamwProbeOptions how = options.adamw;
      how.weight_decay = std::pow(10, exponent);
      return fit_probe_by_adamw(rows, of, how, backend);
    }
    return fit_linear_probe(rows, of,
                            {.C = std::pow(10, exponent),
                             .max_iterations = options.max_iterations,
                             .tolerance = options.tolerance,
                             .balanced = options.balanced},
                            backend, start);
  };
  const auto nearest = [&](double exponent) -> const Tried* {
    const auto found =
        std::ranges::min_element(tried, {}, [&](const Tried& t) { return std::abs(t.exponent - exponent); });
    return found == tried.end() ? nullptr : &*found;
  };
  const auto accuracy_at = [&](double exponent) {
    const Tried* const close = nearest(exponent);
    if (close != nullptr && close->exponent == exponent) return close->accuracy;
    auto fitted =
        fit(features, labels, exponent, options.warm_starts && close != nullptr ? &close->fitted.fit : nullptr);
    const double right = accuracy_of(fitted.probe, validation, validation_labels);
    trials.push_back({std::pow(10, exponent), right, fitted.fit.evaluations});
    tried.push_back({exponent, right, std::move(fitted)});
    return right;
  };

  if (options.protocol == ProbeSweep::coop) {
    double best = 6;
    for (const double exponent : {6.0, 4.0, 2.0, 0.0, -2.0, -4.0, -6.0})
      if (accuracy_at(exponent) > accuracy_at(best)) best = exponent;
    double left = best - 1, right = best + 1;
    for (int step = 0; step < 8; ++step) {
      const double middle = 0.5 * (left + right);
      if (accuracy_at(left) < accuracy_at(right)) {
        best = right;
        left = middle;
      } else {
        best = left;
        right = middle;
      }
    }
    const Tried& chosen = *nearest(best);
    return {chosen.fitted.probe, chosen.fitted.fit, std::pow(10, best), chosen.accuracy, std::move(trials)};
  }

  const double least = -6, most = adamw ? 2 : 6;
  const auto exponent_of = [&](std::size_t point) { return least + (most - least) * static_cast<double>(point) / 96; };
  const double best =
      exponent_of(detail::search_peak([&](std::size_t point) { return accuracy_at(exponent_of(point)); }));
  std::vector<Label> all = labels;
  all.insert(all.end(), validation_labels.begin(), validation_labels.end());
  const double right = accuracy_at(best);
  auto last = fit(detail::rows_of_both(features, validation), all, best, nullptr);
  return {std::move(last.probe), std::move(last.fit), std::pow(10, best), right, std::move(trials)};
}

}  // namespace clip::inline CLIP_ABI
