// clip/model/register_model.hpp: a CLIP whose two towers read one memory: an aggregate of encoders and Register modules.
#pragma once

#include <clip/model/image_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/similarity.hpp>
#include <clip/model/storage.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/nn/register.hpp>
#include <clip/nn/transformer.hpp>

namespace clip::inline CLIP_ABI {

/// A model of OpenAI's two transformers with a Register module after the last block of each, before the last norm. The
/// modules share `shared_info` : (registers, shared_width), which gradients reach from images and from texts.
///   RegisterModel<ViT_B_32> model{Rng{0}};
///   load_partial(model, "ViT-B-32.safetensors");      // all but the modules
/// A Trainer trains it, save and load know its names: `visual.register.…`, `register.…` and `shared_info` beside those of
/// a CLIP. It is no Model: conversions and AnyModel do not know it. Other places of a module: AfterBlocks
/// (nn/transformer.hpp).
template <const auto& Config, Backend B = Cpu<>>
class RegisterModel {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;

  ImageEncoder<Config, B> image;
  TextEncoder<Config, B> text;
  Similarity<B> similarity;

  /// Weights as those of a new CLIP and new modules; they depend only on the seed and on the names. A new module changes
  /// nothing but for its ReLU. OptionError: as Register.
  explicit RegisterModel(Rng rng, const RegisterConfig& config = {}, B backend = {})
      : image{backend}, text{backend}, similarity{Config.logit_bias, backend},
        registers_{config}, memory_{allocate_parameters(backend, registers_)} {
    initialise(*this, rng);
  }
  RegisterModel(const RegisterModel&) = delete;
  RegisterModel& operator=(const RegisterModel&) = delete;

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.image);
    visit("", self.text);
    visit("", self.similarity);
    visit("", self.registers_);
  }
  B& backend() { return similarity.backend(); }
  const B& backend() const { return similarity.backend(); }

  /// (n, embed_dim), not normalised. Errors as those of the encoders.
  auto encode_image(const Images& images) const {
    return image.try_encode_image(images, image.tower.images_at_once(), reading(registers_.image)).value();
  }
  auto encode_text(const Texts& texts) const { return text.try_encode_text(texts, reading(registers_.text)).value(); }
  /// The same in the caller's context, which may be a tape.
  auto encode_image(auto& cx, const Images& images) const {
    return image.encode_image(cx, images, reading(registers_.image));
  }
  auto encode_text(auto& cx, const Texts& texts) const { return text.encode_text(cx, texts, reading(registers_.text)); }

 private:
  struct Registers {
    Register<B, Config.image.width> image;
    Register<B, Config.text.width> text;
    Parameter<T> shared_info;

    explicit Registers(const RegisterConfig& config)
        : image{{}, config}, text{{}, config}, shared_info{{config.registers, config.shared_width},
                                                           Init::normal(0.02)} {}

    static constexpr void members(auto& self, auto&& visit) {
      visit("visual.register", self.image);
      visit("register", self.text);
      visit("shared_info", self.shared_info);
    }
  };

  auto reading(const auto& module) const {
    return AfterBlocks{[this, &module](auto& cx, Index, auto x, const Sequences&, bool pooled) {
      return pooled ? module(cx, x, registers_.shared_info) : x;
    }};
  }

  Registers registers_;
  Buffer<B> memory_;
};

}  // namespace clip::inline CLIP_ABI
