// clip/tower/torchvision_resnet/torchvision.hpp: the ResNets of torchvision, as image towers.
#pragma once

#include <clip/tower/torchvision_resnet/resnet.hpp>

namespace clip::inline CLIP_ABI {

/// An image tower is these sizes and the width of the embedding; torchvision's classifiers have an embedding of 1000.
namespace torchvision {
// clang-format off
inline constexpr TorchvisionResNetConfig ResNet18{.image_size = 224, .layers = {2, 2, 2, 2}};
inline constexpr TorchvisionResNetConfig ResNet34{.image_size = 224, .layers = {3, 4, 6, 3}};
inline constexpr TorchvisionResNetConfig ResNet50{.image_size = 224, .layers = {3, 4, 6, 3}, .bottleneck = true};
inline constexpr TorchvisionResNetConfig ResNet101{.image_size = 224, .layers = {3, 4, 23, 3}, .bottleneck = true};
inline constexpr TorchvisionResNetConfig ResNet152{.image_size = 224, .layers = {3, 8, 36, 3}, .bottleneck = true};
// clang-format on
}  // namespace torchvision

}  // namespace clip::inline CLIP_ABI
