// clip/tower/clip_text/apple_names.hpp: tensor names of the text transformer in Apple's MobileCLIP repository.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and those of Apple's "base" text encoder, causal (MobileCLIP-B) or not (S1, S2). Apple's table of
/// positions has two extents of 1 before the others.
inline constexpr std::array<NameRule, 11> clip_text_apple_names{{
    {"token_embedding.weight", "text_encoder.embedding_layer.weight"},
    {"positional_embedding", "text_encoder.positional_embedding.pos_embed.pos_embed", false, 2},
    {"ln_final.*", "text_encoder.final_layer_norm.*"},
    {"text_projection", "text_encoder.projection_layer"},
    {"transformer.resblocks.#.ln_1.*", "text_encoder.transformer.#.pre_norm_mha.0.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text_encoder.transformer.#.pre_norm_mha.1.qkv_proj.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text_encoder.transformer.#.pre_norm_mha.1.qkv_proj.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text_encoder.transformer.#.pre_norm_mha.1.out_proj.*"},
    {"transformer.resblocks.#.ln_2.*", "text_encoder.transformer.#.pre_norm_ffn.0.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text_encoder.transformer.#.pre_norm_ffn.1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text_encoder.transformer.#.pre_norm_ffn.4.*"},
}};

}  // namespace clip::inline CLIP_ABI::detail
