// clip/image/convert.hpp: conversion of any pixel format to RGB, as the reference's convert("RGB") does it.
#pragma once

#include <clip/image/image.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// An RGB image of interleaved colours and alphas, whose alphas are apart.
inline Image with_alphas_apart(Index width, Index height, std::vector<std::uint8_t> bytes) {
  const auto count = static_cast<std::size_t>(width * height);
  std::vector<std::uint8_t> alphas(count);
  for (std::size_t i = 0; i < count; ++i) {
    alphas[i] = bytes[4 * i + 3];
    std::memmove(&bytes[3 * i], &bytes[4 * i], 3);
  }
  bytes.resize(3 * count);
  return Image{width, height, Pixels::rgb, std::move(bytes)}.with_transparency(std::move(alphas));
}

/// A channel of white paper under one ink and black: (255 - k) (1 - ink / 255), rounded as the reference does.
constexpr std::uint8_t light_of_ink(std::uint32_t ink, std::uint32_t black) {
  const std::uint32_t paper = 255 - black, t = ink * paper + 128;
  return static_cast<std::uint8_t>(paper - (((t >> 8) + t) >> 8));
}

/// Row y as three bytes per pixel. Drops alpha; 16-bit grey levels above 255 become 255.
inline void rgb_row(const Image& image, Index y, std::uint8_t* out) {
  const std::uint8_t* in = image.row(y);
  const Index width = image.width(), step = image.channels();
  switch (image.pixels()) {
    case Pixels::gray:
      for (Index x = 0; x < width; ++x) std::memset(out + 3 * x, in[x], 3);
      break;
    case Pixels::gray16:
      for (Index x = 0; x < width; ++x) {
        std::uint16_t level;
        std::memcpy(&level, in + 2 * x, 2);
        std::memset(out + 3 * x, std::min<int>(level, 255), 3);
      }
      break;
    case Pixels::cmyk:
      for (Index x = 0; x < width; ++x)
        for (Index c = 0; c < 3; ++c) out[3 * x + c] = light_of_ink(in[4 * x + c], in[4 * x + 3]);
      break;
    case Pixels::rgb:
    case Pixels::rgba:
      for (Index x = 0; x < width; ++x) std::memcpy(out + 3 * x, in + x * step, 3);
      break;
    case Pixels::bgr:
    case Pixels::bgra:
      for (Index x = 0; x < width; ++x)
        for (Index c = 0; c < 3; ++c) out[3 * x + c] = in[x * step + 2 - c];
      break;
  }
}

/// The image, whose pixels of this colour in RGB are transparent.
inline Image with_transparent_color(Image image, const std::array<std::uint8_t, 3>& color) {
  std::vector<std::uint8_t> row(static_cast<std::size_t>(3 * image.width())), alphas;
  alphas.reserve(static_cast<std::size_t>(image.width() * image.height()));
  for (Index y = 0; y < image.height(); ++y) {
    rgb_row(image, y, row.data());
    for (std::size_t x = 0; x < row.size(); x += 3)
      alphas.push_back(std::memcmp(&row[x], color.data(), 3) == 0 ? 0 : 255);
  }
  return std::move(image).with_transparency(std::move(alphas));
}

/// A colour over white by its alpha, rounded as Pillow's alpha_composite does over an opaque image.
constexpr std::uint8_t over_white(std::uint32_t color, std::uint32_t alpha) {
  const std::uint32_t t = color * alpha + 255 * (255 - alpha) + 128;
  return static_cast<std::uint8_t>((128 * t + t / 2) >> 15);
}

/// True for formats whose bytes are not 8-bit colours.
constexpr bool needs_conversion(Pixels pixels) { return pixels == Pixels::cmyk || pixels == Pixels::gray16; }

}  // namespace detail

/// The image in RGB. Keeps the palette flag.
[[nodiscard]] inline Image to_rgb(const Image& image) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * image.width() * image.height()));
  for (Index y = 0; y < image.height(); ++y) detail::rgb_row(image, y, bytes.data() + 3 * image.width() * y);
  Image result{image.width(), image.height(), Pixels::rgb, std::move(bytes)};
  return image.palette() ? std::move(result).as_palette() : std::move(result);
}

/// The image in RGB, on white where its alpha or transparency lets it through; an image without either as by to_rgb.
[[nodiscard]] inline Image to_rgb_on_white(const Image& image) {
  if (const std::uint8_t* const alphas = image.transparency()) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * image.width() * image.height()));
    for (Index y = 0; y < image.height(); ++y) detail::rgb_row(image, y, bytes.data() + 3 * image.width() * y);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = detail::over_white(bytes[i], alphas[i / 3]);
    return {image.width(), image.height(), Pixels::rgb, std::move(bytes)};
  }
  if (!has_alpha(image.pixels())) return to_rgb(image);
  const bool bgr = image.pixels() == Pixels::bgra;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * image.width() * image.height()));
  std::uint8_t* out = bytes.data();
  for (Index y = 0; y < image.height(); ++y) {
    const std::uint8_t* in = image.row(y);
    for (Index x = 0; x < image.width(); ++x, in += 4, out += 3)
      for (Index c = 0; c < 3; ++c) out[c] = detail::over_white(in[bgr ? 2 - c : c], in[3]);
  }
  return {image.width(), image.height(), Pixels::rgb, std::move(bytes)};
}

}  // namespace clip::inline CLIP_ABI
