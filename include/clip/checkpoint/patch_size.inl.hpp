// clip/checkpoint/patch_size.inl.hpp: definitions of clip/checkpoint/patch_size.hpp.
#pragma once

#include <clip/checkpoint/patch_size.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A small matrix, row-major.
struct PatchMatrix {
  Index rows, cols;
  std::vector<double> values;

  PatchMatrix(Index rows_, Index cols_) : rows{rows_}, cols{cols_}, values(static_cast<std::size_t>(rows_ * cols_)) {}
  double& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * cols + j)]; }
  double operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * cols + j)]; }
};

/// The resize of one side. Pixels beyond the ends are the last one.
inline PatchMatrix resize_of_side(Index from, Index to, bool cubic) {
  PatchMatrix r{to, from};
  for (Index i = 0; i < to; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const auto low = static_cast<Index>(std::floor(at));
    for (Index j = low - 1; j <= low + 2; ++j) {
      const double distance = at - static_cast<double>(j);
      r(i, std::clamp<Index>(j, 0, from - 1)) +=
          cubic ? keys_cubic(distance, -0.75) : std::max(0.0, 1 - std::abs(distance));
    }
  }
  return r;
}

/// Solves S X = B for a symmetric, positive definite S by Cholesky's factorisation; X replaces B.
inline void solve_positive(PatchMatrix s, PatchMatrix& b) {
  const Index n = s.rows;
  for (Index j = 0; j < n; ++j)
    for (Index i = j; i < n; ++i) {
      for (Index k = 0; k < j; ++k) s(i, j) -= s(i, k) * s(j, k);
      s(i, j) = i == j ? std::sqrt(s(i, i)) : s(i, j) / s(j, j);
    }
  for (Index c = 0; c < b.cols; ++c) {
    for (Index i = 0; i < n; ++i) {
      for (Index k = 0; k < i; ++k) b(i, c) -= s(i, k) * b(k, c);
      b(i, c) /= s(i, i);
    }
    for (Index i = n - 1; i >= 0; --i) {
      for (Index k = i + 1; k < n; ++k) b(i, c) -= s(k, i) * b(k, c);
      b(i, c) /= s(i, i);
    }
  }
}

/// (Rᵀ)⁺ of an R of full rank, which a bilinear resize is: R (Rᵀ R)⁻¹ if it has more rows, otherwise (R Rᵀ)⁻¹ R.
inline PatchMatrix transposed_pseudo_inverse(const PatchMatrix& r) {
  const bool tall = r.rows > r.cols;
  const Index n = tall ? r.cols : r.rows, inner = tall ? r.rows : r.cols;
  const auto at = [&](Index i, Index k) { return tall ? r(k, i) : r(i, k); };  // the wide one of R and Rᵀ
  PatchMatrix gram{n, n}, wide{n, inner};
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k < inner; ++k) wide(i, k) = at(i, k);
    for (Index j = 0; j < n; ++j)
      for (Index k = 0; k < inner; ++k) gram(i, j) += at(i, k) * at(j, k);
  }
  solve_positive(std::move(gram), wide);
  if (!tall) return wide;
  PatchMatrix result{r.rows, r.cols};
  for (Index i = 0; i < r.rows; ++i)
    for (Index j = 0; j < r.cols; ++j) result(i, j) = wide(j, i);
  return result;
}

}  // namespace detail

CLIP_HOST Result<std::vector<double>> try_patch_matrix(Index from, Index to, PatchResize how) {
  if (from < 1 || to < 1) return OptionError{"patches", "patch size", "1 or more", std::min(from, to)};
  if (how == PatchResize::none) return OptionError{"patches", "resize", "pseudo_inverse, bilinear or bicubic", "none"};
  detail::PatchMatrix r = detail::resize_of_side(from, to, how == PatchResize::bicubic);
  return how == PatchResize::pseudo_inverse ? detail::transposed_pseudo_inverse(r).values : std::move(r.values);
}

CLIP_HOST Result<std::vector<double>> try_resize_patches(std::span<const double> kernels, Index from, Index to,
                                                         PatchResize how) {
  const auto matrix = try_patch_matrix(from, to, how);
  if (!matrix) return matrix.error();
  const auto area = static_cast<std::size_t>(from * from);
  if (kernels.size() % area != 0)
    return ShapeError{"patches", "values of the kernels", "a multiple of " + std::to_string(area), kernels.size()};
  const auto count = static_cast<Index>(kernels.size() / area);
  const auto m = [&](Index i, Index j) { return (*matrix)[static_cast<std::size_t>(i * from + j)]; };
  std::vector<double> result(static_cast<std::size_t>(count * to * to)), half(static_cast<std::size_t>(to * from));
  for (Index c = 0; c < count; ++c) {
    const double* const x = kernels.data() + c * from * from;
    std::ranges::fill(half, 0.0);
    for (Index i = 0; i < to; ++i)
      for (Index k = 0; k < from; ++k)
        for (Index j = 0; j < from; ++j) half[static_cast<std::size_t>(i * from + j)] += m(i, k) * x[k * from + j];
    double* const y = result.data() + c * to * to;
    for (Index i = 0; i < to; ++i)
      for (Index j = 0; j < to; ++j)
        for (Index k = 0; k < from; ++k) y[i * to + j] += half[static_cast<std::size_t>(i * from + k)] * m(j, k);
  }
  return result;
}
CLIP_HOST std::vector<double> resize_patches(std::span<const double> kernels, Index from, Index to, PatchResize how) {
  return try_resize_patches(kernels, from, to, how).value();
}

}  // namespace clip::inline CLIP_ABI
