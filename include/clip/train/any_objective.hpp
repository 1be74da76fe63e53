// clip/train/any_objective.hpp: an objective of image-text pairs that is chosen at run time.
#pragma once

#include <clip/train/grad_cache.hpp>
#include <clip/train/objective.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// One of the objectives of two towers' features. With `micro` above 0 its gradients are accumulated over that many
/// pairs at a time (grad_cache); otherwise the batch is recorded as a whole.
struct AnyObjective {
  using Choice = std::variant<Contrastive, Sigmoid, HingeLoss, SiameseLoss, TripletLoss, SupervisedContrastive>;

  Choice choice{};
  Index micro = 0;

  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return detail::loss_of_pairs(tape, model, pairs, *this);
  }
  template <class Cx>
  Rows<Cx, 1> of_features(Cx& tape, const auto& image, const auto& text, const auto& similarity, Ids groups) const {
    return std::visit(
        [&](const auto& objective) { return objective.of_features(tape, image, text, similarity, groups); }, choice);
  }
  /// Adds the gradients to the tape's table; returns the loss.
  template <class M, Backend B>
  double gradients(const M& model, Tape<B>& tape, const Pairs& pairs) const {
    if (micro > 0) return grad_cache(model, tape, pairs.images, pairs.texts, micro, *this);
    const auto loss = (*this)(tape, model, pairs);
    const double value = value_of(tape, loss);
    if (std::isfinite(value)) tape.backward(loss);
    return value;
  }
  std::string in_words() const {
    return std::visit([](const auto& objective) { return objective.in_words(); }, choice) +
           (micro > 0 ? ", " + std::to_string(micro) + " at a time" : "");
  }
};

}  // namespace clip::inline CLIP_ABI
