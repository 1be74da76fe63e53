// clip/tower/bert_text/pairs.hpp: published models whose text tower is a BERT and whose image tower is a ViT.
#pragma once

#include <clip/config/clip.hpp>
#include <clip/tower/bert_text/published.hpp>
#include <clip/tower/bert_text/text_transformer.hpp>
#include <clip/tower/clip_vit/openai.hpp>
#include <clip/tower/clip_vit/timm.hpp>

namespace clip::inline CLIP_ABI {

using VitBertClipConfig = ClipConfig<VitConfig, BertTextConfig>;

/// Chinese-CLIP (Yang et al. 2022): OpenAI's image towers and Chinese RoBERTa-wwm-ext, which is a BERT by its
/// architecture. Its first token is the text; texts have 52 ids. Images are resized ignoring the aspect ratio.
namespace chinese_clip {
inline constexpr VitBertClipConfig ViT_B_16 = [] {
  VitBertClipConfig c{.embed_dim = 512, .image = clip::ViT_B_16.image, .text = bert::base_uncased};
  c.image.preprocessing.resize = ResizeMode::squash;
  c.text.context = 52;
  c.text.positions = 512;
  c.text.vocabulary = 21128;
  c.text.pooler = false;
  c.text.pooling = TextPooling::first;
  c.text.projection = TextProjection::linear;
  return c;
}();
}  // namespace chinese_clip

/// BiomedCLIP (Zhang et al. 2023): timm's ViT-B/16 and PubMedBERT, in OpenCLIP's form. Its first token is the text, and
/// two layers with a GELU between them make the embedding; texts have 256 ids.
inline constexpr VitBertClipConfig BiomedCLIP = [] {
  VitBertClipConfig c{.embed_dim = 512, .image = timm_ViT_B_16, .text = bert::base_uncased};
  c.text.context = 256;
  c.text.positions = 512;
  c.text.pooler = false;
  c.text.pooling = TextPooling::first;
  c.text.projection = TextProjection::mlp;
  return c;
}();

}  // namespace clip::inline CLIP_ABI
