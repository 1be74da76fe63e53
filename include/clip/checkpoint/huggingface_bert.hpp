// clip/checkpoint/huggingface_bert.hpp: the config.json of BERT and its relatives in transformers, and what
// sentence-transformers says beside it.
#pragma once

#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/checkpoint/model_statement.hpp>
#include <clip/config/text_pooling.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// A class of transformers: the names of its keys, and whether its positions begin after the id of padding.
struct HuggingfaceBert {
  const char* model_type;
  bool offset;
  const char *width, *layers, *heads, *activation;
};
inline constexpr HuggingfaceBert huggingface_bert{
    "bert", false, "hidden_size", "num_hidden_layers", "num_attention_heads", "hidden_act"};
inline constexpr std::array<HuggingfaceBert, 6> huggingface_berts{
    {huggingface_bert,
     {"distilbert", false, "dim", "n_layers", "n_heads", "activation"},
     {"roberta", true, huggingface_bert.width, huggingface_bert.layers, huggingface_bert.heads, "hidden_act"},
     {"xlm-roberta", true, huggingface_bert.width, huggingface_bert.layers, huggingface_bert.heads, "hidden_act"},
     {"camembert", true, huggingface_bert.width, huggingface_bert.layers, huggingface_bert.heads, "hidden_act"},
     {"chinese_clip_text_model", false, huggingface_bert.width, huggingface_bert.layers, huggingface_bert.heads,
      "hidden_act"}}};

/// The class that a configuration, or the text_config of a pair, is of; null: another.
inline const HuggingfaceBert* huggingface_bert_of(const DescriptionReader& read, const Json* config) {
  const Json* const kind = read.find(config, "model_type");
  const auto found = std::find_if(huggingface_berts.begin(), huggingface_berts.end(), [&](const HuggingfaceBert& of) {
    return kind != nullptr && is_text(*kind, of.model_type);
  });
  return found == huggingface_berts.end() ? nullptr : &*found;
}

/// Reads the keys of a text tower. Those left out have the defaults of transformers' classes, which are BERT-base.
inline void read_huggingface_bert(DescriptionReader& read, const Json* part, const HuggingfaceBert& of,
                                  ModelStatement& model) {
  model.text = {read.integer(part, of.width, 768), read.integer(part, of.layers, 12), read.integer(part, of.heads, 12),
                read.activation(part, of.activation, Activation::gelu), read.number(part, "layer_norm_eps", 1e-12f)};
  model.vocabulary = read.integer(part, "vocab_size", of.offset ? 50265 : 30522);
  const Json* const pad = read.find(part, "pad_token_id");
  model.text.pad = pad == nullptr ? (of.offset ? 1 : 0) : *pad == 0 ? 0 : read.integer(part, "pad_token_id", 0);
  model.text.offset = of.offset ? *model.text.pad + 1 : 0;
  if (const std::string_view kind = read.text(part, "position_embedding_type"); !kind.empty() && kind != "absolute")
    read.problem("position_embedding_type", "absolute", *read.find(part, "position_embedding_type"));
}

/// Adds what the modules of sentence-transformers say: how tokens are pooled, what follows the projection, the maximum
/// number of ids. LoadError: a pooling other than that of the first token or the mean, a Dense with another activation
/// than the identity or tanh.
inline Result<void> try_read_sentence_modules(const FolderDescription& folder, ModelStatement& model) {
  DescriptionReader read{folder.modules_place};
  if (const Json* const pooling = read.find(&folder.modules, "pooling")) {
    read.enter("pooling");
    std::string how{read.text(pooling, "pooling_mode")};
    if (how.empty() && pooling->is_object())
      for (const auto& [key, value] : pooling->items())
        if (key.starts_with("pooling_mode_") && value.is_boolean() && value.get<bool>())
          how += (how.empty() ? "" : ", ") + key.substr(13);
    if (how == "cls" || how == "cls_token") model.text.pooling = TextPooling::first;
    else if (how == "mean" || how == "mean_tokens") model.text.pooling = TextPooling::mean;
    else read.problem("pooling_mode", "cls_token or mean_tokens", Json(how));
  }
  if (const Json* const dense = read.find(&folder.modules, "dense")) {
    read.enter("dense");
    const std::string_view function = read.text(dense, "activation_function");
    const bool tanh = function.empty() || function.ends_with(".Tanh");  // sentence-transformers' default
    if (!tanh && !function.ends_with(".Identity"))
      read.problem("activation_function", "torch.nn.modules.linear.Identity or torch.nn.modules.activation.Tanh",
                   *read.find(dense, "activation_function"));
    model.text.projection_tanh = tanh;
  }
  read.enter("limits");
  const Json* const limits = read.find(&folder.modules, "limits");
  if (read.find(limits, "max_seq_length") != nullptr) model.text.context = read.integer(limits, "max_seq_length", 1);
  return read.finish();
}

}  // namespace clip::inline CLIP_ABI::detail
