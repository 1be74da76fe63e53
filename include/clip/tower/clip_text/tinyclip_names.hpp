// clip/tower/clip_text/tinyclip_names.hpp: tensor names of OpenAI's text transformer in TinyCLIP's files.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and TinyCLIP's, those of the logit scale beside them.
inline constexpr std::array<NameRule, 12> clip_text_tinyclip_names{{
    {"token_embedding.weight", "_text_encoder.token_embedding.weight"},
    {"positional_embedding", "_text_encoder.positional_embedding"},
    {"ln_final.*", "_text_encoder.ln_final.*"},
    {"text_projection", "_text_encoder.text_projection"},
    {"transformer.resblocks.#.ln_1.*", "_text_encoder.transformer.resblocks.#.ln_1.*"},
    {"transformer.resblocks.#.ln_2.*", "_text_encoder.transformer.resblocks.#.ln_2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "_text_encoder.transformer.resblocks.#.attn.in_proj_weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "_text_encoder.transformer.resblocks.#.attn.in_proj_bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "_text_encoder.transformer.resblocks.#.attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "_text_encoder.transformer.resblocks.#.mlp.c_fc.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "_text_encoder.transformer.resblocks.#.mlp.c_proj.*"},
    {"logit_scale", "_logit_scale.logit_scale"},
}};

}  // namespace clip::inline CLIP_ABI::detail
