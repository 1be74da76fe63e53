// clip/io/npy_header.inl.hpp: definitions of clip/io/npy_header.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/npy_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Parses the Python dictionary in the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class NpyLine {
 public:
  explicit NpyLine(std::string_view text) : text_{text} {}

  bool take(char c) {
    skip_spaces();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<std::string_view> string() {
    skip_spaces();
    const char quote = text_.empty() ? ' ' : text_.front();
    if (quote != '\'' && quote != '"') return std::nullopt;
    const auto end = text_.find(quote, 1);
    if (end == text_.npos) return std::nullopt;
    return cut(end + 1).substr(1, end - 1);
  }
  std::optional<bool> boolean() {
    skip_spaces();
    for (const std::string_view word : {"True", "False"})
      if (text_.starts_with(word)) return cut(word.size()) == "True";
    return std::nullopt;
  }
  /// (3, 4), (3,) or (): extents from 0 to the largest Index.
  std::optional<std::vector<Index>> extents() {
    std::vector<Index> all;
    if (!take('(')) return std::nullopt;
    while (!take(')')) {
      const auto n = extent();
      if (!n || all.size() == 32) return std::nullopt;
      all.push_back(*n);
      if (!take(',')) return take(')') ? std::optional{all} : std::nullopt;
    }
    return all;
  }
  bool at_end() {
    skip_spaces();
    return text_.empty();
  }

 private:
  void skip_spaces() { text_.remove_prefix(std::min(text_.find_first_not_of(" \n"), text_.size())); }
  std::string_view cut(std::size_t n) {
    const std::string_view front = text_.substr(0, n);
    text_.remove_prefix(n);
    return front;
  }
  std::optional<Index> extent() {
    skip_spaces();
    constexpr Index most = std::numeric_limits<Index>::max();
    Index n = 0;
    std::size_t digits = 0;
    for (; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      const Index digit = text_[digits] - '0';
      if (n > (most - digit) / 10) return std::nullopt;
      n = 10 * n + digit;
    }
    if (digits == 0) return std::nullopt;
    cut(digits);
    return n;
  }

  std::string_view text_;
};

inline Result<NpyHeader> try_parse_npy_line(std::string_view text, const std::string& place, NpyOrder order) {
  NpyLine line{text};
  std::optional<std::string_view> type;
  std::optional<bool> columns_first;
  std::optional<std::vector<Index>> shape;
  const LoadError bad{place, "npy: the header is not {'descr': …, 'fortran_order': …, 'shape': …}"};
  if (!line.take('{')) return bad;
  for (bool more = true; more && !line.take('}');) {
    const auto key = line.string();
    if (!key || !line.take(':')) return bad;
    if (*key == "descr" && !type) {
      if (!(type = line.string()))
        return LoadError{place, "npy: a record of several types: expected one type of number"};
    } else if (*key == "fortran_order" && !columns_first) {
      if (!(columns_first = line.boolean())) return bad;
    } else if (*key == "shape" && !shape) {
      if (!(shape = line.extents())) return LoadError{place, "npy: the shape is not a list of extents"};
    } else {
      return bad;
    }
    more = line.take(',');
    if (!more && !line.take('}')) return bad;
  }
  if (!type || !columns_first || !shape || !line.at_end()) return bad;

  NpyHeader header;
  std::string known;
  for (std::size_t i = 0; i < npy_types.size(); ++i) {
    known += (i ? ", " : "") + std::string(npy_types[i].name);
    // An older ml_dtypes states no byte order of bfloat16.
    if (npy_types[i].name == (*type == "|V2" ? name_of(NpyType::bf16) : *type)) {
      header.type = static_cast<NpyType>(i);
      known.clear();
      break;
    }
  }
  if (!known.empty()) return LoadError{place, "npy: element type", known, std::string(*type)};
  header.column_major = *columns_first && shape->size() > 1;
  if (header.column_major && order == NpyOrder::row_major)
    return LoadError{place, "npy: column-major (Fortran order): expected row-major"};
  header.shape = std::move(*shape);
  return header;
}

}  // namespace detail

CLIP_HOST Result<NpyHeader> try_parse_npy_header(std::span<const std::byte> bytes, const std::string& place,
                                                 NpyOrder order) {
  constexpr std::string_view magic = "\x93NUMPY";
  if (bytes.size() < 10 || as_text(bytes.first(magic.size())) != magic) return LoadError{place, "not a .npy file"};
  const int version = std::to_integer<int>(bytes[6]);
  if (version < 1 || version > 3) return LoadError{place, "npy: version", "1 to 3", version};
  const std::size_t start = version == 1 ? 10 : 12;
  const std::size_t available = bytes.size() < start ? 0 : bytes.size() - start;
  const std::size_t length = version == 1     ? load_little<std::uint16_t>(bytes.data() + 8)
                             : available == 0 ? 1
                                              : load_little<std::uint32_t>(bytes.data() + 8);
  if (length > available) return LoadError{place, "npy: truncated header"};
  auto header = detail::try_parse_npy_line(as_text(bytes.subspan(start, length)), place, order);
  if (!header) return header;

  header->begin = start + length;
  const std::size_t present = bytes.size() - header->begin, size = size_of(header->type);
  bool none = false;
  for (const Index extent : header->shape) none = none || extent == 0;
  if (none) header->count = 0;
  else
    for (const Index extent : header->shape) {
      if (header->count > present / size / static_cast<std::size_t>(extent))
        return LoadError{
            place, "npy: truncated: " + std::to_string(present) + " bytes of values are fewer than the shape requires"};
      header->count *= static_cast<std::size_t>(extent);
    }
  if (present != header->count * size) return LoadError{place, "npy: bytes of values", header->count * size, present};
  return header;
}

}  // namespace clip::inline CLIP_ABI
