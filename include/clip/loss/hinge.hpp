// clip/loss/hinge.hpp: hinge loss of image-text pairs, of all wrong pairs or the hardest (Faghri et al. 2018, VSE++).
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pairs.hpp>
#include <clip/ops/pointwise.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Which wrong pairs of a row count: all of them, or the one that violates the margin most (VSE++'s max_violation).
enum class Negatives { all, hardest };

namespace detail {

/// The values of rows of a context on the host, row by row.
template <class Cx, Index W>
std::vector<double> values_on_host(Cx& cx, Rows<Cx, W> x) {
  std::vector<double> values(static_cast<std::size_t>(x.view.count()));
  cx.backend().download(In<typename Cx::Scalar>{x.view}, std::span<double>{values});
  return values;
}

/// 1 at the first largest of the wrong pairs of every row (or column) of violations (n, n), otherwise 0.
inline std::vector<char> hardest_pairs(const std::vector<double>& violations, Ids groups, Axis axis) {
  const std::size_t n = groups.size();
  std::vector<char> chosen(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    double most = -std::numeric_limits<double>::infinity();
    std::size_t best = n * n;
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t at = axis == Axis::rows ? i * n + j : j * n + i;
      if (groups[i] == groups[j] || !(violations[at] > most)) continue;
      most = violations[at];
      best = at;
    }
    if (best < chosen.size()) chosen[best] = 1;
  }
  return chosen;
}

}  // namespace detail

/// Σ_ij max(0, m + s_ij - s_ii) + max(0, m + s_ij - s_jj) over the wrong pairs i, j, s the cosines: not a mean. With
/// Negatives::hardest only the largest of every row in the first sum, and of every column in the second.
/// image, text : (n, E), not normalised; row i of image and row i of text are a pair. Pairs of rows of one group (equal
/// captions) are not wrong. A model without information has n (n-1) 2 m. Returns a scalar. Memory grows with n².
/// ShapeError: other numbers of texts or groups. OptionError: a margin that is negative or not finite.
template <class Cx, Index E, Index E2>
Rows<Cx, 1> hinge(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, double margin, Negatives negatives, Ids groups) {
  static_assert(compatible(E, E2), "hinge: the two towers embed into different widths");
  const Index n = image.rows();
  if (text.rows() != n) raise(ShapeError{"hinge", "texts for the images", n, text.rows()});
  if (static_cast<Index>(groups.size()) != n) raise(ShapeError{"hinge", "groups for the images", n, groups.size()});
  if (!(margin >= 0 && margin <= std::numeric_limits<float>::max()))
    raise(OptionError{"hinge", "margin", "0 or more", margin});
  const auto cosines = matmul_nt(cx, normalize(cx, image), normalize(cx, text));
  const auto of = [&](Axis axis) {
    auto& right = cx.template keep<std::vector<std::int32_t>>();  // the right pair of the row or column of every entry
    right.clear();
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) right.push_back(static_cast<std::int32_t>((axis == Axis::rows ? i : j) * (n + 1)));
    const auto violations = map(cx, fn::Hinge{margin}, subtract(cx, cosines, pick(cx, cosines, Ids{right}, n)));
    const auto group = [&](Index i) { return groups[static_cast<std::size_t>(i)]; };
    if (negatives == Negatives::all)
      return weighted_sum(cx, violations, constants(cx, n, n, [&](Index i, Index j) { return group(i) != group(j); }));
    const auto chosen = detail::hardest_pairs(detail::values_on_host(cx, violations), groups, axis);
    return weighted_sum(cx, violations, constants(cx, n, n, [&](Index i, Index j) {
                          return chosen[static_cast<std::size_t>(i * n + j)];
                        }));
  };
  const auto texts = of(Axis::rows);  // image i against the wrong texts
  return add(cx, texts, of(Axis::columns));
}

}  // namespace clip::inline CLIP_ABI
