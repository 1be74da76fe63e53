// clip/image/image.inl.hpp: definitions of clip/image/image.hpp.
#pragma once

#include <clip/image/image.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Image::Image(Index width, Index height, Pixels pixels, std::vector<std::uint8_t> bytes)
    : width_{width}, height_{height}, stride_{width * clip::channels(pixels)}, pixels_{pixels}, owned_{
                                                                                                    std::move(bytes)} {
  check_extents();
  if (std::cmp_not_equal(owned_.size(), height * stride_))
    raise(InputError{"image", "bytes", height * stride_, owned_.size()});
}

CLIP_HOST Image Image::view(const void* pointer, Index width, Index height, Index stride, Pixels pixels) {
  Image image;
  image.borrowed_ = static_cast<const std::uint8_t*>(pointer);
  image.width_ = width;
  image.height_ = height;
  image.stride_ = stride;
  image.pixels_ = pixels;
  image.check_extents();
  const Index row = width * clip::channels(pixels);
  if (height > 1 && (stride < 0 ? -stride : stride) < row)
    raise(InputError{"image", "stride", "at least " + std::to_string(row), stride});
  if (pointer == nullptr && width * height != 0) raise(InputError{"image", "pointer", "pixels", "null"});
  return image;
}

CLIP_HOST Image Image::with_transparency(std::vector<std::uint8_t> alphas) && {
  if (std::cmp_not_equal(alphas.size(), width_ * height_))
    raise(InputError{"image", "alphas", width_ * height_, alphas.size()});
  transparency_ = std::move(alphas);
  return std::move(*this);
}

CLIP_HOST void Image::check_extents() const {
  if (width_ < 0 || height_ < 0)
    raise(InputError{"image", "size", "0 or more", std::to_string(width_) + " x " + std::to_string(height_)});
}

CLIP_HOST Result<Images> Images::try_from_floats(Index n, Index channels, Index height, Index width,
                                                 std::vector<float> values) {
  if (n < 0 || channels < 0 || height < 0 || width < 0 ||
      std::cmp_not_equal(values.size(), n * channels * height * width))
    return InputError{"images", "values",
                      std::to_string(n) + " x " + std::to_string(channels) + " x " + std::to_string(height) + " x " +
                          std::to_string(width),
                      values.size()};
  Images images;
  images.n_ = n;
  images.channels_ = channels;
  images.height_ = height;
  images.width_ = width;
  images.values_ = std::move(values);
  return images;
}
CLIP_HOST Images Images::from_floats(Index n, Index channels, Index height, Index width, std::vector<float> values) {
  return try_from_floats(n, channels, height, width, std::move(values)).value();
}

CLIP_HOST void Images::resize_for_reuse(Index n, Index channels, Index height, Index width) {
  values_.resize(static_cast<std::size_t>(n * channels * height * width));  // first: it may find no memory
  n_ = n;
  channels_ = channels;
  height_ = height;
  width_ = width;
}

}  // namespace clip::inline CLIP_ABI
