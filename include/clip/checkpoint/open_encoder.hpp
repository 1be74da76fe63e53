// clip/checkpoint/open_encoder.hpp: opening of one tower whose architecture is inferred from its file.
#pragma once

#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_encoder.hpp>

#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Makes the encoder that was found in a file, and loads it.
template <class Encoder, class Found, Backend B>
Result<Encoder> try_open_encoder(const Result<Found>& found, const TensorFile& file, B backend, LoadOptions options) {
  if (!found) return found.error();
  if (!found->activation_known) return unstated_activation(file.place(), "; assume one: {.activation = …}");
  options.without_projection = found->without_projection;
  Encoder encoder{found->config, found->embed_dim, std::move(backend)};
  if (auto done = try_load(encoder, file, options); !done) return done.error();
  return encoder;
}

}  // namespace detail

/// Opens the image tower in a file, which may hold nothing else: `auto image = open_image_encoder("clip-vision")`.
/// A tower without projection gives its pooled rows (LoadOptions::without_projection; here the file decides).
/// LoadError: as try_open_tensors, try_inspect_image and try_load; no activation stated and none assumed.
template <Backend B = Cpu<>, class F = KnownFamilies>
[[nodiscard]] Result<AnyImageEncoder<B, typename F::Images>> try_open_image_encoder(const std::string& path,
                                                                                    const Assumptions& assumed = {},
                                                                                    B backend = {},
                                                                                    const LoadOptions& options = {}) {
  const auto file = try_open_tensors(path, options.state_dict);
  if (!file) return file.error();
  return detail::try_open_encoder<AnyImageEncoder<B, typename F::Images>>(try_inspect_image<F>(*file, assumed), *file,
                                                                          std::move(backend), options);
}
template <Backend B = Cpu<>, class F = KnownFamilies>
AnyImageEncoder<B, typename F::Images> open_image_encoder(const std::string& path, const Assumptions& assumed = {},
                                                          B backend = {}, const LoadOptions& options = {}) {
  return try_open_image_encoder<B, F>(path, assumed, std::move(backend), options).value();
}

/// The same for a text tower.
template <Backend B = Cpu<>, class F = KnownFamilies>
[[nodiscard]] Result<AnyTextEncoder<B, typename F::Texts>> try_open_text_encoder(const std::string& path,
                                                                                 const Assumptions& assumed = {},
                                                                                 B backend = {},
                                                                                 const LoadOptions& options = {}) {
  const auto file = try_open_tensors(path, options.state_dict);
  if (!file) return file.error();
  return detail::try_open_encoder<AnyTextEncoder<B, typename F::Texts>>(try_inspect_text<F>(*file, assumed), *file,
                                                                        std::move(backend), options);
}
template <Backend B = Cpu<>, class F = KnownFamilies>
AnyTextEncoder<B, typename F::Texts> open_text_encoder(const std::string& path, const Assumptions& assumed = {},
                                                       B backend = {}, const LoadOptions& options = {}) {
  return try_open_text_encoder<B, F>(path, assumed, std::move(backend), options).value();
}

}  // namespace clip::inline CLIP_ABI
