// clip/image/decode/jpeg_guard.hpp: what a JPEG decoder must not be given: too many scans, too large Huffman tables.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

/// The most scans of a JPEG. Encoders write about ten. Every scan passes over all coefficients: a small file of
/// thousands of scans takes minutes.
inline constexpr int most_jpeg_scans = 500;

namespace detail {

/// Calls visit(marker, begin, end) for the segment of every marker that a decoder can reach, in the header and after
/// each scan, until it returns false: [begin, end) follows the segment's length, and may extend beyond the file.
template <class Visit>
void visit_jpeg_segments(std::span<const std::byte> file, Visit&& visit) {
  const auto at = [&](std::size_t i) {
    return i < file.size() ? std::to_integer<unsigned>(file[i]) : 0U;
  };  // zeros beyond the end
  if (at(0) != 0xFF) return;
  for (std::size_t i = 0;;) {
    while (i < file.size() && at(i) != 0xFF) ++i;  // scan data, or garbage
    while (i < file.size() && at(i) == 0xFF) ++i;
    if (i >= file.size()) return;
    const unsigned marker = at(i++);
    if (marker == 0xD9) return;
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8))
      continue;  // no segment follows: stuffed zero, restart, start of image
    const std::size_t length = at(i) << 8 | at(i + 1);
    if (length < 2) return;  // decoders refuse it
    if (!visit(marker, i + 2, i + length)) return;
    i += length;
  }
}

/// False if a JPEG file defines a Huffman table of more than 256 symbols; true for all other bytes. stb_image before
/// 2.28 (Debian 12 has 2.27) trusts the symbol count of a table and writes beyond its 256 entries.
inline bool jpeg_tables_fit(std::span<const std::byte> file) {
  bool fit = true;
  visit_jpeg_segments(file, [&](unsigned marker, std::size_t table, std::size_t end) {
    while (fit && marker == 0xC4 && table < end) {
      std::size_t symbols = 0;
      for (std::size_t k = table + 1; k <= table + 16 && k < file.size(); ++k)
        symbols += std::to_integer<std::size_t>(file[k]);
      fit = symbols <= 256;
      table += 17 + symbols;
    }
    return fit;
  });
  return fit;
}

/// Whether a JPEG file has at most most_jpeg_scans starts of a scan.
inline bool jpeg_scans_fit(std::span<const std::byte> file) {
  int scans = 0;
  visit_jpeg_segments(file, [&](unsigned marker, std::size_t, std::size_t) {
    scans += marker == 0xDA ? 1 : 0;
    return scans <= most_jpeg_scans;
  });
  return scans <= most_jpeg_scans;
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
