// clip/checkpoint/open.hpp: opening of a model whose architecture is inferred from its file.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>

#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Opens a model whose architecture is inferred from the file: `AnyModel model = open("ViT-B-16.safetensors")`.
/// try_inspect documents the properties that shapes do not determine. If the file does not state the activation it was
/// trained with, `assumed` must: a wrong one would silently give wrong numbers.
/// LoadError: as try_open_tensors, try_inspect and try_load; no activation stated and none assumed.
template <Backend B = Cpu<>, class F = KnownFamilies>
[[nodiscard]] Result<AnyModel<B, F>> try_open(const std::string& path, const Assumptions& assumed = {}, B backend = {},
                                              const LoadOptions& options = {}) {
  const auto file = try_open_tensors(path, options.state_dict);
  if (!file) return file.error();
  const auto found = try_inspect<F>(*file, assumed);
  if (!found) return found.error();
  if (!found->activation_known) return detail::unstated_activation(path, "; open it as open(path, {.activation = …})");
  AnyModel<B, F> model{found->config, std::move(backend)};
  if (auto done = try_load(model, *file, options); !done) return done.error();
  return model;
}

template <Backend B = Cpu<>, class F = KnownFamilies>
AnyModel<B, F> open(const std::string& path, const Assumptions& assumed = {}, B backend = {},
                    const LoadOptions& options = {}) {
  return try_open<B, F>(path, assumed, std::move(backend), options).value();
}

}  // namespace clip::inline CLIP_ABI
