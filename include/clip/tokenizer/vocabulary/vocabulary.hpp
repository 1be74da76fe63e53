// clip/tokenizer/vocabulary/vocabulary.hpp: reader for CLIP vocabularies: merges, Hugging Face files, folders.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/json.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/merges_file.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/known.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_json.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The symbols of a vocabulary, and what distinguishes it.
struct Vocabulary {
  BytePairs pairs;
  VocabularyIdentity identity;
};

namespace detail {

/// The files to look for in a folder, the most complete first. vocab.json needs merges.txt in the same folder.
inline constexpr std::array<const char*, 5> vocabulary_files{
    "tokenizer.json", "vocab.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt"};

/// `merges`: those of `pairs`.
inline Vocabulary vocabulary_of(const std::string& place, BytePairs pairs, std::span<const Merge> merges) {
  const Index size = pairs.size() + 2;
  std::string checksum = merges_checksum(merges);
  const std::string_view name = vocabulary_name(checksum);
  return {std::move(pairs), {place, size, static_cast<std::int32_t>(size - 1), std::move(checksum), name}};
}

/// Judges merges that were read from a file.
inline Result<Vocabulary> try_vocabulary(const std::string& place, std::span<const Merge> merges) {
  if (auto same = try_check_family(merges, place); !same) return same.error();
  auto pairs = BytePairs::try_make(place, merges, MergeOrder::before);
  if (!pairs) return pairs.error();
  return vocabulary_of(place, std::move(*pairs), merges);
}

inline Result<Vocabulary> try_read_merges(const std::string& path, std::string_view text) {
  const auto merges = try_read_merge_list(text, path);
  if (!merges) return merges.error();
  return try_vocabulary(path, *merges);
}

template <class Inflate>
Result<Vocabulary> try_read_json_vocabulary(const std::string& path, std::string_view text) {
  auto json = try_parse_json(text, path);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  if (const auto model = json->find("model"); model != json->end() && model->is_object()) {
    const auto merges = try_tokenizer_merges(*json, path);
    if (!merges) return merges.error();
    auto vocabulary = try_vocabulary(path, *merges);
    if (!vocabulary) return vocabulary.error();
    if (auto same = try_check_tokenizer_ids(*json, vocabulary->pairs, path); !same) return same.error();
    return vocabulary;
  }

  const auto slash = path.rfind('/');
  const std::string beside = (slash == path.npos ? "" : path.substr(0, slash + 1)) + "merges.txt";
  const auto file = try_read_file<Inflate>(beside);
  if (!file) return file.error();
  auto vocabulary = try_read_merges(beside, as_text(*file));
  if (!vocabulary) return vocabulary.error();
  if (auto same = try_check_ids(*json, Json::array(), vocabulary->pairs, path); !same) return same.error();
  return vocabulary;
}

}  // namespace detail

/// Reads a vocabulary. The path is one of
///   bpe_simple_vocab_16e6.txt(.gz), merges.txt   a list of merges (merges_file.hpp)
///   vocab.json                                   with merges.txt in the same folder; the merges must give the same ids
///   tokenizer.json                               likewise, with the merges in the file itself
///   a folder                                     that contains any of these
/// The content decides the format, not the name. LoadError: the file does not exist (for a folder, the error lists the
/// files looked for), is damaged, is cut where its first line tells which vocabulary it is, has no merge, has a merge
/// of symbols that no earlier merge makes, or is not built like CLIP's vocabulary. SystemError: access denied. A list
/// of merges that is none of the known ones is complete only for a model with as many token embeddings: encoders check
/// it.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<Vocabulary> try_open_vocabulary(const std::string& path) {
  const auto place = detail::try_find_file(path, detail::vocabulary_files);
  if (!place) return place.error();
  const auto file = try_read_file<Inflate>(*place);
  if (!file) return file.error();
  const std::string_view text = detail::without_byte_order_mark(as_text(*file));
  const bool json = detail::looks_like_json(as_text(*file));
  return json ? detail::try_read_json_vocabulary<Inflate>(*place, text) : detail::try_read_merges(*place, text);
}

/// The symbols alone. Errors as try_open_vocabulary.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<BytePairs> try_read_vocabulary(const std::string& path) {
  auto vocabulary = try_open_vocabulary<Inflate>(path);
  if (!vocabulary) return vocabulary.error();
  return std::move(vocabulary->pairs);
}

}  // namespace clip::inline CLIP_ABI
