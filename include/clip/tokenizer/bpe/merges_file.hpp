// clip/tokenizer/bpe/merges_file.hpp: parser for files of BPE merges (bpe_simple_vocab_16e6.txt, merges.txt).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The number of merges in OpenAI's vocabulary. Its file holds more; only the first ones are used.
inline constexpr Index openai_merges = 49152 - 256 - 2;

/// Bytes of a line that is read as a merge or as the header.
inline constexpr std::size_t longest_merge_line = 1024;

/// Whether the first line of a file of merges says that it is OpenAI's.
inline bool says_openai_merges(std::string_view file) {
  return file.substr(0, std::min(file.find('\n'), longest_merge_line)).find("bpe_simple_vocab_16e6") != file.npos;
}

/// The first `most` merges of a file: one per line, two symbols separated by a space. The first line is a header
/// ("#version: 0.2"; a name precedes it in OpenAI's file) and may be missing. A byte order mark is skipped. The result
/// points into `file`.
/// LoadError: a line that is not a merge, a first line that is no text, a line of more than 1024 bytes.
[[nodiscard]] inline Result<std::vector<Merge>> try_parse_merges(std::string_view file, std::string_view place,
                                                                 Index most = openai_merges) {
  const auto space_between = [](std::string_view line) {
    const std::size_t space = line.find(' ');
    const bool two =
        space != 0 && space != line.npos && space + 1 != line.size() && line.find(' ', space + 1) == line.npos;
    return two ? space : line.npos;
  };
  const auto is_text = [](std::string_view line) {
    return std::ranges::none_of(line, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; }) &&
           valid_utf8(line) == line;
  };
  if (file.starts_with("\xEF\xBB\xBF")) file.remove_prefix(3);
  std::vector<Merge> merges;
  std::size_t line = 1;
  for (std::size_t begin = 0; begin < file.size() && static_cast<Index>(merges.size()) < most; ++line) {
    const std::size_t end = std::min(file.find('\n', begin), file.size());
    std::string_view text = file.substr(begin, end - begin);
    begin = end + 1;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const auto number = [&] { return "line " + std::to_string(line); };
    if (text.size() > longest_merge_line)
      return LoadError{std::string(place), number() + ": bytes", "at most " + std::to_string(longest_merge_line),
                       text.size()};
    const std::size_t space = space_between(text);
    if (line == 1 && (space == text.npos || text.find("#version") != text.npos)) {
      if (!is_text(text))
        return LoadError{std::string(place), "line 1", "a header or a merge, as UTF-8", "other bytes"};
      continue;
    }
    if (text.empty() && begin >= file.size()) break;
    if (space == text.npos)
      return LoadError{std::string(place), number(), "two symbols and a space between",
                       '"' + valid_utf8(text.substr(0, 60)) + '"'};
    merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  }
  return merges;
}

}  // namespace clip::inline CLIP_ABI
