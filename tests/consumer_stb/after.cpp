// Includes the library first, then its own stb_image, which is private to this file (before.cpp has the public one).
#include <clip/image/read.hpp>

#if defined(STBI_INCLUDE_STB_IMAGE_H) || defined(STB_IMAGE_IMPLEMENTATION) || defined(STB_IMAGE_STATIC) || \
    defined(STBIDEF) || defined(STBI_ONLY_PNG) || defined(STBI_NO_STDIO)
#error "the library leaves macros of stb_image behind"
#endif

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif

#include "image.hpp"

int after() {
  int width = 0, height = 0, channels = 0;
  stbi_set_flip_vertically_on_load(1);  // a setting of the program's copy must not affect the library's
  stbi_uc* const own =
      stbi_load_from_memory(image_file, static_cast<int>(sizeof image_file - 1), &width, &height, &channels, 0);
  const bool good = own != nullptr && own[0] == 'd' && clip::decode_image(image_bytes()).row(0)[0] == 'a';
  stbi_image_free(own);
  return good ? 0 : 1;
}
