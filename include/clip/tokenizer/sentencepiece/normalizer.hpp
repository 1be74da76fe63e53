// clip/tokenizer/sentencepiece/normalizer.hpp: SentencePiece's normaliser: replaces characters, marks spaces.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/sentencepiece/character_map.hpp>
#include <clip/tokenizer/sentencepiece/piece_model.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Rewrites a text as pieces spell it, from left to right. A user-defined piece is copied, the longest that begins
/// there; else the longest beginning that the map of characters has is replaced; else one character is copied. Spaces
/// follow NormalizerRules.
class PieceNormalizer {
 public:
  /// `fixed`: the user-defined pieces. LoadError: as CharacterMap::try_parse.
  [[nodiscard]] static CLIP_HOST Result<PieceNormalizer> try_make(const NormalizerRules& rules, PieceTrie fixed,
                                                                  const std::string& place);

  /// Replaces `out` by the normalised text, valid UTF-8 where the map's replacements are: each invalid byte of `text`
  /// becomes U+FFFD. False: more than `most` bytes.
  CLIP_HOST bool normalize(std::string_view text, std::size_t most, std::string& out) const;

  /// The user-defined piece at the beginning of a text.
  PieceTrie::Match fixed(std::string_view text) const {
    return begins_fixed_[static_cast<unsigned char>(text.front())] ? fixed_.longest(text) : PieceTrie::Match{0, -1};
  }
  const NormalizerRules& rules() const { return rules_; }

 private:
  class Writer;

  CLIP_HOST bool rewrite(std::string_view text, std::size_t most, std::string& out) const;

  NormalizerRules rules_;  // without its map, which is below
  CharacterMap map_;
  PieceTrie fixed_;
  std::array<bool, 256> begins_fixed_{};
  bool space_is_plain_ = false;  // nothing that is replaced begins with a space
  bool printable_is_plain_ = false;
  std::array<bool, 256> plain_{};  // ASCII other than a space: unchanged wherever an ASCII character or the end follows
};

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/sentencepiece/normalizer.inl.hpp>
#endif
