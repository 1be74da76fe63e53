// clip/tower/bert_text/openclip.hpp: the models of transformers that OpenCLIP's hf_model_name may say, with their sizes.
#pragma once

#include <clip/tower/bert_text/config.hpp>
#include <clip/tower/bert_text/published.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// A name and the sizes that it stands for; context, pooling and projection are the file's.
struct BertOfName {
  std::string_view name;
  BertTextConfig config;
};

/// With the rows of the table of positions, whatever the context.
constexpr BertTextConfig with_table(BertTextConfig c) {
  c.positions = c.table();
  return c;
}

/// PubMedBERT has BERT's sizes and a vocabulary of its own of the same size. Of names with the same sizes the first is
/// written.
inline constexpr std::array<BertOfName, 9> berts_by_name{
    {{"bert-base-uncased", with_table(bert::base_uncased)},
     {"roberta-base", with_table(bert::roberta_base)},
     {"xlm-roberta-base", with_table(bert::xlm_roberta_base)},
     {"xlm-roberta-large", with_table(bert::xlm_roberta_large)},
     {"microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract", with_table(bert::base_uncased)},
     {"microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract", with_table(bert::base_uncased)},
     {"microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext", with_table(bert::base_uncased)},
     {"microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract-fulltext", with_table(bert::base_uncased)},
     {"google-bert/bert-base-uncased", with_table(bert::base_uncased)}}};

inline const BertOfName* bert_of_name(std::string_view name) {
  const auto found = std::find_if(berts_by_name.begin(), berts_by_name.end(),
                                  [&](const BertOfName& known) { return known.name == name; });
  return found == berts_by_name.end() ? nullptr : &*found;
}

/// The name of the sizes of a tower, or null.
inline const BertOfName* bert_named(const BertTextConfig& c) {
  for (const BertOfName& known : berts_by_name) {
    BertTextConfig same = with_table(c);
    same.context = known.config.context;
    same.pooler = known.config.pooler;
    same.pooling = known.config.pooling;
    same.projection = known.config.projection;
    if (same == known.config) return &known;
  }
  return nullptr;
}

inline std::string bert_names_in_words() {
  std::string words;
  for (const BertOfName& known : berts_by_name) words += (words.empty() ? "" : ", ") + std::string(known.name);
  return words;
}

}  // namespace clip::inline CLIP_ABI::detail
