// clip/optim/cholesky.hpp: Cholesky factors of symmetric positive definite matrices, and solutions of many right sides.
#pragma once

#include <clip/core/view.hpp>

#include <vector>

namespace clip::inline CLIP_ABI {

/// A = L Lᵀ for a symmetric positive definite A (Golub & Van Loan 2013, algorithm 4.2.1), in double on one thread.
class Cholesky {
 public:
  /// a : (n, n), row-major; only the lower triangle is read. ShapeError; NumericError: not positive definite.
  CLIP_HOST Cholesky(Index n, std::vector<double> a);

  Index size() const { return n_; }

  /// Every row of x becomes A⁻¹ x.   x : (m, n)   ShapeError: another width.
  CLIP_HOST void solve(View<double> x) const;

 private:
  Index n_;
  std::vector<double> l_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/optim/cholesky.inl.hpp>
#endif
