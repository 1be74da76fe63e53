// clip/core/printable.hpp: text for a terminal or a log: control characters escaped.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The text with every control character (below U+0020, U+007F to U+009F) as \n, \r, \t or its bytes as \xNN. File
/// names and the content of files may hold sequences that move a terminal's cursor or change its settings.
inline std::string printable(std::string_view text) {
  std::string out;
  const auto escape = [&out](unsigned char byte) {
    out += "\\x";
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    if (byte == '\n') out += "\\n";
    else if (byte == '\r') out += "\\r";
    else if (byte == '\t') out += "\\t";
    else if (byte < ' ' || byte == 0x7F) escape(byte);
    else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {  // U+0080 to U+009F in UTF-8
      escape(byte);
      escape(next);
      ++i;
    } else out += text[i];
  }
  return out;
}

}  // namespace clip::inline CLIP_ABI
