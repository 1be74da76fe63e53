// clip/optim/lbfgs.inl.hpp: definitions of clip/optim/lbfgs.hpp.
#pragma once

#include <clip/core/error.hpp>
#include <clip/optim/lbfgs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <limits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

using Reals = std::vector<double>;

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
inline void add_scaled(double factor, std::span<const double> a, std::span<double> sum) {
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] += factor * a[i];
}

/// The inverse Hessian as L-BFGS knows it: A⁻¹ changed by the last steps s and changes of the gradient y.
class InverseHessian {
 public:
  explicit InverseHessian(const LbfgsOptions& options) : options_{options} {}

  bool empty() const { return pairs_.empty(); }
  void clear() { pairs_.clear(); }

  /// Left out where the curvature along s is not positive beyond rounding.
  void add(Reals s, Reals y) {
    const double sy = dot(s, y);
    if (!(sy > 1e-12 * std::sqrt(dot(s, s) * dot(y, y)))) return;
    Reals z = y;
    if (options_.precondition) options_.precondition(z);
    scale_ = sy / dot(y, z);
    if (static_cast<Index>(pairs_.size()) == options_.history) pairs_.pop_front();
    if (options_.history > 0) pairs_.push_back({std::move(s), std::move(y), 1 / sy});
  }

  /// v = H v (algorithm 7.4)
  void apply(std::span<double> v) const {
    std::vector<double> alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * dot(pairs_[i].s, v);
      add_scaled(-alpha[i], pairs_[i].y, v);
    }
    if (options_.precondition) options_.precondition(v);
    if (!pairs_.empty())
      for (double& x : v) x *= scale_;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = pairs_[i].rho * dot(pairs_[i].y, v);
      add_scaled(alpha[i] - beta, pairs_[i].s, v);
    }
  }

 private:
  struct Pair {
    Reals s, y;
    double rho;
  };
  const LbfgsOptions& options_;
  std::deque<Pair> pairs_;
  double scale_ = 1;
};

/// A point on the line x + t d: the value there and its slope.
struct LinePoint {
  double t = 0, value = 0, slope = 0;
};

/// The minimum of the cubic through two points, kept inside the middle eight tenths of [low, high].
inline double between(const LinePoint& low, const LinePoint& high) {
  const double width = high.t - low.t;
  const double first = low.slope + high.slope - 3 * (high.value - low.value) / width;
  const double second = std::sqrt(first * first - low.slope * high.slope);
  const double t = high.t - width * (high.slope + second - first) / (high.slope - low.slope + 2 * second);
  if (!(t > low.t + 0.1 * width)) return std::isfinite(high.value) ? low.t + 0.1 * width : low.t + 0.5 * width;
  return std::min(t, low.t + 0.9 * width);
}

/// Finds a step along a direction of descent: Wolfe's conditions by bracketing and cubic interpolation. at(t) evaluates
/// the line. False: none found within 30 evaluations.
template <class At>
bool line_search(LinePoint start, double first, double noise, At&& at, LinePoint& found) {
  constexpr double armijo = 1e-4, curvature = 0.9;
  const double tolerated = noise * std::abs(start.value);
  LinePoint low = start, high{std::numeric_limits<double>::infinity()};
  double t = first;
  for (int attempt = 0; attempt < 30; ++attempt) {
    const LinePoint p = at(t);
    const bool descends = p.value <= start.value + armijo * t * start.slope;
    const bool level = p.value <= start.value + tolerated && p.slope <= (2 * armijo - 1) * start.slope;
    if (!std::isfinite(p.value) || !(descends || level)) {
      high = p;
    } else if (p.slope < curvature * start.slope) {
      low = p;
    } else {
      found = p;
      return true;
    }
    if (std::isinf(high.t)) t *= 4;
    else if (std::isfinite(high.value) && std::isfinite(high.slope)) t = between(low, high);
    else t = 0.5 * (low.t + high.t);
  }
  return false;
}

}  // namespace detail

CLIP_HOST LbfgsResult lbfgs(std::span<double> x, const SmoothFunction& f, const LbfgsOptions& options) {
  detail::Reals gradient(x.size()), next(x.size()), next_gradient(x.size()), direction(x.size());
  LbfgsResult result{f(x, gradient), 0, 1, LbfgsEnd::done};
  if (!std::isfinite(result.value))
    raise(NumericError{"lbfgs", "the value at the first point", "a finite number", result.value});

  detail::InverseHessian inverse{options};
  while (true) {
    std::ranges::copy(gradient, direction.begin());
    inverse.apply(direction);
    for (double& v : direction) v = -v;
    const double slope = detail::dot(gradient, direction);
    if (options.done &&
        options.done({result.iterations, result.evaluations, result.value, gradient, std::max(0.0, -slope / 2)}))
      return result;
    result.end = LbfgsEnd::max_iterations;
    if (result.iterations == options.max_iterations) return result;

    const bool plain = inverse.empty() && !options.precondition;
    const double first = plain ? std::min(1.0, 1 / std::sqrt(-slope)) : 1.0;
    detail::LinePoint found;
    const bool progress = slope < 0 && detail::line_search(
                                           {0, result.value, slope}, first, options.noise,
                                           [&](double t) {
                                             std::ranges::copy(x, next.begin());
                                             detail::add_scaled(t, direction, next);
                                             const double value = f(next, next_gradient);
                                             ++result.evaluations;
                                             return detail::LinePoint{t, value, detail::dot(next_gradient, direction)};
                                           },
                                           found);
    if (!progress) {
      result.end = LbfgsEnd::no_progress;
      if (inverse.empty()) return result;
      inverse.clear();  // once more along the (preconditioned) gradient
      continue;
    }
    detail::Reals step(x.size()), change(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      step[i] = next[i] - x[i];
      change[i] = next_gradient[i] - gradient[i];
    }
    std::ranges::copy(next, x.begin());
    std::swap(gradient, next_gradient);
    result.value = found.value;
    result.end = LbfgsEnd::done;
    ++result.iterations;
    inverse.add(std::move(step), std::move(change));
  }
}

}  // namespace clip::inline CLIP_ABI
