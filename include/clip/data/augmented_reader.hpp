// clip/data/augmented_reader.hpp: reader of augmented image files for ReadAhead.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/read.hpp>

#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// For ReadAheadOptions::reader: the file of a name, augmented. Its draws depend on `rng` and the name, not on the order
/// of the list or the threads; an epoch gives rng.fork(epoch). OptionError: as try_check of the augmentation.
///
///   ReadAhead batches{paths, input, {.batch = 32, .reader = augmented_reader(input, {}, rng.fork(epoch))}};
inline ImageReader augmented_reader(const ImageInput& input, const Augmentation& how, Rng rng,
                                    const ReadOptions& read = {}) {
  try_check(how).value();
  if (input.preprocessing.resize_to != 0 && input.preprocessing.resize_to != input.image_size)
    raise(OptionError{"augmented reader", "resize_to of the preprocessing", "0: a crop has the model's size",
                      input.preprocessing.resize_to});
  return [input, how, rng, read](const std::string& name) -> Result<Image> {
    const auto image = try_read_image(name, read);
    if (!image) return image.error();
    return augmented(*image, how, input.image_size, rng.fork(name), input.preprocessing.interpolation,
                     input.preprocessing.resampling);
  };
}

}  // namespace clip::inline CLIP_ABI
