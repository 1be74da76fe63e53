// clip/io/stb.hpp: stb_image in the namespace clip::detail::stb, without global symbols.
//
// All of stb_image is static here and inside clip::detail::stb, so a program may include its own copy, of another
// version and with other settings, in the same translation unit, before or after this header. Enabled decoders: JPEG,
// PNG. The settings that are not thread-safe (such as flipping) keep their defaults.
#pragma once

#include <clip/core/abi.hpp>

// stb_image.h includes these itself; they must be included outside our namespace first.
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef __ARM_NEON
#include <arm_neon.h>
#endif

#include <clip/io/stb_macros_begin.hpp>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBIDEF static
#define STBI_INCLUDE_STB_IMAGE_H  // skips the declarations: they are extern "C", and no namespace separates such names
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_NO_STDIO
#define STBI_ASSERT(x) ((void)0)           // a bad file ends in an error, with or without NDEBUG
#define STBI_MALLOC(size) calloc(1, size)  // before 2.28 the decoder read tables that a bad file had left uninitialised
// Before 2.28 a distance code that deflate does not have copied bytes of the output buffer before they were written.
#define STBI_REALLOC_SIZED(p, before, size) zeroed_realloc(p, before, size)
#define STBI_FREE(p) free(p)
#ifdef __ARM_NEON
#define STBI_NEON
#endif

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wcast-align"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

namespace clip::inline CLIP_ABI::detail::stb {

/// realloc of a buffer of `before` bytes to more, which are zero. Null: no memory; the old buffer stays.
inline void* zeroed_realloc(void* p, size_t before, size_t size) {
  void* const larger = realloc(p, size);
  if (larger != nullptr && size > before) memset(static_cast<char*>(larger) + before, 0, size - before);
  return larger;
}

// The types of the documented interface, which the skipped declarations would define.
enum { STBI_default = 0, STBI_grey = 1, STBI_grey_alpha = 2, STBI_rgb = 3, STBI_rgb_alpha = 4 };
typedef unsigned char stbi_uc;
typedef unsigned short stbi_us;
struct stbi_io_callbacks {
  int (*read)(void* user, char* data, int size);  // returns the number of bytes read
  void (*skip)(void* user, int n);
  int (*eof)(void* user);
};

#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
}  // namespace clip::inline CLIP_ABI::detail::stb

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <clip/io/stb_macros_end.hpp>
