// clip/tower/cbow_text/config.hpp: configuration of a text tower that averages word embeddings.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/core/size.hpp>

namespace clip::inline CLIP_ABI {

/// A continuous bag of words (Mikolov et al. 2013), the other text encoder of Radford et al. 2021: the mean of the
/// embeddings of a text's words, and a projection. The first ids of its vocabulary are [PAD], [UNK], [CLS] and [SEP]
/// (vocabulary_of_word_vectors), which are no words: they are in the mean only of a text that has no word.
struct CbowTextConfig {
  Index context;     // the most ids of a text
  Index vocabulary;  // ids are less than this
  Index width;

  static constexpr Index first_word = 4;

  /// Whether no size is dyn.
  constexpr bool fixed() const { return context != dyn && vocabulary != dyn && width != dyn; }
  friend constexpr bool operator==(const CbowTextConfig&, const CbowTextConfig&) = default;
};

/// The problem of an impossible configuration, as a sentence, or null; see VitConfig.
constexpr const char* problem(const CbowTextConfig& c) {
  if (!c.fixed()) return nullptr;
  if (!possible_extents({c.context, c.vocabulary, c.width})) return "CbowTextConfig: sizes must be at most 16777216";
  if (c.context < 2 || c.vocabulary <= CbowTextConfig::first_word || c.width < 1)
    return "CbowTextConfig: sizes must be positive, context at least 2 and vocabulary at least 5";
  if (static_cast<double>(c.width) * static_cast<double>(c.vocabulary) > most_weights)
    return "CbowTextConfig: more than 2^37 weights";
  return nullptr;
}

}  // namespace clip::inline CLIP_ABI
