// clip/data/labelled_images.hpp: a list of images with class labels, whatever files they are stored in.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/image/image.hpp>
#include <clip/image/read.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

/// An image as it is stored: the bytes of a file of its own (JPEG, PNG, …), or pixels.
using StoredImage = std::variant<std::vector<std::byte>, Image>;

/// n images, each of one of the classes. The images stay where they are stored until they are read.
struct LabelledImages {
  std::string place{};                                     // the folder or file, for messages
  std::vector<std::string> classes{};                      // their names, in the order of the labels
  std::vector<std::int32_t> labels{};                      // n, each in [0, classes)
  std::vector<std::string> names{};                        // n, all different: paths below the place, "test.bin:17"
  std::function<Result<StoredImage>(Index image)> load{};  // may be called by several threads at a time

  Index size() const { return static_cast<Index>(labels.size()); }
  Index class_count() const { return static_cast<Index>(classes.size()); }
  /// The image in error messages: "flowers/rose/4.jpg".
  std::string where(Index i) const { return place + '/' + names[static_cast<std::size_t>(i)]; }

  /// Decodes image i. InputError, LoadError, SystemError: it cannot be read.
  template <ImageDecoder Decoder = ImageDecoders>
  [[nodiscard]] Result<Image> try_read(Index i) const {
    auto stored = load(i);
    if (!stored) return stored.error();
    if (auto* const pixels = std::get_if<Image>(&*stored)) return std::move(*pixels);
    return try_decode_image<Decoder>(std::get<std::vector<std::byte>>(*stored), where(i));
  }
};

/// InputError: no images, no label or another number of names, a label that is no class, a class or an image with the
/// name of another one.
[[nodiscard]] CLIP_HOST Result<void> try_check(const LabelledImages& images);

/// The images at these places of the list, in this order; the classes stay.
[[nodiscard]] CLIP_HOST LabelledImages subset(LabelledImages images, std::vector<Index> chosen);

/// One list of both: training images and test images that are stored apart. InputError: other classes.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_join(LabelledImages first, LabelledImages second);

/// 64 hexadecimal digits that change when a class, a name, a label or a byte of an image does. Reads every image;
/// does not decode. Errors: as load(); clip.system.stopped.
[[nodiscard]] CLIP_HOST Result<std::string> try_fingerprint(const LabelledImages& images);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/labelled_images.inl.hpp>
#endif
