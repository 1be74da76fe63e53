// examples/emoji/model.hpp: two models of the demo: with a text tower of its own, and with a locked one.
#pragma once

#include "captions.hpp"

#include <clip/clip.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace emoji {

/// The merges that the vocabulary learns from the texts: 256 bytes, each with and without the end of a word, and two
/// special ids come to them.
inline constexpr Index merges = 4000;

/// Images: 64 patches of 8 x 8 pixels. Texts: at most 32 ids of the demo's own vocabulary.
inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 128,
    .image = {.image_size = 64,
              .patch_size = 8,
              .width = 128,
              .layers = 4,
              .heads = 2,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 32,
             .vocabulary = merges + 514,
             .width = 128,
             .layers = 3,
             .heads = 2,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

/// Both towers learn. The vocabulary is learned from the captions.
class OwnText {
 public:
  OwnText(const Captions& source, std::uint64_t seed, const clip::Cpu<>& backend)
      : learned_{clip::learn_merges(source.texts(), merges)}, tokenizer_{clip::Tokenizer::from_merges(learned_)},
        captions_{tokens(source.texts())}, model_{clip::Rng{seed}, backend} {
    if (tokenizer_.vocabulary_size() != Small.text.vocabulary)
      clip::raise(clip::InputError{"captions", "ids of the learned vocabulary", Small.text.vocabulary,
                                   tokenizer_.vocabulary_size()});
  }

  static constexpr void members(auto& self, auto&& visit) { visit("", self.model_); }
  auto& backend() { return model_.backend(); }
  const auto& backend() const { return model_.backend(); }

  struct Objective {
    template <class Cx>
    clip::Rows<Cx, 1> operator()(Cx& tape, const OwnText& model, const CaptionedImages& batch) const {
      auto& texts = tape.template keep<clip::Texts>();
      texts.clear();
      for (const std::int32_t i : batch.captions) texts.append(model.captions_, i);
      return clip::contrastive(tape, model.model_.encode_image(tape, batch.images),
                               model.model_.encode_text(tape, texts), model.model_.similarity, batch.captions);
    }
  };

  auto encode_image(const clip::Images& images) const { return model_.encode_image(images); }
  auto encode_text(const std::vector<std::string>& texts) const { return model_.encode_text(tokens(texts)); }

  /// `clip` opens the weights with this vocabulary.
  void save(const std::string& folder) const {
    clip::save(model_, folder + "/emoji.safetensors");
    clip::write_merges(folder + "/merges.txt", learned_);
  }

 private:
  clip::Texts tokens(const std::vector<std::string>& texts) const {
    return tokenizer_(texts, {.context = Small.text.context, .too_long = clip::TooLong::truncate});
  }

  clip::LearnedMerges learned_;
  clip::Tokenizer tokenizer_;
  clip::Texts captions_;
  clip::Model<Small> model_;
};

/// A pretrained text tower that does not change (Zhai et al., LiT: Zero-Shot Transfer with Locked-image text Tuning,
/// 2022, the other way round): its features are computed once. The image tower and a linear layer on the texts'
/// features learn.
class LockedText {
 public:
  static constexpr Index width = Small.embed_dim;

  /// `folder`: one that `sh cmake/minilm.sh` makes.
  LockedText(const Captions& source, const std::string& folder, std::uint64_t seed, const clip::Cpu<>& backend)
      : tokenizer_{clip::AnyTokenizer{folder}}, text_{clip::open_text_encoder(folder, {}, backend)},
        captions_{text_features(source.texts())}, image_{backend}, head_{{captions_.width(), Small.embed_dim},
                                                                         clip::Rng{seed}.fork("head"),
                                                                         backend},
        similarity_{false, backend} {
    clip::initialise(image_, clip::Rng{seed});
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.image_);
    visit("text_projection", self.head_);
    visit("", self.similarity_);
  }
  auto& backend() { return image_.backend(); }
  const auto& backend() const { return image_.backend(); }

  struct Objective {
    template <class Cx>
    clip::Rows<Cx, 1> operator()(Cx& tape, const LockedText& model, const CaptionedImages& batch) const {
      const auto n = static_cast<Index>(batch.captions.size());
      auto& features = tape.template keep<clip::Features<float, clip::dyn>>();
      features = clip::Features<float, clip::dyn>{n, {model.captions_.width()}};
      for (Index i = 0; i < n; ++i)
        std::ranges::copy(model.captions_[batch.captions[static_cast<std::size_t>(i)]], features[i].begin());
      return clip::contrastive(tape, model.image_.encode_image(tape, batch.images),
                               model.head_(tape, clip::constant(tape, features)), model.similarity_, batch.captions);
    }
  };

  auto encode_image(const clip::Images& images) const { return image_.encode_image(images); }
  clip::Features<float, width> encode_text(const std::vector<std::string>& texts) const {
    const auto features = text_features(texts);
    clip::Inference cx{backend()};
    const auto rows = head_(cx, clip::constant(cx, features));
    clip::Features<float, width> projected{features.size()};
    cx.backend().download(clip::In<float>{rows.view}, projected.values());
    return projected;
  }

  void save(const std::string& folder) const { clip::save(image_, folder + "/emoji-image.safetensors"); }

 private:
  clip::Features<float, clip::dyn> text_features(const std::vector<std::string>& texts) const {
    return clip::normalized(text_.encode_text(tokenizer_(texts, {.context = 64, .too_long = clip::TooLong::truncate})));
  }

  clip::AnyTokenizer tokenizer_;
  clip::AnyTextEncoder<clip::Cpu<>, clip::KnownFamilies::Texts> text_;
  clip::Features<float, clip::dyn> captions_;
  clip::ImageEncoder<Small> image_;
  clip::Standalone<clip::Linear<clip::Cpu<>, clip::dyn, width>> head_;
  clip::Similarity<clip::Cpu<>> similarity_;
};

}  // namespace emoji
