// clip/tower/clip_text/openclip_names.hpp: tensor names of a text transformer that is a module of its own in OpenCLIP.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and those of OpenCLIP's CustomTextCLIP, whose text tower is a module of its own.
inline constexpr std::array<NameRule, 12> text_apart_names{{
    {"token_embedding.weight", "text.token_embedding.weight"},
    {"positional_embedding", "text.positional_embedding"},
    {"ln_final.*", "text.ln_final.*"},
    {"text_projection", "text.text_projection"},
    {"transformer.resblocks.#.ln_1.*", "text.transformer.resblocks.#.ln_1.*"},
    {"transformer.resblocks.#.ln_2.*", "text.transformer.resblocks.#.ln_2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text.transformer.resblocks.#.attn.in_proj_weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text.transformer.resblocks.#.attn.in_proj_bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text.transformer.resblocks.#.attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text.transformer.resblocks.#.mlp.c_fc.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text.transformer.resblocks.#.mlp.c_proj.*"},
    {"text_projection", "text.text_projection.weight", true},
}};

}  // namespace clip::inline CLIP_ABI::detail
