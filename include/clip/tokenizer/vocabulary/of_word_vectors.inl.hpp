// clip/tokenizer/vocabulary/of_word_vectors.inl.hpp: definitions of clip/tokenizer/vocabulary/of_word_vectors.hpp.
#pragma once

#include <clip/formats/word_vectors.hpp>
#include <clip/tokenizer/basic_tokenizer.hpp>
#include <clip/tokenizer/vocabulary/of_word_vectors.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<WordVectorVocabulary> try_vocabulary_of_word_vectors(const std::string& path, Letters letters,
                                                                      Index most) {
  WordVectorVocabulary vocabulary{.text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n"};
  std::unordered_set<std::string> seen;
  WordScratch scratch;
  const auto is_read_whole = [&](std::string_view word) {
    Index words = 0;
    bool same = true;
    split_words(word, letters == Letters::uncased, scratch, [&](std::string_view read, std::size_t characters) {
      ++words;
      same = same && read == word && characters <= 100;
    });
    return words == 1 && same;
  };
  const auto dimension = try_read_word_vectors(path, [&](const WordVector& v) -> Result<void> {
    const bool full = most > 0 && vocabulary.words == most;
    if (full || !is_read_whole(v.word) || !seen.emplace(v.word).second) {
      ++vocabulary.skipped;
      return {};
    }
    vocabulary.text += v.word;
    vocabulary.text += '\n';
    ++vocabulary.words;
    return {};
  });
  if (!dimension) return dimension.error();
  vocabulary.dimension = *dimension;
  return vocabulary;
}

CLIP_HOST WordVectorVocabulary vocabulary_of_word_vectors(const std::string& path, Letters letters, Index most) {
  return try_vocabulary_of_word_vectors(path, letters, most).value();
}

}  // namespace clip::inline CLIP_ABI
