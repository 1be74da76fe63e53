// tests/support/names.hpp: names and shapes of parameters: a model's, and the published list of OpenAI's transformers.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <map>
#include <string>

namespace clip::testing {

using NamedShapes = std::map<std::string, Shape>;

template <class M>
NamedShapes named_shapes(const M& model) {
  NamedShapes found;
  visit_parameters(model, [&](std::string_view name, const auto& p) { found.emplace(name, p.shape); });
  return found;
}

/// One residual block of width w, as the published checkpoints name it.
inline void add_block(NamedShapes& list, const std::string& block, Index w, Index hidden) {
  for (const char* norm : {"ln_1", "ln_2"}) {
    list[block + "." + norm + ".weight"] = {w};
    list[block + "." + norm + ".bias"] = {w};
  }
  list[block + ".attn.in_proj_weight"] = {3 * w, w};
  list[block + ".attn.in_proj_bias"] = {3 * w};
  list[block + ".attn.out_proj.weight"] = {w, w};
  list[block + ".attn.out_proj.bias"] = {w};
  list[block + ".mlp.c_fc.weight"] = {hidden, w};
  list[block + ".mlp.c_fc.bias"] = {hidden};
  list[block + ".mlp.c_proj.weight"] = {w, hidden};
  list[block + ".mlp.c_proj.bias"] = {w};
}

/// What the reference's state dict of such a model holds.
inline NamedShapes published_list(const ClipConfig<VitConfig, TextConfig>& c) {
  NamedShapes list;
  const Index w = c.image.width, p = c.image.patch_size, g = c.image.image_size / p, t = c.text.width;
  list["visual.class_embedding"] = {w};
  list["visual.positional_embedding"] = {g * g + 1, w};
  list["visual.conv1.weight"] = {w, 3, p, p};
  for (const char* norm : {"visual.ln_pre", "visual.ln_post"}) {
    list[std::string(norm) + ".weight"] = {w};
    list[std::string(norm) + ".bias"] = {w};
  }
  list["visual.proj"] = {w, c.embed_dim};
  for (Index i = 0; i < c.image.layers; ++i)
    add_block(list, "visual.transformer.resblocks." + std::to_string(i), w, 4 * w);
  list["token_embedding.weight"] = {c.text.vocabulary, t};
  list["positional_embedding"] = {c.text.context, t};
  for (Index i = 0; i < c.text.layers; ++i) add_block(list, "transformer.resblocks." + std::to_string(i), t, 4 * t);
  list["ln_final.weight"] = {t};
  list["ln_final.bias"] = {t};
  list["text_projection"] = {t, c.embed_dim};
  list["logit_scale"] = {};
  return list;
}

}  // namespace clip::testing
