// clip/tokenizer/bpe/symbol_names.hpp: two-way map between the strings of a vocabulary and their ids.
#pragma once

#include <clip/core/size.hpp>
#include <clip/tokenizer/bpe/byte_symbols.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The end-of-word mark: the last symbol of every piece ends with it, in vocabulary files and here.
inline constexpr std::string_view end_of_piece = "</w>";

namespace detail {

/// The strings of a vocabulary by id, and the id of a string. Strings are
/// stored as bytes, not as the file's characters.
class SymbolNames {
 public:
  void reserve(std::size_t count) {
    ends_.reserve(count);
    slots_.assign(std::bit_ceil(2 * count), -1);
  }
  Index size() const { return static_cast<Index>(ends_.size()); }
  std::string_view operator[](std::int32_t id) const {
    const auto i = static_cast<std::size_t>(id);
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view{bytes_}.substr(begin, ends_[i] - begin);
  }

  /// Gives the string left + right the next id. The last of equal strings wins, as in the reference.
  void add(std::string_view left, std::string_view right) {
    const auto id = static_cast<std::int32_t>(size());
    const std::size_t s = slot(left, right);
    twice_ = twice_ || slots_[s] >= 0;
    bytes_.append(left).append(right);
    ends_.push_back(bytes_.size());
    slots_[s] = id;
  }
  /// Whether any two ids have the same string.
  bool twice() const { return twice_; }
  /// The id of the string left + right, or -1.
  std::int32_t find(std::string_view left, std::string_view right = {}) const { return slots_[slot(left, right)]; }

 private:
  std::size_t slot(std::string_view left, std::string_view right) const {
    std::uint64_t h = left.size() + right.size();
    for (const std::string_view part : {left, right}) {
      for (const char c : part) h = (h ^ static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15ULL;
    }
    const auto same = [&](std::string_view name) {
      return name.size() == left.size() + right.size() && name.starts_with(left) && name.ends_with(right);
    };
    std::size_t s = static_cast<std::size_t>(h ^ h >> 32) & (slots_.size() - 1);
    while (slots_[s] >= 0 && !same((*this)[slots_[s]])) s = (s + 1) & (slots_.size() - 1);
    return s;
  }

  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::int32_t> slots_;
  bool twice_ = false;
};

/// Appends the bytes of a symbol, as spelled in a vocabulary file, to `out`; false if a character represents no byte.
inline bool symbol_bytes(std::string_view symbol, std::string& out) {
  for (std::size_t at = 0; at < symbol.size();) {
    const CodePoint c = decode_utf8(symbol, at);
    const int id = symbol_of_character(c.value);
    if (id < 0) return false;
    out.push_back(static_cast<char>(byte_of_symbol[static_cast<std::size_t>(id)]));
    at += c.bytes;
  }
  return !symbol.empty();
}

/// The inverse: the spelling of these bytes in a vocabulary file.
inline std::string symbol_text(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) append_utf8(text, symbol_character(symbol_of_byte[static_cast<unsigned char>(c)]));
  return text;
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
