// clip/tower/transformer_names.hpp: tensor names that transformer towers of several families share.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>
#include <cstddef>

namespace clip::inline CLIP_ABI::detail {

/// The rules of two lists.
template <std::size_t M, std::size_t N>
constexpr std::array<NameRule, M + N> joined(const std::array<NameRule, M>& first,
                                             const std::array<NameRule, N>& second) {
  std::array<NameRule, M + N> all{};
  for (std::size_t i = 0; i < M + N; ++i) all[i] = i < M ? first[i] : second[i - M];
  return all;
}

/// OpenAI's names of an image tower and those of transformers' vision models.
inline constexpr std::array<NameRule, 10> vision_huggingface_names{{
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_post.*", "vision_model.post_layernorm.*"},
    {"visual.transformer.resblocks.#.ln_1.*", "vision_model.encoder.layers.#.layer_norm1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "vision_model.encoder.layers.#.layer_norm2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight", "vision_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias", "vision_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "vision_model.encoder.layers.#.self_attn.out_proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "vision_model.encoder.layers.#.mlp.fc1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "vision_model.encoder.layers.#.mlp.fc2.*"},
}};

/// OpenAI's names of an image tower with a class token and a linear layer as its projection, and those of timm's vision
/// transformer as OpenCLIP's image tower, without what precedes the blocks.
inline constexpr std::array<NameRule, 11> vision_timm_names{{
    {"visual.class_embedding", "visual.trunk.cls_token", false, 2},
    {"visual.positional_embedding", "visual.trunk.pos_embed", false, 1},
    {"visual.ln_post.*", "visual.trunk.norm.*"},
    {"visual.proj.*", "visual.trunk.head.*"},
    {"visual.transformer.resblocks.#.ln_1.*", "visual.trunk.blocks.#.norm1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "visual.trunk.blocks.#.norm2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight", "visual.trunk.blocks.#.attn.qkv.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias", "visual.trunk.blocks.#.attn.qkv.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "visual.trunk.blocks.#.attn.proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "visual.trunk.blocks.#.mlp.fc1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "visual.trunk.blocks.#.mlp.fc2.*"},
}};

/// OpenAI's names of a text tower, without its projection, and those of transformers' text models.
inline constexpr std::array<NameRule, 10> text_huggingface_names{{
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.*", "text_model.final_layer_norm.*"},
    {"transformer.resblocks.#.ln_1.*", "text_model.encoder.layers.#.layer_norm1.*"},
    {"transformer.resblocks.#.ln_2.*", "text_model.encoder.layers.#.layer_norm2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text_model.encoder.layers.#.self_attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text_model.encoder.layers.#.mlp.fc1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text_model.encoder.layers.#.mlp.fc2.*"},
}};

/// The same and those of OpenCLIP's CustomTextCLIP, whose text tower is a module of its own.
inline constexpr std::array<NameRule, 10> text_apart_names{{
    {"token_embedding.weight", "text.token_embedding.weight"},
    {"positional_embedding", "text.positional_embedding"},
    {"ln_final.*", "text.ln_final.*"},
    {"transformer.resblocks.#.ln_1.*", "text.transformer.resblocks.#.ln_1.*"},
    {"transformer.resblocks.#.ln_2.*", "text.transformer.resblocks.#.ln_2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text.transformer.resblocks.#.attn.in_proj_weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text.transformer.resblocks.#.attn.in_proj_bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text.transformer.resblocks.#.attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text.transformer.resblocks.#.mlp.c_fc.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text.transformer.resblocks.#.mlp.c_proj.*"},
}};

}  // namespace clip::inline CLIP_ABI::detail
