// clip/io/inflate_stb.hpp: deflate decompression by stb_image's decoder, for builds without zlib.
#pragma once

#include <clip/core/error.hpp>
#include <clip/io/inflate_reason.hpp>
#include <clip/io/stb.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// An inflater: appends the content of one raw deflate stream to `out` and returns the length of the stream in bytes,
/// or 0 and the reason in `why`.
struct StbInflate {
  /// This decoder reads ahead: so many bytes of any value must follow the stream.
  static constexpr std::size_t slack = 8;

  static std::size_t run(std::span<const std::byte> in, std::vector<std::byte>& out, std::size_t most,
                         std::string& why) {
    // The decoder uses 32-bit sizes. A buffer with room for all that is allowed does not grow; pages of it that are not
    // written take no memory. A larger one doubles from this first size.
    constexpr std::size_t largest = std::size_t{1} << 30;
    const bool grows = most >= largest;
    const std::size_t guess = grows ? std::clamp(in.size() * 4, std::size_t{1} << 10, largest) : most + 1;
    auto stream = std::make_unique<stb::stbi__zbuf>();
    stream->zbuffer = reinterpret_cast<stb::stbi_uc*>(const_cast<std::byte*>(in.data()));
    stream->zbuffer_end = stream->zbuffer + in.size();
    auto* const first = static_cast<char*>(std::calloc(1, guess));  // see STBI_REALLOC_SIZED in stb.hpp
    if (first == nullptr) {
      why = "out of memory";
      return 0;
    }
    const bool good = stb::stbi__do_zlib(stream.get(), first, static_cast<int>(guess), grows ? 1 : 0, 0) != 0;
    const std::unique_ptr<char, void (*)(void*)> result{stream->zout_start, &std::free};
    if (!good && !grows && stream->zout_end - stream->zout < 258) {  // no room for one more copy, which is that long
      why = too_large;
      return 0;
    }
    if (!good) {
      why = "damaged or truncated deflate data";
      return 0;
    }
    const auto size = static_cast<std::size_t>(stream->zout - stream->zout_start);
    if (size > most) {
      why = too_large;
      return 0;
    }
    const auto* const bytes = reinterpret_cast<const std::byte*>(result.get());
    out.insert(out.end(), bytes, bytes + size);
    const auto read = static_cast<std::size_t>(stream->zbuffer - reinterpret_cast<const stb::stbi_uc*>(in.data()));
    return read - static_cast<std::size_t>(stream->num_bits / 8);  // subtract the whole bytes that were read ahead
  }
};

}  // namespace clip::inline CLIP_ABI::detail
