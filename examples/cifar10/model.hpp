// examples/cifar10/model.hpp: the demo's model.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/clip_text/config.hpp>
#include <clip/tower/torchvision_resnet/config.hpp>

namespace cifar {

/// Images: torchvision's ResNet-18 of half its width, of images enlarged to 64 x 64 pixels, because its stem divides the
/// grid by four. Texts: 2 blocks over words.
inline constexpr clip::ClipConfig<clip::TorchvisionResNetConfig, clip::TextConfig> Small{
    .embed_dim = 128,
    .image = {.image_size = 64, .layers = {2, 2, 2, 2}, .width = 32},
    .text = {.context = 24,
             .vocabulary = 589,
             .width = 64,
             .layers = 2,
             .heads = 1,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

}  // namespace cifar
