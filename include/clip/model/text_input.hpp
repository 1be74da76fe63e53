// clip/model/text_input.hpp: limits of the token ids that a text tower takes.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// The input of a text tower.
struct TextInput {
  Index context;     // maximum number of ids of a text
  Index vocabulary;  // ids are less than this
};

/// Checks that the ids of a vocabulary are those of the text tower's token embedding. InputError: more or fewer.
[[nodiscard]] inline Result<void> try_check_vocabulary(const TextInput& input, const VocabularyIdentity& vocabulary) {
  if (vocabulary.size == input.vocabulary) return {};
  return InputError{vocabulary.place, "ids of the vocabulary",
                    std::to_string(input.vocabulary) + ", as many as the model has token embeddings", vocabulary.size}
      .with_id("clip.input.vocabulary");
}

}  // namespace clip::inline CLIP_ABI
