// clip/loss/metric.hpp: losses of distances: siamese pairs (Hadsell et al. 2006), triplets (Schroff et al. 2015).
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/loss/hinge.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pairs.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// 1/2n Σ_i (y_i d_i² + (1 - y_i) max(0, m - d_i)²), d_i = |a_i - b_i|, y_i = 1 where rows i belong together.
/// a, b : (n, E), as they are, not normalised. Returns a scalar. (Hadsell, Chopra & LeCun 2006, equation 4)
/// ShapeError: other numbers of rows or answers. OptionError: a margin of 0 or less.
template <class Cx, Index E, Index E2>
Rows<Cx, 1> siamese(Cx& cx, Rows<Cx, E> a, Rows<Cx, E2> b, std::span<const std::int32_t> same, double margin) {
  if (static_cast<Index>(same.size()) != a.rows())
    raise(ShapeError{"siamese", "answers for the rows", a.rows(), same.size()});
  if (!(margin > 0)) raise(OptionError{"siamese", "margin", "above 0", margin});
  const auto distance = row_distance(cx, a, b, 1e-12);  // the ε is for equal rows alone
  const double share = 1 / static_cast<double>(same.size());
  const auto sum_where = [&](bool wanted, auto f) {
    return weighted_sum(cx, map(cx, f, distance), constants(cx, a.rows(), 1, [&](Index i, Index) {
                          return (same[static_cast<std::size_t>(i)] != 0) == wanted ? share : 0;
                        }));
  };
  const auto together = sum_where(true, fn::HalfSquare{});
  return add(cx, together, sum_where(false, fn::SquaredShortfall{margin}));
}

/// 1/n Σ_i max(0, m + |a_i - p_i| - |a_i - q_i|): anchors, positives, negatives, (n, E) each, as they are. PyTorch's
/// triplet_margin_loss. Returns a scalar.          ShapeError: different shapes. OptionError: a negative margin.
template <class Cx, Index E>
Rows<Cx, 1> triplet(Cx& cx, Rows<Cx, E> anchors, Rows<Cx, E> positives, Rows<Cx, E> negatives, double margin) {
  if (!(margin >= 0)) raise(OptionError{"triplet", "margin", "0 or more", margin});
  const auto difference = subtract(cx, row_distance(cx, anchors, positives), row_distance(cx, anchors, negatives));
  const double share = 1 / static_cast<double>(anchors.rows());
  return weighted_sum(cx, map(cx, fn::Hinge{margin}, difference),
                      constants(cx, anchors.rows(), 1, [&](Index, Index) { return share; }));
}

/// A negative for every anchor i, whose positive is candidate i: of the candidates of other groups that are farther than
/// the positive the nearest (semi-hard, Schroff et al. 2015 §3.2); if none is, the farthest of all; -1: no other group.
/// anchors, candidates : n rows of `width` values each.
inline std::vector<std::int32_t> semi_hard_negatives(std::span<const double> anchors,
                                                     std::span<const double> candidates, Index width, Ids groups) {
  const std::size_t n = groups.size(), k = static_cast<std::size_t>(width);
  std::vector<std::int32_t> chosen(n, -1);
  std::vector<double> squares(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      squares[j] = 0;
      for (std::size_t c = 0; c < k; ++c) {
        const double d = anchors[i * k + c] - candidates[j * k + c];
        squares[j] += d * d;
      }
    }
    double nearest = std::numeric_limits<double>::infinity(), farthest = -1;
    std::int32_t semi_hard = -1, easiest = -1;
    for (std::size_t j = 0; j < n; ++j) {
      if (groups[i] == groups[j]) continue;
      if (squares[j] > squares[i] && squares[j] < nearest) {
        nearest = squares[j];
        semi_hard = static_cast<std::int32_t>(j);
      }
      if (squares[j] > farthest) {
        farthest = squares[j];
        easiest = static_cast<std::int32_t>(j);
      }
    }
    chosen[i] = semi_hard >= 0 ? semi_hard : easiest;
  }
  return chosen;
}

/// The mean of two triplet losses with semi-hard negatives: image i, its text and another text; text i, its image and
/// another image. image, text : (n, E), normalised here. Anchors without a row of another group count as 0.
template <class Cx, Index E, Index E2>
Rows<Cx, 1> semi_hard_triplet(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, double margin, Ids groups) {
  static_assert(compatible(E, E2), "semi_hard_triplet: the two towers embed into different widths");
  const Index n = image.rows();
  if (text.rows() != n) raise(ShapeError{"semi_hard_triplet", "texts for the images", n, text.rows()});
  if (static_cast<Index>(groups.size()) != n)
    raise(ShapeError{"semi_hard_triplet", "groups for the images", n, groups.size()});
  if (!(margin >= 0)) raise(OptionError{"semi_hard_triplet", "margin", "0 or more", margin});
  const auto i = normalize(cx, image);
  const auto t = normalize(cx, text);
  const auto on_host = [&](const auto& rows) { return detail::values_on_host(cx, rows); };
  const std::vector<double> images = on_host(i), texts = on_host(t);
  const auto positive = row_distance(cx, i, t);
  const auto half = [&](const auto& anchors, const auto& candidates, const auto& a, const auto& c) {
    auto& ids = cx.template keep<std::vector<std::int32_t>>();
    ids = semi_hard_negatives(a, c, i.cols(), groups);
    const auto other = row_distance(cx, anchors, gather(cx, candidates, Ids{ids}));
    return weighted_sum(cx, map(cx, fn::Hinge{margin}, subtract(cx, positive, other)),
                        constants(cx, n, 1, [&](Index row, Index) {
                          return ids[static_cast<std::size_t>(row)] >= 0 ? 0.5 / static_cast<double>(n) : 0.0;
                        }));
  };
  const auto of_images = half(i, t, images, texts);
  return add(cx, of_images, half(t, i, texts, images));
}

}  // namespace clip::inline CLIP_ABI
