// tests/consumer_stb compiles and links the other orders of includes.
#define STBI_NO_PNG  // the program's own setting, which our copy must neither see nor change
#include <clip/io/stb.hpp>

#include <doctest/doctest.h>

TEST_CASE("stb: our copy leaves no macro defined and reads PNG despite the program's settings") {
#if defined(STB_IMAGE_IMPLEMENTATION) || defined(STB_IMAGE_STATIC) || defined(STBI_INCLUDE_STB_IMAGE_H) || \
    defined(STBI_ASSERT) || defined(STBIDEF) || defined(STBI_VERSION) || defined(stbi_inline) || !defined(STBI_NO_PNG)
  FAIL("macros of stb_image.h leak");
#endif
  const unsigned char png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0,   0,   13,  'I', 'H',
                               'D',  'R', 0,   0,   0,  2,  0,  0,  0, 1,   8,   2,   0,   0,
                               0,    0,   0,   0,   0,  0,  0,  0,  1, 'I', 'D', 'A', 'T'};
  int width = 0, height = 0, channels = 0;
  CHECK(clip::detail::stb::stbi_info_from_memory(png, sizeof png, &width, &height, &channels) == 1);
  CHECK(width == 2);
  CHECK(height == 1);
  CHECK(channels == 3);
}
