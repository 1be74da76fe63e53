// clip/formats/word_vectors.hpp: text files of word vectors, as word2vec and GloVe write them.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// One line of such a file.
struct WordVector {
  std::string_view word;          // UTF-8; GloVe's may contain spaces
  std::span<const float> values;  // as many in every line
  std::size_t line;               // from 1
};

/// Calls take(vector) for the lines of a text: "word v1 v2 …", separated by spaces or tabs, LF or CR LF. A first line
/// of two integers is word2vec's header "count dimension", with which the lines are compared. Empty lines are skipped.
/// Returns the dimension.
/// LoadError, with the number of the line: no word or no number, a field that is no finite number, another number of
/// values than in the first line; no vectors at all; another count or dimension than the header's. Errors of `take`.
[[nodiscard]] CLIP_HOST Result<Index> try_parse_word_vectors(
    std::string_view text, const std::string& place, const std::function<Result<void>(const WordVector&)>& take);

/// The same for a file, which is mapped: one line at a time is in memory. LoadError, SystemError: as try_map_file.
[[nodiscard]] CLIP_HOST Result<Index> try_read_word_vectors(const std::string& path,
                                                            const std::function<Result<void>(const WordVector&)>& take);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/formats/word_vectors.inl.hpp>
#endif
