// clip/io/inflate_zlib.hpp: deflate decompression by zlib. Needs zlib's header and library.
#pragma once

#include <clip/core/error.hpp>
#include <clip/io/inflate_reason.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// An inflater: appends the content of one raw deflate stream to `out` and returns the length of the stream in bytes,
/// or 0 and the reason in `why`.
struct ZlibInflate {
  static constexpr std::size_t slack = 0;

  static std::size_t run(std::span<const std::byte> in, std::vector<std::byte>& out, std::size_t most,
                         std::string& why) {
    constexpr std::size_t step = std::size_t{1} << 30;  // zlib counts in 32 bits
    ::z_stream stream{};
    const auto fail = [&](std::string reason) {
      why = std::move(reason);
      return std::size_t{0};
    };
    if (::inflateInit2(&stream, -15) != Z_OK) return fail("out of memory");
    std::size_t read = 0, written = 0;
    const std::size_t start = out.size();
    int state = Z_OK;
    while (state == Z_OK) {
      if (out.size() == start + written) {
        if (written > most) break;
        // One byte more than allowed shows that there is more.
        out.resize(start + written + std::min(std::clamp(written, std::size_t{1} << 16, step), most - written + 1));
      }
      const std::size_t input = std::min(in.size() - read, step), space = std::min(out.size() - start - written, step);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data() + read));
      stream.avail_in = static_cast<uInt>(input);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + start + written);
      stream.avail_out = static_cast<uInt>(space);
      state = ::inflate(&stream, Z_NO_FLUSH);
      read += input - stream.avail_in;
      written += space - stream.avail_out;
    }
    ::inflateEnd(&stream);
    out.resize(start + written);
    if (written > most) return fail(too_large);
    if (state == Z_BUF_ERROR) return fail("truncated deflate data");
    if (state != Z_STREAM_END) return fail("damaged deflate data");
    return read;
  }
};

}  // namespace clip::inline CLIP_ABI::detail
