// clip/tower/torchvision_resnet/bert.hpp: a ResNet-34 with a BERT: a pair for experiments.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/bert_text/published.hpp>
#include <clip/tower/bert_text/text_transformer.hpp>
#include <clip/tower/torchvision_resnet/torchvision.hpp>

namespace clip::inline CLIP_ABI {

using ResNetBertClipConfig = ClipConfig<TorchvisionResNetConfig, BertTextConfig>;

/// Architectures for experiments, of which no weights are published.
namespace experiment {
/// torchvision's ResNet-34, whose `fc` has the width of its features, and BERT-base, whose first token a linear layer
/// projects; texts of CLIP's 77 ids. Either tower begins with its published weights.
inline constexpr ResNetBertClipConfig ResNet_34_BERT = [] {
  ResNetBertClipConfig c{.embed_dim = 512, .image = torchvision::ResNet34, .text = bert::base_uncased};
  c.text.context = 77;
  c.text.positions = 512;
  c.text.pooler = false;
  c.text.pooling = TextPooling::first;
  c.text.projection = TextProjection::linear;
  return c;
}();
}  // namespace experiment

}  // namespace clip::inline CLIP_ABI
