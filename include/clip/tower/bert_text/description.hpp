// clip/tower/bert_text/description.hpp: BERT and its relatives in files: JSON, names, inference from shapes.
#pragma once

#include <clip/tower/bert_text/pairs.hpp>
#include <clip/tower/bert_text/published.hpp>
#include <clip/tower/bert_text/text_transformer.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

template <>
struct Description<BertTextConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "bert_text";
  static constexpr std::string_view words = "a text tower of the family BERT";

  static bool recognises(const JsonReader& text);
  static BertTextConfig read(JsonReader& text);
  static JsonTree write(const BertTextConfig& c);

  static constexpr bool in_own_openclip_keys = true;
  static bool recognises_openclip(const JsonReader& text);
  static BertTextConfig read_openclip(JsonReader& text, Activation activation);
  static Result<JsonTree> try_write_openclip(const BertTextConfig& c, const std::string& place);

  static constexpr HuggingfaceClass huggingface{"ChineseCLIP", "chinese_clip", "CLIP"};
  static Result<JsonTree> try_write_huggingface(const BertTextConfig& c, Index embed_dim, const std::string& place);

  static NameTable names(Dialect dialect);
  static std::vector<NameTable> more_names();
  static bool recognises(const ShapeReader& shape);
  static constexpr std::string_view token_table = "word_embedding.weight";
  static constexpr std::array<std::string_view, 2> unused{"pooler.weight", "pooler.bias"};
  static Index embed_dim(ShapeReader& shape);
  static BertTextConfig infer(ShapeReader& shape, const TowerStatement& stated, const TowerStatement& assumed);
  /// Every model of the family was trained with the GELU by erf.
  static std::optional<Activation> activation_by_naming(Dialect, const BertTextConfig&) { return Activation::gelu; }
  static double count_values(const BertTextConfig& c, Index embed_dim);

  static TowerStatement state(const BertTextConfig& c) {
    TowerStatement stated = state_transformer(c);
    stated.pad = c.pad;
    stated.context = c.context;
    stated.offset = c.offset;
    stated.pooling = c.pooling;
    stated.projection_tanh = c.projection_tanh;
    return stated;
  }
  static void apply(BertTextConfig& c, const TowerStatement& stated) { apply_to_transformer(c, stated); }
  static std::string in_words(const BertTextConfig& c);
  static constexpr double count_flops(const BertTextConfig& c, Index embed_dim) {
    const double blocks = static_cast<double>(c.layers) * flops_of_block(c.block(), c.context);
    const double pooling = c.pooling == TextPooling::pooler ? flops_of_product(1, c.width, c.width) : 0;
    if (c.projection == TextProjection::none) return blocks + pooling;
    if (c.projection != TextProjection::mlp) return blocks + pooling + flops_of_product(1, c.width, embed_dim);
    return blocks + pooling + flops_of_product(1, c.width + embed_dim, c.projection_hidden(embed_dim));
  }

  using Published = NamedVariant<VitBertClipConfig>;
  static constexpr std::array<Published, 2> published{
      {{"chinese-clip/ViT-B-16", "clip::chinese_clip::ViT_B_16", chinese_clip::ViT_B_16},
       {"biomedclip", "clip::BiomedCLIP", BiomedCLIP}}};

  /// Text towers alone, with the widths of their features (NamedText).
  static constexpr std::array<NamedText<BertTextConfig>, 5> published_texts{
      {{"bert/base-uncased", "clip::bert::base_uncased", bert::base_uncased, 768},
       {"bert/distilbert-base-uncased", "clip::bert::distilbert_base_uncased", bert::distilbert_base_uncased, 768},
       {"sentence-transformers/all-MiniLM-L6-v2", "clip::sentence_transformers::all_MiniLM_L6_v2",
        sentence_transformers::all_MiniLM_L6_v2, 384},
       {"sentence-transformers/all-MiniLM-L12-v2", "clip::sentence_transformers::all_MiniLM_L12_v2",
        sentence_transformers::all_MiniLM_L12_v2, 384},
       {"sentence-transformers/clip-ViT-B-32-multilingual-v1",
        "clip::sentence_transformers::clip_ViT_B_32_multilingual_v1",
        sentence_transformers::clip_ViT_B_32_multilingual_v1, 512}}};

 private:
  static constexpr BertTextConfig empty() {
    return {.context = 2,
            .vocabulary = 2,
            .width = 1,
            .layers = 1,
            .heads = 1,
            .activation = Activation::gelu,
            .epsilon = 1e-12f};
  }
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tower/bert_text/description.inl.hpp>
#endif
