// clip/io/tar.inl.hpp: definitions of clip/io/tar.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/tar.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A field of a header up to its first zero byte.
inline std::string_view tar_text(std::string_view header, std::size_t at, std::size_t size) {
  const std::string_view field = header.substr(at, size);
  return field.substr(0, field.find('\0'));
}

/// An octal number between spaces, or GNU's big-endian form with the highest bit set.
inline std::optional<std::uint64_t> tar_number(std::string_view header, std::size_t at, std::size_t size) {
  const std::string_view field = header.substr(at, size);
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(field[i]);
      if (value >> 55 != 0) return std::nullopt;
      value = value << 8 | (i == 0 ? byte & 0x7FU : byte);
    }
    return value;
  }
  std::string_view digits = tar_text(header, at, size);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  if (digits.empty()) return std::nullopt;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// The value of a key in the records "LENGTH KEY=VALUE\n" of a pax header; empty: it is not there.
inline std::optional<std::string> pax_value(std::string_view records, std::string_view key) {
  std::string value;
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, failed] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (failed != std::errc{} || length <= digits + 1 || length > records.size() || records[digits] != ' ' ||
        records[length - 1] != '\n')
      return std::nullopt;
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    if (record.starts_with(key) && record.substr(key.size()).starts_with('=')) value = record.substr(key.size() + 1);
    records.remove_prefix(length);
  }
  return value;
}

}  // namespace detail

CLIP_HOST Result<std::vector<TarEntry>> try_parse_tar(std::span<const std::byte> archive, const std::string& place) {
  constexpr std::size_t block = 512;
  std::vector<TarEntry> entries;
  std::string long_name;
  const std::string_view text = as_text(archive);
  for (std::size_t at = 0;;) {
    const std::string here = "tar: at byte " + std::to_string(at);
    if (archive.size() - at < block)
      return LoadError{place, here + ": truncated: bytes of a header", block, archive.size() - at};
    const std::string_view header = text.substr(at, block);
    if (header.find_first_not_of('\0') == header.npos) return entries;  // the end of the archive

    std::uint64_t sum = 0;  // of the header, with spaces in the place of the sum
    for (std::size_t i = 0; i < block; ++i)
      sum += i >= 148 && i < 156 ? std::uint64_t{' '} : static_cast<unsigned char>(header[i]);
    const auto stated = detail::tar_number(header, 148, 8), size = detail::tar_number(header, 124, 12);
    if (!stated || *stated != sum)
      return LoadError{place, here + ": damaged, or not a tar archive: the checksum differs"};
    if (!size) return LoadError{place, here + ": the size is no octal number"};
    at += block;
    if (*size > archive.size() - at)
      return LoadError{place, here + ": truncated: bytes of a file", *size, archive.size() - at};
    const auto content = archive.subspan(at, static_cast<std::size_t>(*size));

    const char type = header[156];
    if (type == 'L') {  // GNU: the name of the next file
      long_name = as_text(content).substr(0, as_text(content).find('\0'));
    } else if (type == 'x') {
      const auto name = detail::pax_value(as_text(content), "path");
      if (!name) return LoadError{place, here + ": a damaged pax header"};
      if (!name->empty()) long_name = *name;
    } else {
      const bool posix = header.substr(257, 6) == std::string_view{"ustar\0", 6};
      std::string name{detail::tar_text(header, 0, 100)};
      if (const auto prefix = detail::tar_text(header, 345, 155); posix && !prefix.empty())
        name = std::string(prefix) + '/' + name;
      if (!long_name.empty()) name = std::exchange(long_name, {});
      if (type == '0' || type == '\0' || type == '7') entries.push_back({std::move(name), content});
    }
    const std::size_t padded = (content.size() + block - 1) / block * block;
    at += std::min(padded, archive.size() - at);
  }
}

}  // namespace clip::inline CLIP_ABI
