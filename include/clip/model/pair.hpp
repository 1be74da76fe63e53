// clip/model/pair.hpp: image encoder, text encoder and similarity as one model.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>
#include <clip/model/similarity.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/tokens/texts.hpp>

#include <memory>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The base of Model and AnyModel. Each part is replaceable, loads alone and runs alone.
template <class Image, class Text, Backend B>
class Pair {
 public:
  using T = typename B::Scalar;

  Image image;
  Text text;
  Similarity<B> similarity;

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.image);
    visit("", self.text);
    visit("", self.similarity);
  }

  B& backend() { return similarity.backend(); }
  const B& backend() const { return similarity.backend(); }
  /// Size, channels and preprocessing of the image encoder's input.
  ImageInput input() const { return image.input(); }
  /// Limits of the text encoder's token ids.
  TextInput text_input() const { return text.text_input(); }

  /// Packs the weights of both towers for faster products, for a model that only encodes: the same bits with
  /// Storage::full, rounded weights with a smaller type. See Owned.
  void pack(Storage storage = Storage::full) {
    image.pack(storage);
    text.pack(storage);
  }
  /// Unpacks the weights into rows; rounded weights stay rounded.
  void unpack() {
    image.unpack();
    text.unpack();
  }
  /// Keeps mapped files alive as long as this model, and releases those without its weights; see Owned.
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) {
    image.keep(files);
    text.keep(files);
  }
  void release_unused_files() {
    image.release_unused_files();
    text.release_unused_files();
  }

  /// (n, embed_dim), not normalised; see ImageEncoder.
  auto encode_image(const Images& images) const { return image.encode_image(images); }
  [[nodiscard]] auto try_encode_image(const Images& images) const { return image.try_encode_image(images); }
  auto encode_image(auto& cx, const Images& images) const { return image.encode_image(cx, images); }
  /// (n, embed_dim), not normalised; see TextEncoder.
  auto encode_text(const Texts& texts) const { return text.encode_text(texts); }
  [[nodiscard]] auto try_encode_text(const Texts& texts) const { return text.try_encode_text(texts); }
  auto encode_text(auto& cx, const Texts& texts) const { return text.encode_text(cx, texts); }
  /// The same for prompts with learned vectors among the tokens; see TextEncoder.
  auto encode_prompts(auto& cx, const Texts& prompts, const auto& vectors) const {
    return text.encode_prompts(cx, prompts, vectors);
  }

 protected:
  template <class ImageSizes, class TextSizes>
  Pair(const ImageSizes& image_sizes, const TextSizes& text_sizes, Index embed_dim, bool biased, B backend)
      : image{image_sizes, embed_dim, backend}, text{text_sizes, embed_dim, backend}, similarity{biased, backend} {}
};

}  // namespace clip::inline CLIP_ABI
