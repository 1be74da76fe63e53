// clip/image/image.hpp: Image (decoded pixels) and Images (model input), two types that cannot be confused.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The byte order of a pixel. cmyk: amounts of ink, 0 is none. gray16: one two-byte number in native byte order.
enum class Pixels { gray, rgb, bgr, rgba, bgra, cmyk, gray16 };

/// Bytes per pixel.
constexpr Index channels(Pixels pixels) {
  switch (pixels) {
    case Pixels::gray: return 1;
    case Pixels::gray16: return 2;
    case Pixels::rgb:
    case Pixels::bgr: return 3;
    default: return 4;
  }
}
constexpr bool has_alpha(Pixels pixels) { return pixels == Pixels::rgba || pixels == Pixels::bgra; }

/// Decoded pixels: height x width x channels, top row first. Owning, or a view of the caller's memory by view().
class Image {
 public:
  /// No pixels.
  Image() = default;

  /// Owns `bytes`, rows without padding. InputError: their number is not height x width x channels.
  CLIP_HOST Image(Index width, Index height, Pixels pixels, std::vector<std::uint8_t> bytes);

  /// A view of memory such as a camera frame, a cv::Mat or a QImage. The memory must outlive the image and its copies.
  /// stride: bytes from one row to the next; negative if rows are stored bottom first (`pointer` is the top row in any
  /// case). InputError: a stride shorter than a row.
  static CLIP_HOST Image view(const void* pointer, Index width, Index height, Index stride, Pixels pixels);

  Index width() const { return width_; }
  Index height() const { return height_; }
  Pixels pixels() const { return pixels_; }
  /// Bytes per pixel.
  Index channels() const { return clip::channels(pixels_); }
  /// Bytes from one row to the next.
  Index stride() const { return stride_; }
  bool empty() const { return width_ == 0 || height_ == 0; }

  /// True for palette or 1-bit images, as set by the decoder: the reference resizes them by nearest neighbour, without
  /// mixing colours.
  bool palette() const { return palette_; }
  [[nodiscard]] Image as_palette() && {
    palette_ = true;
    return std::move(*this);
  }

  /// The width() * height() alphas of an image whose file states transparency apart from its colours (a transparent
  /// colour, or a palette with some), as set by the decoder; null: it does not. Pillow's convert("RGB") ignores them,
  /// transformers 5 does not: see to_rgb_on_white().
  const std::uint8_t* transparency() const { return transparency_.empty() ? nullptr : transparency_.data(); }
  /// InputError: their number is not width x height.
  [[nodiscard]] CLIP_HOST Image with_transparency(std::vector<std::uint8_t> alphas) &&;

  /// The width() * channels() bytes of row y.
  const std::uint8_t* row(Index y) const { return (borrowed_ ? borrowed_ : owned_.data()) + y * stride_; }

 private:
  CLIP_HOST void check_extents() const;

  Index width_ = 0, height_ = 0, stride_ = 0;
  Pixels pixels_ = Pixels::rgb;
  bool palette_ = false;
  const std::uint8_t* borrowed_ = nullptr;  // null: owned_ has the pixels
  std::vector<std::uint8_t> owned_, transparency_;
};

/// Model input: n images as normalised floats, (n, channels, height, width). The result of preprocess().
class Images {
 public:
  /// No images; allocates on first use.
  Images() = default;
  /// An image that is not preprocessed does not compile where model input is expected.
  template <class Raw>
    requires(std::same_as<Raw, Image> || std::same_as<Raw, std::vector<Image>>)
  Images(const Raw&) {
    static_assert(sizeof(Raw) == 0, "images: this is no model input yet: pass preprocess(model, image)");
  }

  /// For experiments: wraps values from another source. InputError: their number differs from the shape.
  [[nodiscard]] static CLIP_HOST Result<Images> try_from_floats(Index n, Index channels, Index height, Index width,
                                                                std::vector<float> values);
  static CLIP_HOST Images from_floats(Index n, Index channels, Index height, Index width, std::vector<float> values);

  /// Number of images.
  Index size() const { return n_; }
  Index channels() const { return channels_; }
  Index height() const { return height_; }
  Index width() const { return width_; }

  /// All values: image by image, channel by channel, row by row.
  std::span<const float> values() const { return values_; }
  std::span<float> values() { return values_; }
  /// The values of image i.
  std::span<const float> image(Index i) const { return values().subspan(at(i), each()); }
  std::span<float> image(Index i) { return values().subspan(at(i), each()); }

  /// Changes the shape and reuses the memory: allocates only if the new shape is the largest so far. The values are
  /// unspecified.
  CLIP_HOST void resize_for_reuse(Index n, Index channels, Index height, Index width);

 private:
  std::size_t each() const { return static_cast<std::size_t>(channels_ * height_ * width_); }
  std::size_t at(Index i) const { return static_cast<std::size_t>(i) * each(); }

  Index n_ = 0, channels_ = 0, height_ = 0, width_ = 0;
  std::vector<float> values_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/image/image.inl.hpp>
#endif
