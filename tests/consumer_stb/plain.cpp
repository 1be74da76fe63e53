// No stb_image but the library's. The program links the three files: nothing may be defined twice.
#include <clip/image/read.hpp>

#include "pictures.hpp"

#include <cstdio>

int before();
int after();

int main() {
  const int failed = before() + after() + (clip::decode_image(bytes_of_picture()).height() == 2 ? 0 : 1);
  std::printf("%s\n", failed == 0 ? "stb_image of the program and of the library live side by side" : "wrong pixels");
  return failed;
}
