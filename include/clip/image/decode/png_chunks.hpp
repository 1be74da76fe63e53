// clip/image/decode/png_chunks.hpp: a damaged PNG as Pillow reads it: the chunks that it uses, with checksums that fit.
#pragma once

#include <clip/image/decode/decoder.hpp>
#include <clip/image/decode/signatures.hpp>
#include <clip/io/bytes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A chunk in the file. Its data is cut where the file ends; `whole` says that it is not.
struct PngChunk {
  std::span<const std::byte> name, data;
  bool whole;

  bool is(std::string_view other) const { return std::ranges::equal(name, as_byte_span(other)); }
  std::uint32_t checksum() const { return crc32(data, crc32(name)); }
};

/// The chunk at `at`, or nothing: the file ends, or its name is not of letters, digits and underscores.
inline std::optional<PngChunk> png_chunk(std::span<const std::byte> file, std::size_t at) {
  if (at > file.size() || file.size() - at < 8) return std::nullopt;
  const std::size_t length = load_big<std::uint32_t>(&file[at]), left = file.size() - at - 8;
  const auto name = file.subspan(at + 4, 4);
  const bool good = std::ranges::all_of(name, [](std::byte b) {
    const auto c = std::to_integer<unsigned char>(b);
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
  if (!good) return std::nullopt;
  return PngChunk{name, file.subspan(at + 8, std::min(length, left)), length <= left};
}

inline void append_png_chunk(std::vector<std::byte>& png, std::string_view name, std::span<const std::byte> data) {
  const std::size_t at = png.size();
  png.resize(at + 12 + data.size());
  store_big(&png[at], static_cast<std::uint32_t>(data.size()));
  std::ranges::copy(as_byte_span(name), &png[at + 4]);
  if (!data.empty()) std::ranges::copy(data, &png[at + 8]);
  store_big(&png[at + 8 + data.size()], crc32(std::span{png}.subspan(at + 4, 4 + data.size())));
}

/// The file with what Pillow 13 uses of it, or nothing if Pillow refuses it:
///   before the pixels   every chunk must be whole, with its checksum; unknown ones are passed over, also critical ones
///   the pixels          the first run of IDAT; its checksums are not read, and the last may lack its end
///   behind them         chunks must be whole until IEND, a name that is none, or the end of the file
inline std::optional<std::vector<std::byte>> png_as_pillow_reads(std::span<const std::byte> file) {
  std::optional<std::array<std::byte, 13>> header;
  std::span<const std::byte> palette, transparency;
  std::size_t at = 8;
  const auto pass = [&](const PngChunk& chunk) { at += 12 + chunk.data.size(); };

  std::optional<PngChunk> chunk;
  for (; (chunk = png_chunk(file, at)) && !chunk->is("IDAT"); pass(*chunk)) {
    const std::size_t end = at + 8 + chunk->data.size();
    if (!chunk->whole || file.size() - end < 4 || load_big<std::uint32_t>(&file[end]) != chunk->checksum() ||
        chunk->is("IEND"))
      return std::nullopt;
    if (chunk->is("PLTE")) palette = chunk->data;
    if (chunk->is("tRNS")) transparency = chunk->data;
    if (!chunk->is("IHDR")) continue;
    if (chunk->data.size() < 13 || chunk->data[11] != std::byte{0}) return std::nullopt;  // kind of filters
    header.emplace();
    std::ranges::copy(chunk->data.first(13), header->begin());
    (*header)[10] = std::byte{0};                                     // compression: there is one only
    if ((*header)[12] != std::byte{0}) (*header)[12] = std::byte{1};  // interlaced
  }
  if (!header || !chunk) return std::nullopt;

  std::vector<std::byte> png(file.begin(), file.begin() + 8);
  append_png_chunk(png, "IHDR", *header);
  if (!palette.empty()) append_png_chunk(png, "PLTE", palette);
  const auto type = std::to_integer<int>((*header)[9]);
  if (const std::size_t n = transparency.size();
      (type == 0 && n == 2) || (type == 2 && n == 6) || (type == 3 && n > 0 && n <= palette.size() / 3))
    append_png_chunk(png, "tRNS", transparency);
  // Chunk by chunk: a wrong sum at the end of the data is found only in the chunk that completes the last row.
  for (; chunk && chunk->is("IDAT"); chunk = png_chunk(file, at)) {
    append_png_chunk(png, "IDAT", chunk->data);
    pass(*chunk);
  }
  for (; chunk && !chunk->is("IEND"); chunk = png_chunk(file, at)) {
    if (!chunk->whole) return std::nullopt;
    pass(*chunk);
  }
  append_png_chunk(png, "IEND", {});
  return png;
}

/// decode(file, true), and unless strict decode(the file as Pillow reads it, false) where that fails.
template <class Decode>
Result<Image> decode_png(std::span<const std::byte> file, DecodeOptions options, Decode decode) {
  Result<Image> image = decode(file, true);
  if (image || options.strict) return image;
  const auto mended = png_as_pillow_reads(file);
  return mended ? decode(*mended, false) : image;
}

}  // namespace clip::inline CLIP_ABI::detail
