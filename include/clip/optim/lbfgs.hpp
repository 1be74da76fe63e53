// clip/optim/lbfgs.hpp: limited-memory BFGS for smooth functions of many variables.
#pragma once

#include <clip/core/size.hpp>

#include <functional>
#include <span>

namespace clip::inline CLIP_ABI {

/// A smooth function: writes the gradient at x and returns the value there.
using SmoothFunction = std::function<double(std::span<const double> x, std::span<double> gradient)>;

/// Where the minimisation stands, before each iteration.
struct LbfgsPoint {
  Index iteration;
  Index evaluations;  // of the function so far
  double value;
  std::span<const double> gradient;
  double decrease;  // of the value to expect from here: ½ gᵀ H g, H the current inverse Hessian
};

struct LbfgsOptions {
  Index history = 10;  // pairs of steps and changes of the gradient that H is made of
  Index max_iterations = 100;
  double noise = 1e-14;  // relative error of the function's values; smaller differences are not taken for an ascent
  /// v = A⁻¹ v for a symmetric positive definite A near the Hessian; none: a multiple of the identity.
  std::function<void(std::span<double> v)> precondition{};
  /// Whether the point is good enough.
  std::function<bool(const LbfgsPoint&)> done{};
};

enum class LbfgsEnd { done, max_iterations, no_progress };

struct LbfgsResult {
  double value;
  Index iterations;
  Index evaluations;
  LbfgsEnd end;
};

/// Minimises f from x, which becomes the last point: Nocedal & Wright 2006, algorithms 7.4 and 7.5, with A⁻¹ in place
/// of the identity where one is given. A step satisfies Wolfe's conditions, or the approximate ones of Hager & Zhang
/// 2005 where the value changes by less than its noise. NumericError: the value at x is not finite.
CLIP_HOST LbfgsResult lbfgs(std::span<double> x, const SmoothFunction& f, const LbfgsOptions& options = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/optim/lbfgs.inl.hpp>
#endif
