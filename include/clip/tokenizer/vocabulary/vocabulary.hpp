// clip/tokenizer/vocabulary/vocabulary.hpp: reader for CLIP vocabularies: merges, Hugging Face files, folders.
#pragma once

#include <clip/core/result.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/json.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/merges_file.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_json.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {
namespace detail {

/// The files to look for in a folder, the most complete first. vocab.json needs merges.txt in the same folder.
inline constexpr std::array<const char*, 5> vocabulary_files{
    "tokenizer.json", "vocab.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt"};

inline Result<BytePairs> try_read_merges(const std::string& path, std::string_view text) {
  const auto merges = try_parse_merges(text, path);
  if (!merges) return merges.error();
  return BytePairs::try_make(path, *merges);
}

template <class Inflate>
Result<BytePairs> try_read_json_vocabulary(const std::string& path, std::string_view text) {
  auto json = try_parse_json(text, path);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  if (const auto model = json->find("model"); model != json->end() && model->is_object())
    return try_read_tokenizer_json(*json, path);

  const auto slash = path.rfind('/');
  const std::string beside = (slash == path.npos ? "" : path.substr(0, slash + 1)) + "merges.txt";
  const auto file = try_read_file<Inflate>(beside);
  if (!file) return file.error();
  auto pairs = try_read_merges(beside, as_text(*file));
  if (!pairs) return pairs.error();
  if (auto same = try_check_ids(*json, Json::array(), *pairs, path); !same) return same.error();
  return pairs;
}

}  // namespace detail

/// Reads the symbols of a vocabulary. The path is one of
///   bpe_simple_vocab_16e6.txt(.gz), merges.txt   a list of merges (merges_file.hpp)
///   vocab.json                                   with merges.txt in the same folder; the merges must give the same ids
///   tokenizer.json                               likewise, with the merges in the file itself
///   a folder                                     that contains any of these
/// The content decides the format, not the name. LoadError: the file does not exist (for a folder, the error lists the
/// files looked for), is damaged, or is not built like CLIP's vocabulary. SystemError: access denied.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<BytePairs> try_read_vocabulary(const std::string& path) {
  const auto place = detail::try_find_file(path, detail::vocabulary_files);
  if (!place) return place.error();
  const auto file = try_read_file<Inflate>(*place);
  if (!file) return file.error();
  const std::string_view text = as_text(*file);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != text.npos && text[first] == '{';
  return json ? detail::try_read_json_vocabulary<Inflate>(*place, text) : detail::try_read_merges(*place, text);
}

}  // namespace clip::inline CLIP_ABI
