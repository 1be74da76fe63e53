// clip/model/initialise.hpp: the weights a model begins with, as OpenAI's code draws them.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/concept.hpp>
#include <clip/core/rng.hpp>

#include <cmath>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Every module says how its parameters begin (PyTorch's defaults); OpenAI's text tower alone begins its blocks otherwise,
/// with W its width and L its layers:
///   attn.in_proj_weight                              N(W^-½)
///   attn.out_proj.weight, mlp.c_proj.weight          N(W^-½ (2 L)^-½)
///   mlp.c_fc.weight                                  N((2 W)^-½)
inline Init openai_init(std::string_view name, Init by_module, Index text_width, Index text_layers) {
  if (!name.starts_with("transformer.resblocks.")) return by_module;
  const double deviation = inverse_root(text_width);
  if (name.ends_with(".attn.in_proj_weight")) return Init::normal(deviation);
  if (name.ends_with(".attn.out_proj.weight") || name.ends_with(".mlp.c_proj.weight"))
    return Init::normal(deviation * inverse_root(2 * text_layers));
  if (name.ends_with(".mlp.c_fc.weight")) return Init::normal(inverse_root(2 * text_width));
  return by_module;
}

/// Draws `count` values. Value i depends on the stream and i alone.
template <class T>
std::vector<T> draw(Init init, Index count, Rng stream) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& v : values) {
    switch (init.rule) {
      case Init::Rule::constant: v = static_cast<T>(static_cast<float>(init.scale)); break;
      case Init::Rule::normal: v = static_cast<T>(static_cast<float>(init.scale * stream.normal())); break;
      case Init::Rule::uniform: v = static_cast<T>(static_cast<float>(stream.uniform(init.scale))); break;
    }
  }
  return values;
}

/// Initialises a model, or one of its encoders. Each parameter has a stream of its own name. Values are rounded to float,
/// so that every arithmetic type begins with the same.
template <class M>
void initialise(M& model, Rng rng) {
  if constexpr (requires { model.unpack(); }) model.unpack();
  Index text_width = 1, text_layers = 1;
  if constexpr (requires { model.text.config().width; }) {
    text_width = model.text.config().width;
    text_layers = model.text.config().layers;
  } else if constexpr (requires { model.text.config->width; }) {
    text_width = model.text.config->width;
    text_layers = model.text.config->layers;
  }
  visit_parameters(model, [&](std::string_view name, auto& p) {
    using T = typename std::remove_cvref_t<decltype(p)>::T;
    const std::vector<T> values =
        draw<T>(openai_init(name, p.init, text_width, text_layers), p.count(), rng.fork(name));
    model.backend().upload(std::span<const T>(values), p.own_place());
  });
}

}  // namespace clip::inline CLIP_ABI
