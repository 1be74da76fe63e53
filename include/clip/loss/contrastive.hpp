// clip/loss/contrastive.hpp: CLIP's contrastive loss, symmetric InfoNCE (Radford et al. 2021, figure 3).
#pragma once

#include <clip/model/similarity.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/tensor/tensor.hpp>

#include <numeric>
#include <vector>

namespace clip::inline CLIP_ABI {

/// exp(logit_scale) · cosine of every image with every text: (images, texts). A bias of the similarity is not added: it
/// cancels in a softmax.
template <class Cx, Index E, Index E2>
Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Parameter<typename Cx::Scalar>& logit_scale) {
  static_assert(compatible(E, E2), "logits: the two towers embed into different widths");
  return matmul_nt(cx, exp_scale(cx, normalize(cx, image), logit_scale), normalize(cx, text));
}
template <class Cx, Index E, Index E2, class B>
Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Similarity<B>& similarity) {
  return logits(cx, image, text, similarity.logit_scale);
}

/// Symmetric InfoNCE: the mean of the cross-entropies of images over texts and of texts over images.
/// image, text : (n, E), not normalised; row i of image and row i of text are a pair. Rows of the same group (equal
/// captions) are positives of each other, all with the same weight. `smoothing` (label smoothing, Szegedy et al. 2016)
/// takes that share from the positives and spreads it over all. Returns a scalar.
/// OptionError: a smoothing outside [0, 1).
template <class Cx, Index E, Index E2>
Rows<Cx, 1> contrastive(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Parameter<typename Cx::Scalar>& logit_scale,
                        Ids groups, double smoothing = 0) {
  static_assert(compatible(E, E2), "contrastive: the two towers embed into different widths");
  if (image.rows() != text.rows()) raise(ShapeError{"contrastive", "texts for the images", image.rows(), text.rows()});
  if (static_cast<Index>(groups.size()) != image.rows())
    raise(ShapeError{"contrastive", "groups for the images", image.rows(), groups.size()});
  if (!(smoothing >= 0 && smoothing < 1))
    raise(OptionError{"contrastive", "smoothing", "from 0 to below 1", smoothing});
  const auto similarity = logits(cx, image, text, logit_scale);
  const auto both = [&](const auto& labels, double weight) {
    auto& kept = cx.template keep<std::vector<std::int32_t>>();
    kept.assign(labels.begin(), labels.end());
    return add(cx, cross_entropy(cx, similarity, Ids{kept}, Ids{kept}, Axis::rows, weight / 2),
               cross_entropy(cx, similarity, Ids{kept}, Ids{kept}, Axis::columns, weight / 2));
  };
  const auto loss = both(groups, 1 - smoothing);
  if (smoothing == 0) return loss;
  return add(cx, loss, both(std::vector<std::int32_t>(groups.size(), 0), smoothing));  // all are positives of all
}
template <class Cx, Index E, Index E2, class B>
Rows<Cx, 1> contrastive(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Similarity<B>& similarity, Ids groups,
                        double smoothing = 0) {
  return contrastive(cx, image, text, similarity.logit_scale, groups, smoothing);
}

/// The same for texts that all differ: row i is the only positive of row i.
template <class Cx, Index E, Index E2>
Rows<Cx, 1> contrastive(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text,
                        const Parameter<typename Cx::Scalar>& logit_scale) {
  auto& own = cx.template keep<std::vector<std::int32_t>>();
  own.resize(static_cast<std::size_t>(image.rows()));
  std::iota(own.begin(), own.end(), 0);
  return contrastive(cx, image, text, logit_scale, Ids{own});
}
template <class Cx, Index E, Index E2, class B>
Rows<Cx, 1> contrastive(Cx& cx, Rows<Cx, E> image, Rows<Cx, E2> text, const Similarity<B>& similarity) {
  return contrastive(cx, image, text, similarity.logit_scale);
}

/// Features on the host, which no tape recorded, and a call without a context do not compile.
template <class Cx, class T, Index E, class T2, Index E2, class... Rest>
Rows<Cx, 1> contrastive(Cx&, const Features<T, E>&, const Features<T2, E2>&, const Rest&...) {
  static_assert(sizeof(Cx) == 0,
                "contrastive: no tape recorded these features: pass encode_image(tape, images) and "
                "encode_text(tape, texts), or constant(tape, features) for stored ones");
  return {};
}
template <class T, Index E, class T2, Index E2, class... Rest>
double contrastive(const Features<T, E>&, const Features<T2, E2>&, const Rest&...) {
  static_assert(sizeof(T) == 0,
                "contrastive: the tape is missing: pass contrastive(tape, encode_image(tape, images), "
                "encode_text(tape, texts), similarity)");
  return 0;
}
template <class Cx, Index E, Index E2, class... Rest>
Rows<Cx, 1> contrastive(Rows<Cx, E>, Rows<Cx, E2>, const Rest&...) {
  static_assert(sizeof(Cx) == 0,
                "contrastive: the context is missing: its first argument is the tape that the rows belong to");
  return {};
}

/// Downloads the value of a loss to the host.
template <class Cx>
double value_of(Cx& cx, Rows<Cx, 1> loss) {
  double value = 0;
  cx.backend().download(In<typename Cx::Scalar>{loss.view}, std::span<double>{&value, 1});
  return value;
}

}  // namespace clip::inline CLIP_ABI
