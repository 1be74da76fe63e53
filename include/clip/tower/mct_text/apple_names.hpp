// clip/tower/mct_text/apple_names.hpp: tensor names of the hybrid text tower in Apple's MobileCLIP repository.
#pragma once

#include <clip/tower/clip_text/apple_names.hpp>
#include <clip/tower/transformer_names.hpp>

#include <array>

namespace clip::inline CLIP_ABI::detail {

/// Our names of the two RepMixer blocks and Apple's, with branches and fused.
inline constexpr std::array<NameRule, 11> mct_text_apple_block_names{{
    {"transformer.resblocks.#.token_mixer.layer_scale.gamma", "text_encoder.transformer.#.token_mixer.layer_scale"},
    {"transformer.resblocks.#.token_mixer.norm.identity.*", "text_encoder.transformer.#.token_mixer.norm.rbr_skip.*"},
    {"transformer.resblocks.#.token_mixer.mixer.identity.*", "text_encoder.transformer.#.token_mixer.mixer.rbr_skip.*"},
    {"transformer.resblocks.#.token_mixer.mixer.conv_kxk.0.conv.weight",
     "text_encoder.transformer.#.token_mixer.mixer.rbr_conv.0.conv.weight"},
    {"transformer.resblocks.#.token_mixer.mixer.conv_kxk.0.bn.*",
     "text_encoder.transformer.#.token_mixer.mixer.rbr_conv.0.bn.*"},
    {"transformer.resblocks.#.token_mixer.reparam_conv.*", "text_encoder.transformer.#.token_mixer.reparam_conv.*"},
    {"transformer.resblocks.#.mlp.conv.conv.weight", "text_encoder.transformer.#.convffn.conv.conv.weight"},
    {"transformer.resblocks.#.mlp.conv.bn.*", "text_encoder.transformer.#.convffn.conv.bn.*"},
    {"transformer.resblocks.#.mlp.fc1.*", "text_encoder.transformer.#.convffn.fc1.*"},
    {"transformer.resblocks.#.mlp.fc2.*", "text_encoder.transformer.#.convffn.fc2.*"},
    {"transformer.resblocks.#.layer_scale.gamma", "text_encoder.transformer.#.layer_scale"},
}};

/// Our names of the whole tower and Apple's.
inline constexpr auto mct_text_apple_names = joined(clip_text_apple_names, mct_text_apple_block_names);

}  // namespace clip::inline CLIP_ABI::detail
