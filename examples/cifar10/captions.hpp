// examples/cifar10/captions.hpp: the training source: an augmented image, and its class in one of 18 sentences.
#pragma once

#include "data.hpp"

#include <clip/backend/threads.hpp>
#include <clip/data/pairs.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/task/prompts.hpp>
#include <clip/tokenizer/bpe/learn_merges.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace cifar {

/// OpenAI's templates for CIFAR-10 (data/prompts.md of openai/CLIP).
inline const std::vector<std::string> templates{"a photo of a {}.",
                                                "a blurry photo of a {}.",
                                                "a black and white photo of a {}.",
                                                "a low contrast photo of a {}.",
                                                "a high contrast photo of a {}.",
                                                "a bad photo of a {}.",
                                                "a good photo of a {}.",
                                                "a photo of a small {}.",
                                                "a photo of a big {}.",
                                                "a photo of the {}.",
                                                "a blurry photo of the {}.",
                                                "a black and white photo of the {}.",
                                                "a low contrast photo of the {}.",
                                                "a high contrast photo of the {}.",
                                                "a bad photo of the {}.",
                                                "a good photo of the {}.",
                                                "a photo of the small {}.",
                                                "a photo of the big {}."};

/// Caption template · 10 + class, 180 in all.
inline std::vector<std::string> all_captions() {
  std::vector<std::string> all;
  for (const clip::Template& sentence : clip::try_templates(templates).value())
    for (const std::string_view name : names) all.push_back(sentence(name));
  return all;
}

/// The vocabulary: all merges that occur twice in the captions, so that most words are one id.
inline clip::LearnedMerges learned_merges() { return clip::learn_merges(all_captions(), 1000); }

/// Random crops of half the area or more, and mirror images.
inline constexpr clip::Augmentation augmentation{.crop = {.scale = {0.5, 1.0}}, .flip = 0.5, .jitter = {}};

/// Draws a crop and a caption for each image, anew in every batch.
class Captions {
 public:
  using Batch = clip::Pairs;

  Captions(const Part& part, const clip::ImageInput& input, clip::Texts captions, int threads)
      : part_{&part}, input_{input}, captions_{std::move(captions)}, threads_{threads} {}

  Index size() const { return part_->size(); }

  void batch(std::span<const Index> items, clip::Rng rng, clip::Pairs& out) {
    views_.clear();
    out.texts.clear();
    for (const Index i : items) {
      const auto item = static_cast<std::size_t>(i);
      views_.push_back(clip::Image::view(part_->images[item].row(0), side, side, part_->images[item].stride(),
                                         part_->images[item].pixels()));
      const auto sentence = static_cast<Index>(rng.below(templates.size()));
      out.texts.append(captions_, sentence * class_count + part_->labels[item]);
    }
    clip::augment(input_, augmentation, views_, rng.fork("augmentation"), out.images, threads_);
  }

 private:
  const Part* part_;
  clip::ImageInput input_;
  clip::Texts captions_;
  clip::ThreadPool threads_;
  std::vector<clip::Image> views_;
};

}  // namespace cifar
