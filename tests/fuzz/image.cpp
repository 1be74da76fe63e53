// Fuzzes image files of every format: a decoded image has positive extents, pixels that
// were all written, and can be preprocessed.
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include "input.hpp"

#include <cstddef>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  const auto image = try_decode_image(testing::as_input(data, size), "x", {.exif_orientation = true});
  if (!image) return 0;
  testing::must(image->width() > 0 && image->height() > 0);
  if (image->width() > 512 || image->height() > 512) return 0;  // small images find the same errors faster
  const auto row = static_cast<std::size_t>(image->width() * image->channels());
  for (Index y = 0; y < image->height(); ++y) testing::must_be_written(std::as_bytes(std::span{image->row(y), row}));
  const Images input = preprocess(ImageInput{8, 3, {}}, *image);
  testing::must(input.size() == 1 && input.width() == 8);
  testing::must_be_written(std::as_bytes(input.values()));
  return 0;
}
