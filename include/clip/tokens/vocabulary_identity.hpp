// clip/tokens/vocabulary_identity.hpp: what distinguishes a vocabulary: file, size, end-of-text id, checksum.
#pragma once

#include <clip/core/size.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A vocabulary as its tokenizer states it. Batches of texts carry it, so that a model can refuse ids of another one.
struct VocabularyIdentity {
  std::string place;      // the file, for messages
  Index size = 0;         // ids are less than this
  std::int32_t eot = -1;  // end-of-text id; -1: none
  std::string checksum;   // SHA-256 in hexadecimal: of the merges, a line "left right\n" each; of a SentencePiece's
                          // pieces, a line each; of a WordPiece file; or of a reduced vocabulary the whole one's
                          // checksum and the ids kept, a line each
  std::string_view name;  // of a known vocabulary, or reduced_vocabulary_name; otherwise empty

  /// "bpe.txt of 49408 ids"
  std::string in_words() const { return place + " of " + std::to_string(size) + " ids"; }
};

/// The name of every reduced vocabulary.
inline constexpr std::string_view reduced_vocabulary_name = "a reduced vocabulary";

/// Whether ids of one vocabulary are ids of the other, wherever their files are. Without a checksum only the sizes are
/// compared.
inline bool same_vocabulary(const VocabularyIdentity& a, const VocabularyIdentity& b) {
  return a.size == b.size && a.eot == b.eot && (a.checksum.empty() || b.checksum.empty() || a.checksum == b.checksum);
}

}  // namespace clip::inline CLIP_ABI
