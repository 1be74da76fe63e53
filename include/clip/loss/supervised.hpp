// clip/loss/supervised.hpp: supervised contrastive loss: several positives for every row (Khosla et al. 2020).
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pairs.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The mean over the rows i that have a positive of
///   -1/|P(i)| Σ_{p in P(i)} log (exp(z_i·z_p / τ) / Σ_{j ≠ i} exp(z_i·z_j / τ))
/// z the features at unit length, P(i) the other rows with the label of i. (Khosla et al. 2020, equation 2)
/// features : (n, E), not normalised. Returns a scalar. Memory grows with n².
/// ShapeError: another number of labels. OptionError: a temperature of 0 or less. InputError: no two rows of one label.
template <class Cx, Index E>
Rows<Cx, 1> supervised_contrastive(Cx& cx, Rows<Cx, E> features, Ids labels, double temperature) {
  const Index n = features.rows();
  if (static_cast<Index>(labels.size()) != n)
    raise(ShapeError{"supervised_contrastive", "labels for the rows", n, labels.size()});
  if (!(temperature > 0)) raise(OptionError{"supervised_contrastive", "temperature", "above 0", temperature});
  std::map<std::int32_t, Index> members;
  for (const std::int32_t label : labels) ++members[label];
  const auto others = [&](Index i) { return members.find(labels[static_cast<std::size_t>(i)])->second - 1; };
  auto& anchors = cx.template keep<std::vector<std::int32_t>>();
  anchors.clear();
  for (Index i = 0; i < n; ++i)
    if (others(i) > 0) anchors.push_back(static_cast<std::int32_t>(i));
  if (anchors.empty())
    raise(InputError{"supervised_contrastive", "rows with a positive (of the same label)", "1 or more", 0});

  const auto z = normalize(cx, features);
  const auto logits = map(cx, fn::Times{1 / temperature}, matmul_nt(cx, gather(cx, z, Ids{anchors}), z));
  const auto row = [&](Index a) { return Index{anchors[static_cast<std::size_t>(a)]}; };
  const auto m = static_cast<Index>(anchors.size());
  // exp(-1e4) is 0: a row is no candidate for itself.
  const auto own = constants(cx, m, n, [&](Index a, Index j) { return row(a) == j ? -1e4 : 0.0; });
  // A row whose group no column has counts its log Σ exp alone.
  auto& none = cx.template keep<std::vector<std::int32_t>>();
  none.assign(anchors.size(), -1);
  auto& all = cx.template keep<std::vector<std::int32_t>>();
  all.assign(labels.size(), 0);
  const auto log_sums = cross_entropy(cx, add(cx, logits, own), Ids{none}, Ids{all});
  const auto shares = constants(cx, m, n, [&](Index a, Index j) {
    const Index i = row(a);
    const bool positive = i != j && labels[static_cast<std::size_t>(i)] == labels[static_cast<std::size_t>(j)];
    return positive ? 1 / static_cast<double>(others(i) * m) : 0.0;
  });
  return subtract(cx, log_sums, weighted_sum(cx, logits, shares));
}

/// The same for both towers of n pairs: their 2 n features have the group of their pair as label, so that an image's
/// positives are its text, and images and texts of equal captions.
template <class Cx, Index E, Index E2>
Rows<Cx, 1> supervised_contrastive(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, Ids groups, double temperature) {
  static_assert(compatible(E, E2), "supervised_contrastive: the two towers embed into different widths");
  const Index n = image.rows();
  if (text.rows() != n) raise(ShapeError{"supervised_contrastive", "texts for the images", n, text.rows()});
  if (static_cast<Index>(groups.size()) != n)
    raise(ShapeError{"supervised_contrastive", "groups for the images", n, groups.size()});
  const auto placed = [&](const auto& rows, Index at) {  // among 2 n rows
    auto& ids = cx.template keep<std::vector<std::int32_t>>();
    ids.assign(static_cast<std::size_t>(2 * n), -1);
    for (Index i = 0; i < n; ++i) ids[static_cast<std::size_t>(at + i)] = static_cast<std::int32_t>(i);
    return gather(cx, rows, Ids{ids});
  };
  auto& labels = cx.template keep<std::vector<std::int32_t>>();
  labels.assign(groups.begin(), groups.end());
  labels.insert(labels.end(), groups.begin(), groups.end());
  // Before they are joined, so that both have unit length whatever their own.
  const auto images = placed(normalize(cx, image), 0);
  const auto texts = placed(normalize(cx, text), n);
  return supervised_contrastive(cx, add(cx, images, texts), Ids{labels}, temperature);
}

}  // namespace clip::inline CLIP_ABI
