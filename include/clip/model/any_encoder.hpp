// clip/model/any_encoder.hpp: an image or text encoder whose tower family is chosen at run time.
#pragma once

#include <clip/model/any_config.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/text_encoder.hpp>

#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A family's configuration with every size known only at run time, as the encoders take it.
template <class Config>
struct DynamicImage {
  Index embed_dim;
  Config image;
};
template <class Config>
struct DynamicText {
  Index embed_dim;
  Config text;
};
template <class Config>
inline constexpr DynamicImage<Config> dynamic_image{dyn, Tower<Config>::dynamic};
template <class Config>
inline constexpr DynamicText<Config> dynamic_text{dyn, Tower<Config>::dynamic};

}  // namespace detail

namespace detail {

// What an encoder of any family does. Functions beside the classes, because clip::precompiled holds them for the known
// families (below): a program that links it does not compile every tower.
template <class E>
void pack_any(E& any, Storage storage) {
  any.visit([&](auto& encoder) { encoder.pack(storage); });
}
template <class E>
void unpack_any(E& any) {
  any.visit([](auto& encoder) { encoder.unpack(); });
}
template <class E>
void release_files_of_any(E& any) {
  any.visit([](auto& encoder) { encoder.release_unused_files(); });
}
template <class T, class E>
Result<Features<T, dyn>> encode_images(const E& any, const Images& images) {
  return any.visit([&](const auto& encoder) { return encoder.try_encode_image(images); });
}
template <class T, class E>
Result<Features<T, dyn>> encode_texts(const E& any, const Texts& texts) {
  return any.visit([&](const auto& encoder) { return encoder.try_encode_text(texts); });
}
template <class Cx, class E>
Rows<Cx, dyn> encode_images(Cx& cx, const E& any, const Images& images) {
  return any.visit([&](const auto& encoder) { return encoder.encode_image(cx, images); });
}
template <class Cx, class E>
Rows<Cx, dyn> encode_texts(Cx& cx, const E& any, const Texts& texts) {
  return any.visit([&](const auto& encoder) { return encoder.encode_text(cx, texts); });
}
template <class Cx, class E, class Vectors>
Rows<Cx, dyn> encode_prompts(Cx& cx, const E& any, const Texts& prompts, const Vectors& vectors) {
  return any.visit([&](const auto& encoder) { return encoder.encode_prompts(cx, prompts, vectors); });
}

}  // namespace detail

/// The base of both kinds of encoders: a variant over the encoders of each family.
template <class Variant, Backend B>
class AnyEncoder {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = dyn;
  static constexpr Half half = std::variant_alternative_t<0, Variant>::half;

  static void members(auto& self, auto&& visit) {
    std::visit([&](auto& encoder) { visit("", encoder); }, self.encoder_);
  }
  static constexpr bool owns(std::string_view name) { return std::variant_alternative_t<0, Variant>::owns(name); }

  B& backend() {
    return std::visit([](auto& encoder) -> B& { return encoder.backend(); }, encoder_);
  }
  const B& backend() const {
    return std::visit([](const auto& encoder) -> const B& { return encoder.backend(); }, encoder_);
  }

  /// f(encoder of the family in use): for features that only some families have.
  template <class F>
  decltype(auto) visit(F&& f) {
    return std::visit(f, encoder_);
  }
  template <class F>
  decltype(auto) visit(F&& f) const {
    return std::visit(f, encoder_);
  }

  /// See Owned, for these four.
  void pack(Storage storage = Storage::full) { detail::pack_any(*this, storage); }
  void unpack() { detail::unpack_any(*this); }
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) {
    std::visit([&](auto& encoder) { encoder.keep(files); }, encoder_);
  }
  void release_unused_files() { detail::release_files_of_any(*this); }

 protected:
  /// `make` returns the variant.
  template <class Make>
  explicit AnyEncoder(const Make& make) : encoder_(make()) {}

  Variant encoder_;
};

