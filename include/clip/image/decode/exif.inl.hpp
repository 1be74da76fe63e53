// clip/image/decode/exif.inl.hpp: definitions of clip/image/decode/exif.hpp.
#pragma once

#include <clip/image/decode/exif.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/io/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Tag 0x0112 in the first directory of a TIFF header (TIFF 6.0, section 2), a 16- or 32-bit number; 1 if absent.
inline int tiff_orientation(std::span<const std::byte> tiff) {
  const bool big = starts_with(tiff, "MM"), little = starts_with(tiff, "II");
  const auto u16 = [&](std::size_t at) {
    return big ? load_big<std::uint16_t>(&tiff[at]) : load_little<std::uint16_t>(&tiff[at]);
  };
  const auto u32 = [&](std::size_t at) {
    return big ? load_big<std::uint32_t>(&tiff[at]) : load_little<std::uint32_t>(&tiff[at]);
  };
  if ((!big && !little) || tiff.size() < 8 || u16(2) != 42) return 1;
  const std::size_t directory = u32(4);
  if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
  const std::size_t entries = u16(directory);
  for (std::size_t i = 0, at = directory + 2; i < entries && at + 12 <= tiff.size(); ++i, at += 12) {
    if (u16(at) != 0x0112) continue;
    const std::uint32_t value = u16(at + 2) == 3 ? u16(at + 8) : u16(at + 2) == 4 ? u32(at + 8) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// An EXIF block, with or without its six-byte signature.
inline int exif_block_orientation(std::span<const std::byte> block) {
  return tiff_orientation(starts_with(block, {"Exif\0\0", 6}) ? block.subspan(6) : block);
}

/// JPEG: an APP1 segment before the first scan.
inline int jpeg_orientation(std::span<const std::byte> file) {
  for (std::size_t at = 2; at + 4 <= file.size();) {
    if (file[at] != std::byte{0xFF}) return 1;
    const unsigned marker = std::to_integer<unsigned>(file[at + 1]);
    if (marker == 0xFF) {  // padding
      ++at;
      continue;
    }
    if (marker == 0xD9 || marker == 0xDA) return 1;
    const std::size_t length = load_big<std::uint16_t>(&file[at + 2]);
    if (length < 2 || length > file.size() - at - 2) return 1;
    const auto segment = file.subspan(at + 4, length - 2);
    if (marker == 0xE1 && starts_with(segment, {"Exif\0\0", 6})) return exif_block_orientation(segment);
    at += 2 + length;
  }
  return 1;
}

/// PNG: the eXIf chunk at any position. WebP: the EXIF chunk of an extended file.
inline int chunk_orientation(std::span<const std::byte> file, bool png) {
  const std::size_t before = 8, after = png ? 4 : 0;  // length and name, in either order; the checksum
  for (std::size_t at = png ? 8 : 12; at + before <= file.size();) {
    const std::size_t length = png ? load_big<std::uint32_t>(&file[at]) : load_little<std::uint32_t>(&file[at + 4]);
    if (length > file.size() - at - before) return 1;
    if (starts_with(file, png ? "eXIf" : "EXIF", at + (png ? 4 : 0)))
      return exif_block_orientation(file.subspan(at + before, length));
    at += before + length + (png ? after : length % 2);
  }
  return 1;
}

}  // namespace detail

CLIP_HOST int exif_orientation(std::span<const std::byte> file) {
  if (detail::is_jpeg(file)) return detail::jpeg_orientation(file);
  if (detail::is_png(file)) return detail::chunk_orientation(file, true);
  if (detail::is_webp(file)) return detail::chunk_orientation(file, false);
  return 1;
}

}  // namespace clip::inline CLIP_ABI
