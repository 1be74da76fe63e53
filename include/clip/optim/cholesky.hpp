// clip/optim/cholesky.hpp: Cholesky factors of symmetric positive definite matrices, and their inverses.
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

  /// L⁻¹ : (n, n), row-major, zeros above the diagonal. A⁻¹ = L⁻ᵀ L⁻¹: for many right sides, two matrix products.
  CLIP_HOST std::vector<double> inverse_factor() const;

 private:
  Index n_;
  std::vector<double> l_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/optim/cholesky.inl.hpp>
#endif