namespace detail {
/// The encoders of a family, with every size known only at run time.
template <Backend B>
struct DynamicEncoders {
  template <class Config>
  using Image = ImageEncoder<dynamic_image<Config>, B>;
  template <class Config>
  using Text = TextEncoder<dynamic_text<Config>, B>;
};

/// An encoder of the family in `config`, a variant over configurations, as a variant over encoders.
template <class Variant, template <class> class Encoder, class Config, class B>
Variant make_encoder(const Config& config, Index embed_dim, B backend) {
  return std::visit(
      [&](const auto& tower) {
        return Variant{std::in_place_type<Encoder<std::remove_cvref_t<decltype(tower)>>>, tower, embed_dim, backend};
      },
      config);
}
}  // namespace detail

/// An image encoder of one of the families `Images`, a List (tower/families.hpp). Results, errors and bits are those of
/// ImageEncoder.
template <Backend B, class Images>
class AnyImageEncoder
    : public AnyEncoder<typename Images::template VariantOf<detail::DynamicEncoders<B>::template Image>, B> {
  using Variant = typename Images::template VariantOf<detail::DynamicEncoders<B>::template Image>;

 public:
  using T = typename B::Scalar;

  AnyImageEncoder(const typename Images::Variant& config, Index embed_dim_, B backend = {})
      : AnyEncoder<Variant, B>{[&] {
          return detail::make_encoder<Variant, detail::DynamicEncoders<B>::template Image>(config, embed_dim_, backend);
        }} {}

  /// The configuration of the family in use.
  typename Images::Variant config() const {
    return this->visit([](const auto& encoder) { return typename Images::Variant{encoder.config()}; });
  }
  /// Size, channels and preprocessing of its input.
  ImageInput input() const {
    return this->visit([](const auto& encoder) { return encoder.input(); });
  }

  /// (n, embed_dim), not normalised.
  Features<T, dyn> encode_image(const clip::Images& images) const { return try_encode_image(images).value(); }
  [[nodiscard]] Result<Features<T, dyn>> try_encode_image(const clip::Images& images) const {
    return detail::encode_images<T>(*this, images);
  }
  /// The same in the caller's context.
  template <class Cx>
  Rows<Cx, dyn> encode_image(Cx& cx, const clip::Images& images) const {
    return detail::encode_images(cx, *this, images);
  }
};

/// A text encoder of one of the families `Texts`, a List (tower/families.hpp). Results, errors and bits are those of
/// TextEncoder.
template <Backend B, class Texts>
class AnyTextEncoder
    : public AnyEncoder<typename Texts::template VariantOf<detail::DynamicEncoders<B>::template Text>, B> {
  using Variant = typename Texts::template VariantOf<detail::DynamicEncoders<B>::template Text>;

 public:
  using T = typename B::Scalar;

  AnyTextEncoder(const typename Texts::Variant& config, Index embed_dim_, B backend = {})
      : AnyEncoder<Variant, B>{[&] {
          return detail::make_encoder<Variant, detail::DynamicEncoders<B>::template Text>(config, embed_dim_, backend);
        }} {}

  /// The configuration of the family in use.
  typename Texts::Variant config() const {
    return this->visit([](const auto& encoder) { return typename Texts::Variant{encoder.config()}; });
  }
  /// Limits of the token ids of its input.
  TextInput text_input() const {
    return this->visit([](const auto& encoder) { return encoder.text_input(); });
  }

  /// (texts, embed_dim), not normalised.
  Features<T, dyn> encode_text(const clip::Texts& texts) const { return try_encode_text(texts).value(); }
  [[nodiscard]] Result<Features<T, dyn>> try_encode_text(const clip::Texts& texts) const {
    return detail::encode_texts<T>(*this, texts);
  }
  /// The same in the caller's context.
  template <class Cx>
  Rows<Cx, dyn> encode_text(Cx& cx, const clip::Texts& texts) const {
    return detail::encode_texts(cx, *this, texts);
  }
  /// The same for prompts with learned vectors among their tokens.
  template <class Cx, class Vectors>
  Rows<Cx, dyn> encode_prompts(Cx& cx, const clip::Texts& prompts, const Vectors& vectors) const {
    return detail::encode_prompts(cx, *this, prompts, vectors);
  }
};

template <Backend B>
class Tape;

