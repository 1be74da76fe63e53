// clip/train/objective.hpp: training objectives: functions from a model and a batch to a loss.
#pragma once

#include <clip/data/pairs.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/loss/sigmoid.hpp>
#include <clip/tensor/rows.hpp>

namespace clip::inline CLIP_ABI {

/// The symmetric contrastive loss of image–text pairs; equal texts are positives of each other. An objective is any
///   Rows<Cx, 1> operator()(Cx& tape, const M& model, const Batch& batch)
/// whose Batch is the source's. `M` is any type with the encoders it calls: a Model, or a user's aggregate. An
/// objective of two towers' features has them as arguments of of_features, too, as grad_cache calls it.
struct Contrastive {
  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    const auto image = model.encode_image(tape, pairs.images);
    const auto text = model.encode_text(tape, pairs.texts);
    return of_features(tape, image, text, model.similarity, pairs.texts.groups());
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto& similarity, Ids groups) const {
    return contrastive(tape, image, text, similarity, groups);
  }
};

/// SigLIP's loss, for models whose similarities have a bias: Trainer{model, source, options, {}, Sigmoid{}}. Its memory
/// grows with the batch, not with its square.
struct Sigmoid {
  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    const auto image = model.encode_image(tape, pairs.images);
    const auto text = model.encode_text(tape, pairs.texts);
    return of_features(tape, image, text, model.similarity, pairs.texts.groups());
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto& similarity, Ids groups) const {
    return sigmoid_loss(tape, image, text, similarity, groups);
  }
};

}  // namespace clip::inline CLIP_ABI
