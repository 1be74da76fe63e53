// tests/io/zip_writer.hpp: writes zip files in memory, valid and invalid ones.
#pragma once

#include <clip/io/bytes.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Little-endian bytes of a number.
inline std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i, value >>= 8) bytes += static_cast<char>(value & 0xFF);
  return bytes;
}

/// A deflate stream with one stored block.
inline std::string deflated(std::string_view text) {
  const std::size_t n = text.size();
  return "\x01" + little(n, 2) + little(~n, 2) + std::string(text);
}

struct ZipWriter {
  struct Entry {
    std::string name, content;
    bool deflate = false;
    std::string local_extra{};
    // Overwritten in the directory if not negative: the values of a damaged or hostile file.
    long long size = -1, packed = -1, begin = -1, method = -1, flags = -1, checksum = -1;
    bool wide = false;  // sizes and offset in a zip64 field
  };
  std::vector<Entry> entries;
  std::string comment{};
  bool wide = false;  // zip64 end of the directory
  long long count = -1;

  std::string file() const {
    std::string all, directory;
    for (const Entry& e : entries) {
      const std::string data = e.deflate ? deflated(e.content) : e.content;
      const auto is = [](long long stated, std::uint64_t otherwise) {
        return stated < 0 ? otherwise : static_cast<std::uint64_t>(stated);
      };
      const std::uint64_t method = is(e.method, e.deflate ? 8 : 0), flags = is(e.flags, 0x0808),
                          crc = is(e.checksum, clip::crc32(clip::as_byte_span(e.content))),
                          begin = is(e.begin, all.size()), packed = is(e.packed, data.size()),
                          size = is(e.size, e.content.size());
      // As streaming writers do: the sizes follow the data, the header has none.
      all += "PK\3\4" + little(20, 2) + little(flags, 2) + little(method, 2) + little(0, 4) + little(0, 12) +
             little(e.name.size(), 2) + little(e.local_extra.size(), 2) + e.name + e.local_extra + data + "PK\7\10" +
             little(crc, 4) + little(data.size(), 4) + little(e.content.size(), 4);
      const std::string extra = e.wide ? little(0x7777, 2) + little(3, 2) + "abc" + little(1, 2) + little(24, 2) +
                                             little(size, 8) + little(packed, 8) + little(begin, 8)
                                       : "";
      directory += "PK\1\2" + little(20, 4) + little(flags, 2) + little(method, 2) + little(0, 4) + little(crc, 4) +
                   little(e.wide ? 0xFFFFFFFF : packed, 4) + little(e.wide ? 0xFFFFFFFF : size, 4) +
                   little(e.name.size(), 2) + little(extra.size(), 2) + little(0, 2) + little(0, 8) +
                   little(e.wide ? 0xFFFFFFFF : begin, 4) + e.name + extra;
    }
    const std::size_t begin = all.size();
    const auto entries_stated = count < 0 ? entries.size() : static_cast<std::size_t>(count);
    all += directory;
    if (wide) {
      const std::size_t end = all.size();
      all += "PK\6\6" + little(44, 8) + little(45, 4) + little(0, 8) + little(entries_stated, 8) +
             little(entries_stated, 8) + little(directory.size(), 8) + little(begin, 8);
      all += "PK\6\7" + little(0, 4) + little(end, 8) + little(1, 4);
      return all + "PK\5\6" + little(0, 4) + little(0xFFFF, 2) + little(0xFFFF, 2) + little(0xFFFFFFFF, 4) +
             little(0xFFFFFFFF, 4) + little(comment.size(), 2) + comment;
    }
    return all + "PK\5\6" + little(0, 4) + little(entries_stated, 2) + little(entries_stated, 2) +
           little(directory.size(), 4) + little(begin, 4) + little(comment.size(), 2) + comment;
  }
};
