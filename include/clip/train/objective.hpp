// clip/train/objective.hpp: training objectives: functions from a model and a batch to a loss.
#pragma once

#include <clip/data/pairs.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/loss/hinge.hpp>
#include <clip/loss/metric.hpp>
#include <clip/loss/sigmoid.hpp>
#include <clip/loss/supervised.hpp>
#include <clip/tensor/rows.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The loss of an objective of both towers' features.
template <class Cx, class M, class Objective>
Rows<Cx, 1> loss_of_pairs(Cx& tape, const M& model, const Pairs& pairs, const Objective& objective) {
  const auto image = model.encode_image(tape, pairs.images);
  const auto text = model.encode_text(tape, pairs.texts);
  return objective.of_features(tape, image, text, model.similarity, pairs.texts.groups());
}

}  // namespace detail

/// The symmetric contrastive loss of image–text pairs; equal texts are positives of each other. An objective is any
///   Rows<Cx, 1> operator()(Cx& tape, const M& model, const Batch& batch)
/// whose Batch is the source's. `M` is any type with the encoders it calls: a Model, or a user's aggregate. An
/// objective of two towers' features has them as arguments of of_features, too, as grad_cache calls it. One with
/// settings may have in_words(), which a run compares when it resumes.
struct Contrastive {
  double smoothing = 0;  // label smoothing

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto& similarity, Ids groups) const {
    return contrastive(tape, image, text, similarity, groups, smoothing);
  }
  std::string in_words() const { return "contrastive, smoothing " + clip::detail::in_words(smoothing); }
};

/// SigLIP's loss, for models whose similarities have a bias: Trainer{model, source, options, {}, Sigmoid{}}. Its memory
/// grows with the batch, not with its square.
struct Sigmoid {
  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto& similarity, Ids groups) const {
    return sigmoid_loss(tape, image, text, similarity, groups);
  }
  std::string in_words() const { return "sigmoid"; }
};

/// VSE++'s hinge loss of the cosines; logit_scale is not trained by it.
struct HingeLoss {
  double margin = 0.2;
  Negatives negatives = Negatives::all;

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto&, Ids groups) const {
    return hinge(tape, image, text, margin, negatives, groups);
  }
  std::string in_words() const {
    return "hinge, margin " + clip::detail::in_words(margin) +
           (negatives == Negatives::hardest ? ", hardest" : ", all");
  }
};

/// The siamese loss of 2 n pairs of features of unit length: every image with its own text, and with the text of the
/// next pair of the batch.
struct SiameseLoss {
  double margin = 1;

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto&, Ids groups) const {
    const std::size_t n = groups.size();
    auto& images = tape.template keep<std::vector<std::int32_t>>();
    auto& texts = tape.template keep<std::vector<std::int32_t>>();
    images.clear();
    texts.clear();
    std::vector<std::int32_t> same;
    for (std::size_t shift = 0; shift < 2; ++shift)
      for (std::size_t i = 0; i < n; ++i) {
        images.push_back(static_cast<std::int32_t>(i));
        texts.push_back(static_cast<std::int32_t>((i + shift) % n));
        same.push_back(groups[i] == groups[(i + shift) % n] ? 1 : 0);
      }
    const auto a = gather(tape, normalize(tape, image), Ids{images});
    return siamese(tape, a, gather(tape, normalize(tape, text), Ids{texts}), same, margin);
  }
  std::string in_words() const { return "siamese, margin " + clip::detail::in_words(margin); }
};

/// The triplet loss of features of unit length with semi-hard negatives of the batch, in both directions.
struct TripletLoss {
  double margin = 0.2;

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto&, Ids groups) const {
    return semi_hard_triplet(tape, image, text, margin, groups);
  }
  std::string in_words() const { return "triplet, margin " + clip::detail::in_words(margin); }
};

/// The supervised contrastive loss of the features of both towers together; equal texts make pairs one class.
struct SupervisedContrastive {
  double temperature = 0.07;

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto&, Ids groups) const {
    return supervised_contrastive(tape, image, text, groups, temperature);
  }
  std::string in_words() const { return "supervised, temperature " + clip::detail::in_words(temperature); }
};

}  // namespace clip::inline CLIP_ABI
