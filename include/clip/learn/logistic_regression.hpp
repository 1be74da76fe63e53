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
#include <span>
#include <string>
#include <type_traits>
#include <utility>
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

/// z becomes of each row ½ Σ_k p_k (1 - p_k), p = softmax z, in its first column.
template <class T>
void curvatures(View<T> z) {
  for (Index i = 0; i < z.rows; ++i) {
    T* const row = z.row(i);
    const T largest = *std::max_element(row, row + z.cols);
    double sum = 0, squares = 0;
    for (Index c = 0; c < z.cols; ++c) {
      const auto e = static_cast<double>(std::exp(row[c] - largest));
      sum += e;
      squares += e * e;
    }
    row[0] = static_cast<T>(0.5 * std::max(1 - squares / (sum * sum), 1e-6));
  }
}

/// Σ s_i (x_i, 1)ᵀ (x_i, 1) / n + penalty, near the Hessian of one class: of every n-th sample so that there are about
/// eight for each feature. s_i is the curvature at w : (classes, width), or its bound ½ (Böhning 1992) where w = 0.
template <class T>
Cholesky near_hessian(Cpu<T> backend, View<const T> x, double penalty, bool intercept, std::span<const double> w,
                      Index classes) {
  constexpr Index rows_per_block = 1024;
  const Index d = x.cols, width = d + (intercept ? 1 : 0);
  const Index every = std::max<Index>(1, x.rows / (8 * d)), count = (x.rows + every - 1) / every;
  const bool bound = std::ranges::all_of(w, [](double v) { return v == 0; });
  const std::vector<T> rounded(w.begin(), w.end());
  std::vector<T> block(static_cast<std::size_t>(std::min(rows_per_block, count) * width)),
      scores(bound ? 0 : static_cast<std::size_t>(std::min(rows_per_block, count) * classes)),
      sums(static_cast<std::size_t>(width * width));
  std::vector<double> a(sums.size());
  for (Index begin = 0; begin < count; begin += rows_per_block) {
    const Index rows = std::min(rows_per_block, count - begin);
    const View<T> samples{block.data(), rows, width};
    for (Index i = 0; i < rows; ++i) {
      std::copy_n(x.row((begin + i) * every), d, samples.row(i));
      if (intercept) samples(i, d) = 1;
    }
    const View<T> z{scores.data(), rows, classes};
    if (!bound) {
      backend.linear(In<T>{samples}, Weights<T>{View<const T>{rounded.data(), classes, width}}, Epilogue<T>{}, z);
      curvatures(z);
    }
    for (Index i = 0; i < rows; ++i) {
      const T root = std::sqrt(bound ? T(0.5) : z(i, 0));
      for (Index j = 0; j < width; ++j) samples(i, j) *= root;
    }
    backend.outer(In<T>{samples}, In<T>{samples}, Acc<T>{View<T>{sums.data(), width, width}, true});
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += static_cast<double>(sums[i]) / static_cast<double>(count);
  }
  double largest = 0;
  for (Index j = 0; j < width; ++j) largest = std::max(largest, a[static_cast<std::size_t>(j * width + j)]);
  for (Index j = 0; j < width; ++j)
    a[static_cast<std::size_t>(j * width + j)] += (j < d ? penalty : 0.0) + 1e-6 * largest;
  return {width, std::move(a)};
}

/// v = A⁻¹ v for each row of v, by products with L⁻¹ in T: symmetric and positive definite, whatever they round.
template <class T>
class Preconditioner {
 public:
  Preconditioner(Cpu<T> backend, const Cholesky& hessian) : backend_{std::move(backend)}, width_{hessian.size()} {
    const std::vector<double> inverse = hessian.inverse_factor();
    down_.assign(inverse.begin(), inverse.end());
    up_.resize(inverse.size());
    for (Index i = 0; i < width_; ++i)
      for (Index j = 0; j <= i; ++j)
        up_[static_cast<std::size_t>(j * width_ + i)] = down_[static_cast<std::size_t>(i * width_ + j)];
  }

  /// v : (rows, width)
  void operator()(std::span<double> v) {
    const Index rows = static_cast<Index>(v.size()) / width_;
    // By the largest entry, since the square of a small one may leave the range of T.
    double largest = 0;
    for (const double x : v) largest = std::max(largest, std::abs(x));
    if (largest == 0) return;
    from_.resize(v.size());
    to_.resize(v.size());
    for (std::size_t i = 0; i < v.size(); ++i) from_[i] = static_cast<T>(v[i] / largest);
    const View<T> from{from_.data(), rows, width_}, to{to_.data(), rows, width_};
    backend_.linear(In<T>{from}, Weights<T>{View<const T>{down_.data(), width_, width_}}, Epilogue<T>{}, to);
    backend_.linear(In<T>{to}, Weights<T>{View<const T>{up_.data(), width_, width_}}, Epilogue<T>{}, from);
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = largest * static_cast<double>(from_[i]);
  }

 private:
  Cpu<T> backend_;
  Index width_;
  std::vector<T> down_, up_, from_, to_;  // down_: L⁻¹, up_: L⁻ᵀ
};

}  // namespace detail

/// Minimises C Σ_i v_{y_i} · cross-entropy(W x_i + b, y_i) + ½ ‖W‖² by L-BFGS (Zhu et al. 1997 in scikit-learn's
/// LogisticRegression), here from a matrix near the Hessian, which takes far fewer passes. It stops
/// where scikit-learn's does, by `tolerance`, provided that less than 1e-7 of the objective is still to be gained.
/// Two classes are penalised as scikit-learn's one row w = W₁ - W₀.
/// x : (n, D), labels : n classes in [0, classes), weights : v, one per class. start: where to begin, such as the fit of
/// a similar C; null: at zero.
/// OptionError: C, tolerance or a weight out of range. InputError: no features, one class. NumericError: features that
/// are not finite.
template <class T>
LogisticFit logistic_regression(const Cpu<T>& backend, View<const T> x, std::span<const std::int32_t> labels,
                                std::vector<double> weights, const LogisticOptions& options = {},
                                const LogisticFit* start = nullptr) {
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
  if (start != nullptr) {
    const auto count = static_cast<std::size_t>(classes * x.cols);
    if (start->coefficients.size() != count)
      raise(ShapeError{place, "coefficients to begin with", count, start->coefficients.size()});
    for (Index c = 0; c < classes; ++c) {
      double* const row = w.data() + c * loss.width();
      for (Index j = 0; j < x.cols; ++j)
        row[j] = start->coefficients[static_cast<std::size_t>(c * x.cols + j)] / features.scale;
      if (options.intercept) row[x.cols] = start->intercepts.at(static_cast<std::size_t>(c));
    }
  }
  LbfgsResult found{0, 0, 0, LbfgsEnd::max_iterations};
  // A matrix is taken where the iterations have come to.
  for (Index stage = 20; found.end == LbfgsEnd::max_iterations && found.iterations < options.max_iterations;
       stage *= 2) {
    detail::Preconditioner<T> precondition{
        backend, detail::near_hessian<T>(backend, features.x, penalty, options.intercept, w, classes)};
    const LbfgsResult more =
        lbfgs(w, [&](std::span<const double> at, std::span<double> gradient) { return loss(at, gradient); },
              {.max_iterations = std::min(stage, options.max_iterations - found.iterations),
               .noise = std::is_same_v<T, float> ? 1e-7 : 1e-14,
               .precondition = [&](std::span<double> v) { precondition(v); },
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