namespace detail {
using OnCpu = DynamicEncoders<Cpu<float>>;
using Inferring = Inference<Cpu<float>>;
using Taping = Tape<Cpu<float>>;
using KnownImages = AnyImageEncoder<Cpu<float>, KnownFamilies::Images>;
using KnownTexts = AnyTextEncoder<Cpu<float>, KnownFamilies::Texts>;
using ImageVariant = KnownFamilies::Images::VariantOf<OnCpu::Image>;
using TextVariant = KnownFamilies::Texts::VariantOf<OnCpu::Text>;
using KnownImageBase = AnyEncoder<ImageVariant, Cpu<float>>;
using KnownTextBase = AnyEncoder<TextVariant, Cpu<float>>;
}  // namespace detail

// What clip::precompiled holds: precompiled/models.cpp instantiates it, programs that link it declare it.
// clang-format off
#define CLIP_KNOWN_ENCODERS(instantiate) \
  instantiate Result<void> check(const AnyConfig&); \
  instantiate detail::ImageVariant detail::make_encoder<detail::ImageVariant, detail::OnCpu::Image>( \
      const KnownFamilies::Images::Variant&, Index, Cpu<float>); \
  instantiate detail::TextVariant detail::make_encoder<detail::TextVariant, detail::OnCpu::Text>( \
      const KnownFamilies::Texts::Variant&, Index, Cpu<float>); \
  instantiate void detail::pack_any(detail::KnownImageBase&, Storage); \
  instantiate void detail::pack_any(detail::KnownTextBase&, Storage); \
  instantiate void detail::unpack_any(detail::KnownImageBase&); \
  instantiate void detail::unpack_any(detail::KnownTextBase&); \
  instantiate void detail::release_files_of_any(detail::KnownImageBase&); \
  instantiate void detail::release_files_of_any(detail::KnownTextBase&); \
  instantiate Result<Features<float, dyn>> detail::encode_images<float>(const detail::KnownImages&, const Images&); \
  instantiate Result<Features<float, dyn>> detail::encode_texts<float>(const detail::KnownTexts&, const Texts&); \
  instantiate Rows<detail::Inferring, dyn> detail::encode_images(detail::Inferring&, const detail::KnownImages&, \
                                                                    const Images&); \
  instantiate Rows<detail::Inferring, dyn> detail::encode_texts(detail::Inferring&, const detail::KnownTexts&, \
                                                                    const Texts&); \
  instantiate Rows<detail::Taping, dyn> detail::encode_images(detail::Taping&, const detail::KnownImages&, \
                                                                    const Images&); \
  instantiate Rows<detail::Taping, dyn> detail::encode_texts(detail::Taping&, const detail::KnownTexts&, \
                                                                    const Texts&); \
  instantiate Rows<detail::Inferring, dyn> detail::encode_prompts(detail::Inferring&, const detail::KnownTexts&, \
                                                                  const Texts&, const Rows<detail::Inferring, dyn>&); \
  instantiate Rows<detail::Taping, dyn> detail::encode_prompts(detail::Taping&, const detail::KnownTexts&, \
                                                               const Texts&, const Rows<detail::Taping, dyn>&); \
  instantiate Rows<detail::Taping, dyn> detail::encode_prompts(detail::Taping&, const detail::KnownTexts&, \
                                                               const Texts&, const Parameter<float>&); \
  instantiate void detail::list_parameters(detail::KnownImages&, Path&, \
                                           std::vector<NamedParameter<Parameter<float>>>&); \
  instantiate void detail::list_parameters(detail::KnownTexts&, Path&, \
                                           std::vector<NamedParameter<Parameter<float>>>&); \
  instantiate void detail::list_parameters(const detail::KnownImages&, Path&, \
                                           std::vector<NamedParameter<const Parameter<float>>>&); \
  instantiate void detail::list_parameters(const detail::KnownTexts&, Path&, \
                                           std::vector<NamedParameter<const Parameter<float>>>&)
// clang-format on

#if CLIP_HOST_LINKED
CLIP_KNOWN_ENCODERS(extern template);
#endif

}  // namespace clip::inline CLIP_ABI
