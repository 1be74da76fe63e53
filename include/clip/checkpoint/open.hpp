// clip/checkpoint/open.hpp: a model from a file alone.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>

#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// A model whose architecture the file tells: `AnyModel model = open("ViT-B-16.safetensors")`. What shapes do not tell is
/// described at try_inspect; where a file does not state its activation it is `assumed.activation`.
/// LoadError: as try_open_tensors, try_inspect and try_load.
template <Backend B = Cpu<>>
[[nodiscard]] Result<AnyModel<B>> try_open(const std::string& path, const Assumptions& assumed = {}, B backend = {}) {
  const auto file = try_open_tensors(path);
  if (!file) return file.error();
  const auto config = try_infer_config(*file, assumed);
  if (!config) return config.error();
  AnyModel<B> model{*config, std::move(backend)};
  if (auto done = try_load(model, *file); !done) return done.error();
  return model;
}

template <Backend B = Cpu<>>
AnyModel<B> open(const std::string& path, const Assumptions& assumed = {}, B backend = {}) {
  return try_open<B>(path, assumed, std::move(backend)).value();
}

}  // namespace clip::inline CLIP_ABI
