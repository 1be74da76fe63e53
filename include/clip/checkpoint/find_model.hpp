// clip/checkpoint/find_model.hpp: a configuration from whatever names a model: a name, a configuration file, weights.
#pragma once

#include <clip/checkpoint/infer.hpp>
#include <clip/model/any_config.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The configuration of the model that a text names:
///   a published model          as try_find_config: "ViT-B/32", "laion/ViT-B-32", other spellings that mean one model
///   a JSON file                our own format, OpenCLIP's, or the config.json of a model of transformers, with the
///                              file of the image processor beside it
///   a file of weights          as try_inspect; the file states its activation, or `assumed` does
///   a folder                   the same for its weights; without weights, for its configuration
/// Errors as those functions. LoadError clip.load.activation: the activation is neither stated nor assumed.
template <class F = KnownFamilies>
[[nodiscard]] Result<AnyConfigOf<F>> try_find_model(const std::string& name_or_path, const Assumptions& assumed = {});
template <class F = KnownFamilies>
AnyConfigOf<F> find_model(const std::string& name_or_path, const Assumptions& assumed = {}) {
  return try_find_model<F>(name_or_path, assumed).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/find_model.inl.hpp>
#endif
