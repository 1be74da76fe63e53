// clip/learn/logistic_regression.hpp: multinomial logistic regression with an L2 penalty, as scikit-learn defines it.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/error.hpp>
#include <clip/learn/logistic_loss.hpp>
#include <clip/optim/cholesky.hpp>
#include <clip/optim/lbfgs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace clip::inline CLIP_ABI {

struct LogisticOptions {
  double C = 1;           // weight of the samples' losses beside the penalty ½ ‖W‖²
  bool intercept = true;  // of each class; not penalised
  Index max_iterations = 100;
  double tolerance = 1e-4;  // of the largest entry of the gradient of the mean loss
};

/// Coefficients W : (classes, width) and intercepts of the scores W x + b, and how they were found.
struct LogisticFit {
  Index width = 0;
  std::vector<double> coefficients;
  std::vector<double> intercepts;
  double objective = 0;  // C Σ losses + ½ ‖W‖²
  Index iterations = 0;
  Index evaluations = 0;   // passes over the features
  bool converged = false;  // false: max_iterations, or the precision of T, came first
};

namespace detail {

/// x scaled by a power of two where its values are so large or so small that their squares would leave the range of T.
template <class T>
struct ScaledFeatures {
  View<const T> x;
  double scale = 1;
  std::vector<T> copy{};
};

/// InputError, NumericError: no features, or values that are not finite.
template <class T>
ScaledFeatures<T> scaled_features(View<const T> x) {
  if (x.rows == 0 || x.cols == 0) raise(InputError{"logistic regression", "features", "1 or more", x.count()});
  T largest = 0;
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) {
      if (!std::isfinite(x(i, j)))
        raise(
            NumericError{"logistic regression", "features of sample " + std::to_string(i), "finite numbers", x(i, j)});
      largest = std::max(largest, std::abs(x(i, j)));
    }
  ScaledFeatures<T> scaled{x};
  const int exponent = largest > 0 ? std::ilogb(largest) : 0;
  if (std::abs(exponent) <= 20) return scaled;
  scaled.scale = std::ldexp(1.0, -exponent);
  scaled.copy.reserve(static_cast<std::size_t>(x.count()));
  for (Index i = 0; i < x.rows; ++i)
    for (Index j = 0; j < x.cols; ++j) scaled.copy.push_back(std::ldexp(x(i, j), -exponent));
  scaled.x = {scaled.copy.data(), x.rows, x.cols};
  return scaled;
}

/// Σ s_i (x_i, 1)ᵀ (x_i, 1) / n + penalty, near the Hessian of one class: of every n-th sample so that there are about
/// eight for each feature. curvature(i, row) = s_i.
template <class T, class F>
Cholesky near_hessian(Cpu<T> backend, View<const T> x, double penalty, bool intercept, F&& curvature) {
  constexpr Index rows_per_block = 1024;
  const Index d = x.cols, width = d + (intercept ? 1 : 0);
  const Index every = std::max<Index>(1, x.rows / (8 * d)), count = (x.rows + every - 1) / every;
  std::vector<T> block(static_cast<std::size_t>(std::min(rows_per_block, count) * width)),
      sums(static_cast<std::size_t>(width * width));
  std::vector<double> a(sums.size());
  for (Index begin = 0; begin < count; begin += rows_per_block) {
    const Index rows = std::min(rows_per_block, count - begin);
    for (Index i = 0; i < rows; ++i) {
      const Index sample = (begin + i) * every;
      const T root = static_cast<T>(std::sqrt(curvature(sample)));
      T* const row = block.data() + i * width;
      for (Index j = 0; j < d; ++j) row[j] = root * x(sample, j);
      if (intercept) row[d] = root;
    }
    const In<T> samples{block.data(), rows, width};
    backend.outer(samples, samples, Acc<T>{View<T>{sums.data(), width, width}, true});
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += static_cast<double>(sums[i]) / static_cast<double>(count);
  }
  double largest = 0;
  for (Index j = 0; j < width; ++j) largest = std::max(largest, a[static_cast<std::size_t>(j * width + j)]);
  for (Index j = 0; j < width; ++j)
    a[static_cast<std::size_t>(j * width + j)] += (j < d ? penalty : 0.0) + 1e-6 * largest;
  return {width, std::move(a)};
}

/// ½ Σ_k p_k (1 - p_k) of a sample, p = softmax(W x + b): ½ bounds it (Böhning 1992).
template <class T>
double curvature(View<const T> x, Index sample, std::span<const double> w, Index classes, bool intercept) {
  std::vector<double> p(static_cast<std::size_t>(classes));
  const Index width = x.cols + (intercept ? 1 : 0);
  double largest = -std::numeric_limits<double>::infinity(), sum = 0, squares = 0;
  for (Index c = 0; c < classes; ++c) {
    const double* const row = w.data() + c * width;
    double z = intercept ? row[x.cols] : 0;
    for (Index j = 0; j < x.cols; ++j) z += row[j] * static_cast<double>(x(sample, j));
    p[static_cast<std::size_t>(c)] = z;
    largest = std::max(largest, z);
  }
  for (double& z : p) sum += z = std::exp(z - largest);
  for (const double e : p) squares += e / sum * (e / sum);
  return 0.5 * std::max(1 - squares, 1e-6);
}

}  // namespace detail

