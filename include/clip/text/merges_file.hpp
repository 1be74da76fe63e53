// clip/text/merges_file.hpp: lists of merges as files hold them (bpe_simple_vocab_16e6.txt, merges.txt).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/text/bpe.hpp>
#include <clip/text/unicode.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Merges of OpenAI's vocabulary; what its file holds beyond them is not used.
inline constexpr Index openai_merges = 49152 - 256 - 2;

/// The first `most` merges of a file: a header line, then one merge per line, two symbols with a space between.
/// The result borrows from `file`. LoadError: a line that is no merge.
[[nodiscard]] inline Result<std::vector<Merge>> try_parse_merges(std::string_view file, std::string_view place, Index most = openai_merges) {
  std::vector<Merge> merges;
  std::size_t at = file.find('\n');
  for (std::size_t line = 2; at != std::string_view::npos && static_cast<Index>(merges.size()) < most; ++line) {
    const std::size_t begin = at + 1;
    at = file.find('\n', begin);
    std::string_view text = file.substr(begin, at == std::string_view::npos ? at : at - begin);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (text.empty() && (at == std::string_view::npos || at + 1 == file.size())) break;
    const std::size_t space = text.find(' ');
    if (space == 0 || space == std::string_view::npos || space + 1 == text.size() || text.find(' ', space + 1) != std::string_view::npos)
      return LoadError{std::string(place), "line " + std::to_string(line), "two symbols and a space between", '"' + valid_utf8(text.substr(0, 60)) + '"'};
    merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  }
  return merges;
}

}  // namespace clip::inline CLIP_ABI
