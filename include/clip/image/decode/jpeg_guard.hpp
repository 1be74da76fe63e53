// clip/image/decode/jpeg_guard.hpp: detects JPEG files whose Huffman tables overflow the decoder's.
//
// stb_image before 2.28 (Debian 12 has 2.27) trusts the symbol count of a table and writes beyond its 256 entries.
#pragma once

#include <clip/core/abi.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// False if a JPEG file defines a Huffman table of more than 256 symbols; true for all other bytes. Visits every marker
/// that the decoder can reach: in the header, and after each scan.
inline bool jpeg_tables_fit(std::span<const std::byte> file) {
  const auto at = [&](std::size_t i) {
    return i < file.size() ? std::to_integer<unsigned>(file[i]) : 0U;
  };  // zeros beyond the end
  if (at(0) != 0xFF) return true;
  for (std::size_t i = 0;;) {
    while (i < file.size() && at(i) != 0xFF) ++i;  // scan data, or garbage
    while (i < file.size() && at(i) == 0xFF) ++i;
    if (i >= file.size()) return true;
    const unsigned marker = at(i++);
    if (marker == 0xD9) return true;
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8))
      continue;  // no segment follows: stuffed zero, restart, start of image
    const std::size_t length = at(i) << 8 | at(i + 1), end = i + length;
    if (length < 2) return true;  // the decoder refuses it
    if (marker == 0xC4) {
      for (std::size_t table = i + 2; table < end;) {
        std::size_t symbols = 0;
        for (std::size_t k = 1; k <= 16; ++k) symbols += at(table + k);
        if (symbols > 256) return false;
        table += 17 + symbols;
      }
    }
    i = end;
  }
}

}  // namespace clip::inline CLIP_ABI::detail
