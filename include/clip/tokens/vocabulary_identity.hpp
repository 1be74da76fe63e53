// clip/tokens/vocabulary_identity.hpp: what distinguishes a vocabulary from others: file, size, end-of-text id, checksum.
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
  std::string checksum;   // SHA-256 in hexadecimal: of the merges, a line "left right\n" each, or of a WordPiece file
  std::string_view name;  // of a known vocabulary; otherwise empty
};

}  // namespace clip::inline CLIP_ABI
