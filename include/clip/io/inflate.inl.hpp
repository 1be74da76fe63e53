// clip/io/inflate.inl.hpp: definitions of clip/io/inflate.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/file_budget.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/inflate.hpp>

#if defined(CLIP_HAS_ZLIB) && CLIP_HAS_ZLIB
#include <clip/io/inflate_zlib.hpp>
#else
#include <clip/io/inflate_stb.hpp>
#endif

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Length of the gzip header at the start of `in`; 0 if there is none or it is incomplete.
inline std::size_t gzip_header(std::span<const std::byte> in) {
  const auto at = [&](std::size_t i) { return std::to_integer<unsigned>(in[i]); };
  if (in.size() < 10 || at(0) != 0x1F || at(1) != 0x8B || at(2) != 8 || (at(3) & 0xE0U) != 0) return 0;
  const unsigned flags = at(3);
  std::size_t n = 10;
  if (flags & 4U) {  // extra field
    if (n + 2 > in.size()) return 0;
    n += 2 + std::size_t{load_little<std::uint16_t>(in.data() + n)};
  }
  for (const unsigned text : {8U, 16U}) {  // name, comment: up to a zero byte
    if (!(flags & text)) continue;
    while (n < in.size() && at(n) != 0) ++n;
    ++n;
  }
  if (flags & 2U) {  // the header's own checksum: lower half of its CRC-32
    if (n + 2 > in.size() || load_little<std::uint16_t>(in.data() + n) != (crc32(in.first(n)) & 0xFFFFU)) return 0;
    n += 2;
  }
  return n < in.size() ? n : 0;
}

}  // namespace detail

template <class Inflate>
Result<std::vector<std::byte>> try_gunzip(std::span<const std::byte> in, const std::string& place, std::size_t most) {
  if (most == 0) most = file_budget().of(in.size());
  std::vector<std::byte> out;
  std::size_t at = 0, member = 0;
  do {
    const auto fail = [&](const std::string& what) -> Error {
      return LoadError{place,
                       "gzip member " + std::to_string(member) + " (at byte " + std::to_string(at) + "): " + what};
    };
    const std::size_t header = detail::gzip_header(in.subspan(at)), begin = out.size();
    if (header == 0)
      return fail(member == 0 ? "no gzip header, or a damaged one" : "trailing bytes that are not a gzip header");
    std::string why;
    const std::size_t used = Inflate::run(in.subspan(at + header), out, most - out.size(), why);
    if (used == 0 && why == detail::too_large) return detail::budget_error(place, "its inflated content", most);
    if (used == 0) return fail(why);
    const std::size_t trailer = at + header + used;
    if (in.size() < trailer + 8) return fail("truncated: its checksum is missing");
    const std::uint32_t crc = crc32(std::span{out}.subspan(begin));
    if (load_little<std::uint32_t>(in.data() + trailer) != crc) return fail("damaged: its checksum differs");
    if (load_little<std::uint32_t>(in.data() + trailer + 4) != static_cast<std::uint32_t>(out.size() - begin))
      return fail("damaged: its length differs");
    at = trailer + 8;
    ++member;
  } while (at < in.size());
  return out;
}

template <class Inflate>
Result<std::vector<std::byte>> try_inflate(std::span<const std::byte> in, std::size_t size, const std::string& place) {
  std::vector<std::byte> out, padded;
  std::span<const std::byte> source = in;
  if constexpr (Inflate::slack > 0) {
    padded.reserve(in.size() + Inflate::slack);
    padded.assign(in.begin(), in.end());
    padded.resize(in.size() + Inflate::slack);
    source = padded;
  }
  std::string why;
  const std::size_t used = Inflate::run(source, out, size, why);
  if (used == 0 && why == detail::too_large) return LoadError{place, "inflated size", size, "more"};
  if (used == 0) return LoadError{place, why};
  if (used > in.size()) return LoadError{place, "truncated deflate data"};
  if (used < in.size()) return LoadError{place, "deflate data: length", in.size(), used};
  if (out.size() != size) return LoadError{place, "inflated size", size, out.size()};
  return out;
}

template <class Inflate>
Result<std::vector<std::byte>> try_read_file(const std::string& path) {
  auto file = try_read_bytes(path);
  if (!file || !is_gzip(*file)) return file;
  return try_gunzip<Inflate>(*file, path);
}

}  // namespace clip::inline CLIP_ABI
