// Includes its own stb_image first, with all its functions and its own settings, then the library.
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_JPEG
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif

#include <clip/image/read.hpp>

#if !defined(STB_IMAGE_IMPLEMENTATION) || !defined(STBI_INCLUDE_STB_IMAGE_H) || !defined(STBI_VERSION) || \
    !defined(STBI_NO_JPEG) || defined(STBI_ONLY_PNG)
#error "the program's own macros were changed"
#endif

#include "image.hpp"

int before() {
  int width = 0, height = 0, channels = 0;
  stbi_uc* const own =
      stbi_load_from_memory(image_file, static_cast<int>(sizeof image_file - 1), &width, &height, &channels, 0);
  const bool good = own != nullptr && own[5] == 'f' && clip::decode_image(image_bytes()).row(1)[2] == 'f';
  stbi_image_free(own);
  return good ? 0 : 1;
}
