// clip/tower/clip_vit/tinyclip_names.hpp: tensor names of OpenAI's vision transformer in TinyCLIP's files.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and TinyCLIP's. The last two are read only: a tower of timm ends with a head of a norm and a linear
/// layer.
inline constexpr std::array<NameRule, 15> vit_tinyclip_names{{
    {"visual.class_embedding", "_image_encoder.visual.class_embedding"},
    {"visual.positional_embedding", "_image_encoder.visual.positional_embedding"},
    {"visual.conv1.weight", "_image_encoder.visual.conv1.weight"},
    {"visual.proj", "_image_encoder.visual.proj"},
    {"visual.ln_pre.*", "_image_encoder.visual.ln_pre.*"},
    {"visual.ln_post.*", "_image_encoder.visual.ln_post.*"},
    {"visual.transformer.resblocks.#.ln_1.*", "_image_encoder.visual.transformer.resblocks.#.ln_1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "_image_encoder.visual.transformer.resblocks.#.ln_2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight",
     "_image_encoder.visual.transformer.resblocks.#.attn.in_proj_weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias",
     "_image_encoder.visual.transformer.resblocks.#.attn.in_proj_bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "_image_encoder.visual.transformer.resblocks.#.attn.out_proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "_image_encoder.visual.transformer.resblocks.#.mlp.c_fc.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "_image_encoder.visual.transformer.resblocks.#.mlp.c_proj.*"},
    {"visual.ln_post.*", "_image_encoder.visual.model.head.0.*"},
    {"visual.proj", "_image_encoder.visual.model.head.1.weight", true},
}};

}  // namespace clip::inline CLIP_ABI::detail
