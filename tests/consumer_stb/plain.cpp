// Includes only the library's stb_image. The program links all three files, so duplicate definitions would fail.
#include <clip/image/read.hpp>

#include "image.hpp"

#include <cstdio>

int before();
int after();

int main() {
  const int failed = before() + after() + (clip::decode_image(image_bytes()).height() == 2 ? 0 : 1);
  std::printf("%s\n", failed == 0 ? "stb_image of the program and of the library do not conflict" : "wrong pixels");
  return failed;
}
