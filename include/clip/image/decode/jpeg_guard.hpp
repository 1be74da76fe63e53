// clip/image/decode/jpeg_guard.hpp: refuses JPEG files whose Huffman tables overrun the decoder's.
//
// stb_image before 2.28 (Debian 12 has 2.27) believes a table's own count of symbols and writes past its 256 places.
#pragma once

#include <clip/core/abi.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI::detail {

/// False where a JPEG file defines a Huffman table of more than 256 symbols; true for all other bytes. Visits every marker the
/// decoder could come to: those of the header, and those after any of the scans.
inline bool jpeg_tables_fit(std::span<const std::byte> file) {
  const auto at = [&](std::size_t i) {
    return i < file.size() ? std::to_integer<unsigned>(file[i]) : 0U;
  };  // zeros past the end
  if (at(0) != 0xFF) return true;
  for (std::size_t i = 0;;) {
    while (i < file.size() && at(i) != 0xFF) ++i;  // data of a scan, or garbage
    while (i < file.size() && at(i) == 0xFF) ++i;
    if (i >= file.size()) return true;
    const unsigned marker = at(i++);
    if (marker == 0xD9) return true;
    if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8))
      continue;  // no segment follows: a stuffed zero, a restart, the start
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
