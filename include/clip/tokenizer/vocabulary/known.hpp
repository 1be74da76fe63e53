// clip/tokenizer/vocabulary/known.hpp: judges a list of merges: known by its checksum, complete, CLIP's.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/sha256.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/merges_file.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A published vocabulary, known by the checksum of its merges.
struct KnownVocabulary {
  std::string_view name;
  Index merges;
  std::string_view checksum;  // merges_checksum()
};

/// The merges of OpenAI's CLIP. OpenCLIP and Hugging Face publish the same ones, in files of other layouts.
inline constexpr std::array<KnownVocabulary, 1> known_vocabularies{
    {{"OpenAI's CLIP vocabulary", openai_merges, "d308b7377a8ceaa9707a21614fe8c831b9196e197b7aeb69833359362907af02"}}};

/// The SHA-256 of merges written as lines "left right\n": the same for every layout of file. For a merges.txt without
/// superfluous lines it is that of `sed 1d merges.txt | sha256sum`.
inline std::string merges_checksum(std::span<const Merge> merges) {
  std::string text;
  for (const auto& [left, right] : merges) text.append(left).append(" ").append(right).append("\n");
  return sha256(as_byte_span(text));
}

/// The name of a known vocabulary with this checksum; otherwise empty.
inline std::string_view vocabulary_name(std::string_view checksum) {
  for (const KnownVocabulary& known : known_vocabularies)
    if (known.checksum == checksum) return known.name;
  return {};
}

/// The merges that a file holds. OpenAI's file has five times as many as are used: those after the 48,894th are left
/// out if the first line says that the file is OpenAI's, or the merges before are known. LoadError: as
/// try_parse_merges; no merge and no first line that says "#version"; merges that join the space, which is inside no
/// piece of CLIP's (GPT-2's list, for example); fewer or other merges than OpenAI's in a file whose first line says
/// that it is OpenAI's.
[[nodiscard]] inline Result<std::vector<Merge>> try_read_merge_list(std::string_view file, const std::string& place) {
  auto merges = try_parse_merges(file, place, Index{1} << 40);
  if (!merges) return merges.error();
  if (merges->empty() && !file.starts_with("#version"))  // that line alone: the vocabulary of single bytes
    return detail::vocabulary_error(place, "vocabulary", "lines with a merge, two symbols and a space between",
                                    "none in " + std::to_string(file.size()) + " bytes");
  const auto used = static_cast<std::size_t>(openai_merges);
  const std::span<const Merge> first = std::span{*merges}.first(std::min(merges->size(), used));
  if (says_openai_merges(file)) {
    if (merges->size() < used)
      return detail::vocabulary_error(
          place, "merges", std::to_string(openai_merges) + " or more, as its first line promises", merges->size());
    if (const std::string found = merges_checksum(first); found != known_vocabularies.front().checksum)
      return detail::vocabulary_error(
          place, "SHA-256 of the merges",
          std::string(known_vocabularies.front().checksum) + " (OpenAI's, as its first line says)", found);
  }
  if (merges->size() > used && (says_openai_merges(file) || !vocabulary_name(merges_checksum(first)).empty()))
    merges->resize(used);
  return merges;
}

/// Whether all merges can occur in texts as CLIP splits them.
[[nodiscard]] inline Result<void> try_check_family(std::span<const Merge> merges, const std::string& place) {
  const std::string space = detail::symbol_text(" ");
  for (std::size_t r = 0; r < merges.size(); ++r) {
    const auto& [left, right] = merges[r];
    if (left.find(space) == left.npos && right.find(space) == right.npos) continue;
    return detail::vocabulary_error(place, "merge " + std::to_string(r + 1),
                                    "symbols without a space, as CLIP's pieces have none",
                                    '"' + valid_utf8(left) + ' ' + valid_utf8(right) + "\" (\"" + space +
                                        "\" is the space): another family's vocabulary");
  }
  return {};
}

}  // namespace clip::inline CLIP_ABI
