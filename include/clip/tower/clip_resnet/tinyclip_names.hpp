// clip/tower/clip_resnet/tinyclip_names.hpp: tensor names of OpenAI's ModifiedResNet in TinyCLIP's files.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// OpenAI's names and TinyCLIP's.
inline constexpr std::array<NameRule, 10> resnet_tinyclip_names{{
    {"visual.conv#.weight", "_image_encoder.visual.conv#.weight"},
    {"visual.bn#.*", "_image_encoder.visual.bn#.*"},
    {"visual.layer#.#.conv#.weight", "_image_encoder.visual.layer#.#.conv#.weight"},
    {"visual.layer#.#.bn#.*", "_image_encoder.visual.layer#.#.bn#.*"},
    {"visual.layer#.#.downsample.#.*", "_image_encoder.visual.layer#.#.downsample.#.*"},
    {"visual.attnpool.positional_embedding", "_image_encoder.visual.attnpool.positional_embedding"},
    {"visual.attnpool.q_proj.*", "_image_encoder.visual.attnpool.q_proj.*"},
    {"visual.attnpool.k_proj.*", "_image_encoder.visual.attnpool.k_proj.*"},
    {"visual.attnpool.v_proj.*", "_image_encoder.visual.attnpool.v_proj.*"},
    {"visual.attnpool.c_proj.*", "_image_encoder.visual.attnpool.c_proj.*"},
}};

}  // namespace clip::inline CLIP_ABI::detail
