// clip/tokenizer/vocabulary/of_word_vectors.hpp: a WordPiece vocabulary of whole words, from a file of word vectors.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/wordpiece.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The content of a vocab.txt, and what was left out of it.
struct WordVectorVocabulary {
  std::string text;     // [PAD], [UNK], [CLS], [SEP], then the words in the order of the file
  Index words = 0;      // of the file that are in it
  Index skipped = 0;    // of the file that are not
  Index dimension = 0;  // of the vectors
};

/// The words of a file of word vectors (formats/word_vectors.hpp) as a vocabulary for WordPiece, which then reads a
/// text word by word: there are no pieces of words, and a word that is not listed is [UNK]. Left out are words that the
/// tokenizer makes other words or several of (upper case, accents, punctuation inside a word), those that occurred
/// before, and those after the first `most` (0: no limit; such files list frequent words first).
/// LoadError: as try_parse_word_vectors.
[[nodiscard]] CLIP_HOST Result<WordVectorVocabulary> try_vocabulary_of_word_vectors(const std::string& path,
                                                                                    Letters letters = Letters::uncased,
                                                                                    Index most = 0);
CLIP_HOST WordVectorVocabulary vocabulary_of_word_vectors(const std::string& path, Letters letters = Letters::uncased,
                                                          Index most = 0);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/vocabulary/of_word_vectors.inl.hpp>
#endif