/// Minimises C Σ_i v_{y_i} · cross-entropy(W x_i + b, y_i) + ½ ‖W‖² by L-BFGS (Zhu et al. 1997 in scikit-learn's
/// LogisticRegression), here from a matrix near the Hessian, which takes far fewer passes. It stops
/// where scikit-learn's does, by `tolerance`, provided that less than 1e-7 of the objective is still to be gained.
/// Two classes are penalised as scikit-learn's one row w = W₁ - W₀.
/// x : (n, D), labels : n classes in [0, classes), weights : v, one per class.
/// OptionError: C, tolerance or a weight out of range. InputError: no features, one class. NumericError: features that
/// are not finite.
template <class T>
LogisticFit logistic_regression(const Cpu<T>& backend, View<const T> x, std::span<const std::int32_t> labels,
                                std::vector<double> weights, const LogisticOptions& options = {}) {
  const char* const place = "logistic regression";
  const Index classes = static_cast<Index>(weights.size());
  if (!(options.C > 0) || !std::isfinite(options.C)) raise(OptionError{place, "C", "a positive number", options.C});
  if (!(options.tolerance >= 0)) raise(OptionError{place, "tolerance", "0 or more", options.tolerance});
  if (options.max_iterations < 1) raise(OptionError{place, "max_iterations", "1 or more", options.max_iterations});
  if (static_cast<Index>(labels.size()) != x.rows) raise(ShapeError{place, "labels", x.rows, labels.size()});
  if (classes < 2) raise(InputError{place, "classes", "2 or more", classes});
  for (const double weight : weights)
    if (!(weight > 0) || !std::isfinite(weight))
      raise(OptionError{place, "weight of a class", "a positive number", weight});
  const auto features = detail::scaled_features(x);

  // W of scaled features is W / scale, its penalty scale² as large.
  const double rows = classes == 2 ? 2 : 1, square = features.scale * features.scale;
  LogisticLoss<T> loss{backend, features.x, labels, std::move(weights), rows * square / options.C, options.intercept};
  const double penalty = rows * square / (options.C * loss.total());  // of the mean loss
  std::vector<double> w(static_cast<std::size_t>(classes * loss.width()));
  LbfgsResult found{0, 0, 0, LbfgsEnd::max_iterations};
  // The first matrix is the bound, which suits W = 0; later ones are taken where the iterations have come to.
  for (Index stage = 20; found.end == LbfgsEnd::max_iterations && found.iterations < options.max_iterations;
       stage *= 2) {
    const bool begins = found.iterations == 0;
    const Cholesky hessian = detail::near_hessian(backend, features.x, penalty, options.intercept, [&](Index sample) {
      return begins ? 0.5 : detail::curvature<T>(features.x, sample, w, classes, options.intercept);
    });
    const LbfgsResult more =
        lbfgs(w, [&](std::span<const double> at, std::span<double> gradient) { return loss(at, gradient); },
              {.max_iterations = std::min(stage, options.max_iterations - found.iterations),
               .noise = std::is_same_v<T, float> ? 1e-7 : 1e-14,
               .precondition =
                   [&](std::span<double> v) {
                     hessian.solve(View<double>{v.data(), classes, loss.width()});
                   },
               .done =
                   [&](const LbfgsPoint& point) {
                     double largest = 0;
                     for (const double g : point.gradient) largest = std::max(largest, std::abs(g));
                     return largest <= options.tolerance && point.decrease <= 1e-7 * point.value;
                   }});
    found = {more.value, found.iterations + more.iterations, found.evaluations + more.evaluations, more.end};
  }

  LogisticFit fit{.width = x.cols,
                  .coefficients = {},
                  .intercepts = std::vector<double>(static_cast<std::size_t>(classes)),
                  .objective = found.value * options.C * loss.total() / square,
                  .iterations = found.iterations,
                  .evaluations = found.evaluations,
                  .converged = found.end == LbfgsEnd::done};
  for (Index c = 0; c < classes; ++c) {
    const double* const row = w.data() + c * loss.width();
    for (Index j = 0; j < x.cols; ++j) fit.coefficients.push_back(row[j] * features.scale);
    if (options.intercept) fit.intercepts[static_cast<std::size_t>(c)] = row[x.cols];
  }
  return fit;
}

}  // namespace clip::inline CLIP_ABI
