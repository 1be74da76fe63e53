// clip/train/micro_batches.hpp: an objective whose gradients are accumulated over micro-batches, through cached features.
#pragma once

#include <clip/data/pairs.hpp>
#include <clip/train/grad_cache.hpp>
#include <clip/train/objective.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// Another objective of two towers' features, whose gradients grad_cache computes: those of the whole batch in the
/// memory of `micro` pairs. A trainer calls gradients() instead of recording the batch.
///   Trainer{model, source, {.batch = 4096}, {}, MicroBatches<Contrastive>{.micro = 64}}
template <class Objective = Contrastive>
struct MicroBatches {
  Objective objective{};
  Index micro = 64;

  /// Adds the gradients to the tape's table; returns the loss.
  template <class M, Backend B>
  double gradients(const M& model, Tape<B>& tape, const Pairs& pairs) const {
    return grad_cache(model, tape, pairs.images, pairs.texts, micro, objective);
  }
  std::string in_words() const { return objective.in_words() + ", " + std::to_string(micro) + " at a time"; }
};

}  // namespace clip::inline CLIP_ABI
