// clip/tower/mci/apple_names.hpp: tensor names of MCi towers in Apple's MobileCLIP repository.
#pragma once

#include <clip/names/dialect.hpp>

#include <array>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// Apple's `network` is a list of stages, of the down-samplings between them, and of the positions before the last. The
/// indices there of the blocks of stages 0 to 3, of the down-sampling into each, and of its positions.
inline constexpr std::string_view mci_blocks = "0247", mci_downsamplings = " 135", mci_positions = "   6";

/// timm's names, which are ours, and Apple's: of towers with branches and of fused ones.
inline constexpr std::array<NameRule, 45> mci_apple_names{{
    {"visual.trunk.stem.#.conv_kxk.0.conv.weight", "image_encoder.model.patch_embed.#.rbr_conv.0.conv.weight"},
    {"visual.trunk.stem.#.conv_kxk.0.bn.*", "image_encoder.model.patch_embed.#.rbr_conv.0.bn.*"},
    {"visual.trunk.stem.#.conv_scale.conv.weight", "image_encoder.model.patch_embed.#.rbr_scale.conv.weight"},
    {"visual.trunk.stem.#.conv_scale.bn.*", "image_encoder.model.patch_embed.#.rbr_scale.bn.*"},
    {"visual.trunk.stem.#.identity.*", "image_encoder.model.patch_embed.#.rbr_skip.*"},
    {"visual.trunk.stem.#.reparam_conv.*", "image_encoder.model.patch_embed.#.reparam_conv.*"},
    {"visual.trunk.stages.%.downsample.proj.0.large_conv.conv.weight",
     "image_encoder.model.network.%.proj.0.lkb_origin.conv.weight", false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.large_conv.bn.*", "image_encoder.model.network.%.proj.0.lkb_origin.bn.*",
     false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.small_conv.conv.weight",
     "image_encoder.model.network.%.proj.0.small_conv.conv.weight", false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.small_conv.bn.*", "image_encoder.model.network.%.proj.0.small_conv.bn.*",
     false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.se.fc1.*", "image_encoder.model.network.%.proj.0.se.fc1.*", false, 0,
     mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.se.fc2.*", "image_encoder.model.network.%.proj.0.se.fc2.*", false, 0,
     mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.0.reparam_conv.*", "image_encoder.model.network.%.proj.0.lkb_reparam.*",
     false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.1.conv_kxk.0.conv.weight",
     "image_encoder.model.network.%.proj.1.rbr_conv.0.conv.weight", false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.1.conv_kxk.0.bn.*", "image_encoder.model.network.%.proj.1.rbr_conv.0.bn.*",
     false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.1.identity.*", "image_encoder.model.network.%.proj.1.rbr_skip.*", false, 0,
     mci_downsamplings},
    {"visual.trunk.stages.%.downsample.proj.1.reparam_conv.*", "image_encoder.model.network.%.proj.1.reparam_conv.*",
     false, 0, mci_downsamplings},
    {"visual.trunk.stages.%.pos_emb.pos_enc.*", "image_encoder.model.network.%.pe.*", false, 0, mci_positions},
    {"visual.trunk.stages.%.pos_emb.reparam_conv.*", "image_encoder.model.network.%.reparam_conv.*", false, 0,
     mci_positions},
    {"visual.trunk.stages.%.blocks.#.mlp.conv.conv.weight", "image_encoder.model.network.%.#.convffn.conv.conv.weight",
     false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.mlp.conv.bn.*", "image_encoder.model.network.%.#.convffn.conv.bn.*", false, 0,
     mci_blocks},
    {"visual.trunk.stages.%.blocks.#.mlp.fc1.*", "image_encoder.model.network.%.#.convffn.fc1.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.mlp.fc2.*", "image_encoder.model.network.%.#.convffn.fc2.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.norm.*", "image_encoder.model.network.%.#.norm.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.norm.identity.*",
     "image_encoder.model.network.%.#.token_mixer.norm.rbr_skip.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.mixer.conv_kxk.0.conv.weight",
     "image_encoder.model.network.%.#.token_mixer.mixer.rbr_conv.0.conv.weight", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.mixer.conv_kxk.0.bn.*",
     "image_encoder.model.network.%.#.token_mixer.mixer.rbr_conv.0.bn.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.mixer.conv_scale.conv.weight",
     "image_encoder.model.network.%.#.token_mixer.mixer.rbr_scale.conv.weight", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.mixer.conv_scale.bn.*",
     "image_encoder.model.network.%.#.token_mixer.mixer.rbr_scale.bn.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.mixer.identity.*",
     "image_encoder.model.network.%.#.token_mixer.mixer.rbr_skip.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.layer_scale.gamma",
     "image_encoder.model.network.%.#.token_mixer.layer_scale", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.reparam_conv.*",
     "image_encoder.model.network.%.#.token_mixer.reparam_conv.*", false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.qkv.weight", "image_encoder.model.network.%.#.token_mixer.qkv.weight",
     false, 0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.token_mixer.proj.*", "image_encoder.model.network.%.#.token_mixer.proj.*", false,
     0, mci_blocks},
    {"visual.trunk.stages.%.blocks.#.layer_scale.gamma", "image_encoder.model.network.%.#.layer_scale", false, 0,
     mci_blocks},
    {"visual.trunk.stages.%.blocks.#.layer_scale_1.gamma", "image_encoder.model.network.%.#.layer_scale_1", false, 0,
     mci_blocks},
    {"visual.trunk.stages.%.blocks.#.layer_scale_2.gamma", "image_encoder.model.network.%.#.layer_scale_2", false, 0,
     mci_blocks},
    {"visual.trunk.final_conv.conv_kxk.0.conv.weight", "image_encoder.model.conv_exp.rbr_conv.0.conv.weight"},
    {"visual.trunk.final_conv.conv_kxk.0.bn.*", "image_encoder.model.conv_exp.rbr_conv.0.bn.*"},
    {"visual.trunk.final_conv.conv_scale.conv.weight", "image_encoder.model.conv_exp.rbr_scale.conv.weight"},
    {"visual.trunk.final_conv.conv_scale.bn.*", "image_encoder.model.conv_exp.rbr_scale.bn.*"},
    {"visual.trunk.final_conv.se.fc1.*", "image_encoder.model.conv_exp.se.reduce.*"},
    {"visual.trunk.final_conv.se.fc2.*", "image_encoder.model.conv_exp.se.expand.*"},
    {"visual.trunk.final_conv.reparam_conv.*", "image_encoder.model.conv_exp.reparam_conv.*"},
    {"visual.trunk.head.fc.weight", "image_encoder.model.head.proj", true},
}};

/// Apple's head is a matrix without bias.
inline constexpr ZeroTensor mci_apple_zero{"visual.trunk.head.fc.bias", "visual.trunk.head.fc.weight"};

}  // namespace clip::inline CLIP_ABI::detail
