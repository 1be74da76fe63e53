// clip/io/sha256.hpp: SHA-256 of bytes in memory (FIPS 180-4), as the program sha256sum prints it.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// The SHA-256 of `bytes`: 64 hexadecimal digits in lower case.
CLIP_HOST std::string sha256(std::span<const std::byte> bytes);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/sha256.inl.hpp>
#endif
