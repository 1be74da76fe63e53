// clip/io/zip_write.inl.hpp: definitions of clip/io/zip_write.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/zip_write.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Appends numbers as little-endian bytes.
template <std::unsigned_integral... U>
void add_zip_fields(std::string& record, U... values) {
  const auto add = [&](auto value) {
    std::array<std::byte, sizeof(value)> bytes{};
    store_little(bytes.data(), value);
    record += as_text(bytes);
  };
  (add(values), ...);
}

inline constexpr std::uint64_t zip_in_extra = 0xFFFFFFFFU;  // in a field of 32 bits: the value is in the zip64 field

/// A number of 32 bits, or the sign that it is in the zip64 field.
constexpr std::uint32_t narrow_zip_field(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min(value, zip_in_extra));
}

/// What the header of an entry and its record in the directory have in common: version, flags (names are UTF-8),
/// method, time (the first day of 1980), checksum, sizes, length of the name.
inline std::string zip_entry_fields(const std::string& name, std::uint64_t size, std::uint32_t checksum) {
  std::string fields;
  add_zip_fields(fields, std::uint16_t{45}, std::uint16_t{0x0800}, std::uint16_t{0}, std::uint16_t{0},
                 std::uint16_t{0x21}, checksum, narrow_zip_field(size), narrow_zip_field(size),
                 static_cast<std::uint16_t>(name.size()));
  return fields;
}

/// The zip64 field with those of the values that do not fit 32 bits; empty if all do.
template <std::same_as<std::uint64_t>... U>
std::string zip64_field(U... values) {
  std::string wide;
  for (const std::uint64_t value : {values...})
    if (value >= zip_in_extra) add_zip_fields(wide, value);
  if (wide.empty()) return {};
  std::string field;
  add_zip_fields(field, std::uint16_t{1}, static_cast<std::uint16_t>(wide.size()));
  return field + wide;
}

}  // namespace detail

CLIP_HOST Result<ZipFileWriter> ZipFileWriter::try_create(const std::string& path) {
  auto file = AtomicFile::try_create(path);
  return file ? Result<ZipFileWriter>{ZipFileWriter{std::move(*file)}} : file.error();
}

CLIP_HOST Result<void> ZipFileWriter::put(const std::string& bytes) {
  at_ += bytes.size();
  return file_.try_write(as_byte_span(bytes));
}

CLIP_HOST Result<void> ZipFileWriter::finish_entry() const {
  if (left_ > 0) return InputError{file_.path(), "zip: " + name_ + ": bytes missing", 0, left_};
  if (checksum_ != expected_)
    return InputError{file_.path(), "zip: " + name_ + ": other bytes than its checksum is of"};
  return {};
}

CLIP_HOST Result<void> ZipFileWriter::try_begin(const std::string& name, std::size_t size, std::uint32_t checksum) {
  if (auto done = finish_entry(); !done) return done;
  if (name.size() > 0xFFFF) return InputError{file_.path(), "zip: bytes of a name", "at most 65535", name.size()};
  const std::uint64_t begin = at_, bytes = size;
  const std::string fields = detail::zip_entry_fields(name, bytes, checksum);
  const std::string local = detail::zip64_field(bytes, bytes), central = detail::zip64_field(bytes, bytes, begin);
  const auto length_of = [](const std::string& extra) { return static_cast<std::uint16_t>(extra.size()); };

  std::string header = "PK\3\4" + fields;
  detail::add_zip_fields(header, length_of(local));
  directory_ += "PK\1\2";
  detail::add_zip_fields(directory_, std::uint16_t{45});
  directory_ += fields;
  // No comment, the first disk, no attributes.
  detail::add_zip_fields(directory_, length_of(central), std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0},
                         std::uint32_t{0}, detail::narrow_zip_field(begin));
  directory_ += name + central;
  ++entries_;
  name_ = name;
  left_ = bytes;
  expected_ = checksum;
  checksum_ = 0;
  return put(header + name + local);
}

CLIP_HOST Result<void> ZipFileWriter::try_write(std::span<const std::byte> bytes) {
  if (bytes.size() > left_)
    return InputError{file_.path(), "zip: " + name_ + ": bytes", "at most " + std::to_string(left_) + " more",
                      bytes.size()};
  left_ -= bytes.size();
  at_ += bytes.size();
  checksum_ = crc32(bytes, checksum_);
  return file_.try_write(bytes);
}

CLIP_HOST Result<void> ZipFileWriter::try_commit() {
  if (auto done = finish_entry(); !done) return done;
  const std::uint64_t begin = at_, size = directory_.size();
  if (auto done = put(directory_); !done) return done;
  std::string end;
  const bool wide = std::max({begin, size}) >= detail::zip_in_extra || entries_ >= 0xFFFF;
  if (wide) {
    const std::uint64_t at = at_;
    end += "PK\6\6";
    detail::add_zip_fields(end, std::uint64_t{44}, std::uint16_t{45}, std::uint16_t{45}, std::uint32_t{0},
                           std::uint32_t{0}, entries_, entries_, size, begin);
    end += "PK\6\7";
    detail::add_zip_fields(end, std::uint32_t{0}, at, std::uint32_t{1});
  }
  const auto count = static_cast<std::uint16_t>(std::min<std::uint64_t>(entries_, 0xFFFF));
  end += "PK\5\6";
  detail::add_zip_fields(end, std::uint16_t{0}, std::uint16_t{0}, count, count, detail::narrow_zip_field(size),
                         detail::narrow_zip_field(begin), std::uint16_t{0});
  if (auto done = put(end); !done) return done;
  return file_.try_commit();
}

}  // namespace clip::inline CLIP_ABI
