// clip/io/inflate_stb.hpp: deflate streams by stb_image's decoder, where zlib is absent.
#pragma once

#include <clip/core/error.hpp>
#include <clip/io/stb.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// An inflater of the library: appends one raw deflate stream to `out` and says how many bytes it occupied, or 0 and why not.
struct StbInflate {
  /// This decoder reads ahead: some bytes must follow the stream, of whatever kind.
  static constexpr std::size_t slack = 8;

  static std::size_t run(std::span<const std::byte> in, std::vector<std::byte>& out, std::size_t most,
                         std::string& why) {
    // The decoder's buffer doubles from its first size and sizes are 32 bits wide there.
    const std::size_t guess = std::clamp(std::min(in.size() * 4, most), std::size_t{1} << 10, std::size_t{1} << 30);
    auto stream = std::make_unique<stb::stbi__zbuf>();
    stream->zbuffer = reinterpret_cast<stb::stbi_uc*>(const_cast<std::byte*>(in.data()));
    stream->zbuffer_end = stream->zbuffer + in.size();
    auto* const first = static_cast<char*>(std::malloc(guess));
    if (first == nullptr) return why = "out of memory", 0;
    const bool good = stb::stbi__do_zlib(stream.get(), first, static_cast<int>(guess), 1, 0) != 0;
    const std::unique_ptr<char, void (*)(void*)> result{stream->zout_start, &std::free};
    if (!good) return why = "damaged or truncated deflate data", 0;
    const auto size = static_cast<std::size_t>(stream->zout - stream->zout_start);
    if (size > most) return why = "inflates to more than " + std::to_string(most) + " bytes", 0;
    const auto* const bytes = reinterpret_cast<const std::byte*>(result.get());
    out.insert(out.end(), bytes, bytes + size);
    const auto read = static_cast<std::size_t>(stream->zbuffer - reinterpret_cast<const stb::stbi_uc*>(in.data()));
    return read - static_cast<std::size_t>(stream->num_bits / 8);  // whole bytes read ahead go back
  }
};

}  // namespace clip::inline CLIP_ABI::detail
