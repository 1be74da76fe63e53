// clip/formats/word_vectors.inl.hpp: definitions of clip/formats/word_vectors.hpp.
#pragma once

#include <clip/formats/word_vectors.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/mapped_file.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

inline constexpr std::string_view blanks = " \t\r";

/// The number that a field is, all of it, or nothing.
template <class Number>
std::optional<Number> number_in(std::string_view field) {
  Number x{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), x);
  return error == std::errc{} && end == field.data() + field.size() ? std::optional{x} : std::nullopt;
}

/// Splits a line into its fields.
inline void split_fields(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  for (std::size_t at = 0; (at = line.find_first_not_of(blanks, at)) != line.npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
}

}  // namespace detail

CLIP_HOST Result<Index> try_parse_word_vectors(std::string_view text, const std::string& place,
                                               const std::function<Result<void>(const WordVector&)>& take) {
  std::vector<std::string_view> fields;
  std::vector<float> values;
  std::size_t width = 0, number = 0;
  std::int64_t vectors = 0;
  std::optional<std::int64_t> stated;  // the header's count
  const auto wrong = [&](const std::string& what) {
    return LoadError{place, "line " + std::to_string(number) + ": " + what};
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    detail::split_fields(line, fields);
    if (fields.empty()) continue;
    if (width == 0 && !stated && fields.size() == 2) {
      const auto count = detail::number_in<std::int64_t>(fields[0]),
                 dimension = detail::number_in<std::int64_t>(fields[1]);
      if (count && dimension) {
        if (*count < 1 || *dimension < 1 || *dimension > 1'000'000)
          return wrong("no \"count dimension\": " + std::string(line));
        stated = *count;
        width = static_cast<std::size_t>(*dimension);
        continue;
      }
    }
    if (fields.size() < 2) return wrong("expected a word and its vector, found one field");
    if (width == 0) width = fields.size() - 1;
    if (fields.size() < width + 1)
      return wrong("expected a word and " + std::to_string(width) + " numbers, found " + std::to_string(fields.size()) +
                   " fields");
    const std::size_t first = fields.size() - width;  // more fields before it are a word with spaces
    values.resize(width);
    for (std::size_t i = 0; i < width; ++i) {
      const auto x = detail::number_in<float>(fields[first + i]);
      if (!x || !std::isfinite(*x))
        return wrong("expected " + std::to_string(width) + " numbers after the word, found \"" +
                     std::string(fields[first + i].substr(0, 40)) + "\"");
      values[i] = *x;
    }
    const char* const begin = fields[0].data();
    const std::string_view word{begin,
                                static_cast<std::size_t>(fields[first - 1].data() - begin) + fields[first - 1].size()};
    if (auto done = take({word, values, number}); !done) return done.error();
    ++vectors;
  }
  if (vectors == 0) return LoadError{place, "no word vectors"};
  if (stated && *stated != vectors)
    return LoadError{place, "number of word vectors, by its first line", *stated, vectors};
  return static_cast<Index>(width);
}

CLIP_HOST Result<Index> try_read_word_vectors(const std::string& path,
                                              const std::function<Result<void>(const WordVector&)>& take) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  return try_parse_word_vectors(as_text(file->bytes()), path, take);
}

}  // namespace clip::inline CLIP_ABI
