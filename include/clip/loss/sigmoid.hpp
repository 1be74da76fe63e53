// clip/loss/sigmoid.hpp: SigLIP's loss: every pair of an image and a text is a question of its own (Zhai et al. 2023).
#pragma once

#include <clip/loss/contrastive.hpp>
#include <clip/model/similarity.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/sigmoid_loss.hpp>

#include <numeric>
#include <vector>

namespace clip::inline CLIP_ABI {

/// L = 1/n Σ_ij softplus(-y_ij z_ij), z = exp(logit_scale) · cosine + logit_bias; y_ij is 1 where text j belongs to
/// image i, otherwise -1. image, text : (n, E), not normalised; row i of image and row i of text are a pair, and rows
/// of the same group (equal captions) are pairs of each other, too. Returns a scalar. Logits exist for a block of
/// images at a time, forward and backward, so that memory does not grow with n². OptionError: a similarity without a
/// bias.
template <class Cx, Index E, Index E2, class B>
Rows<Cx, 1> sigmoid_loss(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Similarity<B>& similarity, Ids groups) {
  static_assert(compatible(E, E2), "sigmoid_loss: the two towers embed into different widths");
  if (image.rows() != text.rows()) raise(ShapeError{"sigmoid_loss", "texts for the images", image.rows(), text.rows()});
  if (static_cast<Index>(groups.size()) != image.rows())
    raise(ShapeError{"sigmoid_loss", "groups for the images", image.rows(), groups.size()});
  if (!similarity.biased())
    raise(OptionError{"sigmoid_loss", "a model whose similarities have a bias (ClipConfig::logit_bias)"});
  auto& pairs = cx.template keep<SigmoidPairs>();
  pairs.assign(groups, groups);
  return sigmoid_cross_entropy(cx, exp_scale(cx, normalize(cx, image), similarity.logit_scale), normalize(cx, text),
                               similarity.logit_bias, pairs);
}

/// The same for texts that all differ: row i is the only positive of row i.
template <class Cx, Index E, Index E2, class B>
Rows<Cx, 1> sigmoid_loss(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Similarity<B>& similarity) {
  auto& own = cx.template keep<std::vector<std::int32_t>>();
  own.resize(static_cast<std::size_t>(image.rows()));
  std::iota(own.begin(), own.end(), 0);
  return sigmoid_loss(cx, image, text, similarity, Ids{own});
}

}  // namespace clip::inline CLIP_ABI
