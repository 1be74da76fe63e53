// clip/tokenizer/vocabulary/byte_level_json.hpp: reader for RoBERTa's vocabularies: vocab.json and merges.txt, or
// tokenizer.json.
#pragma once

#include <clip/core/result.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The tables of a ByteLevel, built once and then only read.
struct ByteLevelTables {
  enum Special : int { start, pad, end, unknown, mask };
  static constexpr std::array<std::string_view, 5> special_names{"<s>", "<pad>", "</s>", "<unk>", "<mask>"};

  BytePairs pairs;
  std::vector<std::int32_t> id_of_symbol;  // the vocabulary's id of every symbol of `pairs`
  std::vector<std::string> names;          // by id: bytes, or one of the special names
  std::array<std::int32_t, special_names.size()> specials{};
  std::string checksum;
  bool mask_strips = true;  // whether <mask> takes the white space before it, as in the published files

  std::int32_t special(int which) const { return specials[static_cast<std::size_t>(which)]; }
  /// The special name at the beginning of a text; -1: none.
  static constexpr int special_at(std::string_view text) {
    for (std::size_t i = 0; i < special_names.size(); ++i)
      if (text.starts_with(special_names[i])) return static_cast<int>(i);
    return -1;
  }
};

/// Whether a JSON text has a model, as tokenizer.json has and vocab.json has not.
CLIP_HOST bool holds_model(std::string_view file);

/// Whether a text is a vocabulary of this kind: a tokenizer.json with a ByteLevel step and no end-of-word mark, or a
/// vocab.json with </s> and without such marks.
CLIP_HOST bool says_byte_level(std::string_view file);

/// A text without the white space at its end.
CLIP_HOST std::string_view without_spaces_at_end(std::string_view text);

/// Reads a tokenizer.json, or a vocab.json with the text of its merges.txt.
/// LoadError: damaged; a step that changes texts or adds a space; an id that is twice, missing or too large; a byte, a
/// merge or a special name without an id; as try_parse_merges.
[[nodiscard]] CLIP_HOST Result<ByteLevelTables> try_read_byte_level(std::string_view json, std::string_view merges,
                                                                    const std::string& place);

}  // namespace clip::inline CLIP_ABI::detail

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/vocabulary/byte_level_json.inl.hpp>
#endif
