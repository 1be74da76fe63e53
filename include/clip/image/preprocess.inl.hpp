// clip/image/preprocess.inl.hpp: definitions of clip/image/preprocess.hpp.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/resize/sides.hpp>

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/image/precompiled/prepare.hpp>
#else
#include <clip/image/prepare.hpp>
#endif

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

CLIP_HOST PreprocessMemory::PreprocessMemory() = default;
CLIP_HOST PreprocessMemory::PreprocessMemory(PreprocessMemory&&) noexcept = default;
CLIP_HOST PreprocessMemory& PreprocessMemory::operator=(PreprocessMemory&&) noexcept = default;
CLIP_HOST PreprocessMemory::~PreprocessMemory() = default;

CLIP_HOST detail::Preparer& PreprocessMemory::preparer() {
  if (!preparer_) preparer_ = std::make_unique<detail::Preparer>();
  return *preparer_;
}

namespace detail {

/// Validates all arguments before writing. each(count, f) calls f(image, worker) with worker < `workers`.
template <class Each>
Result<void> preprocess_each(const ImageInput& input, std::span<const Image> images, Images& out, Preparer& prepare,
                             int workers, Each each) {
  const Index size = input.image_size, count = static_cast<Index>(images.size());
  if (input.channels != 3) return OptionError{"preprocess", "channels of the model's input", 3, input.channels};
  if (size < 1 || size > longest_side) return OptionError{"preprocess", "image_size", "1 ... 2^24", size};
  if (const Index side = input.preprocessing.resized(size); side < size || side > longest_side)
    return OptionError{"preprocess", "resize_to", "0, or image_size ... 2^24", side};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto check = [&](const std::string& what) {
      return check_sides<InputError>("preprocess", what, images[i].width(), images[i].height());
    };
    if (!check("size")) return check("size of image " + std::to_string(i));
  }

  prepare.begin(input.preprocessing, size, workers);
  out.resize_for_reuse(count, 3, size, size);
  each(count, [&](Index i, int worker) { prepare(worker, images[static_cast<std::size_t>(i)], out.image(i)); });
  return {};
}

CLIP_HOST Result<void> try_preprocess(const ImageInput& input, std::span<const Image> images, Images& out,
                                      ThreadPool* threads, PreprocessMemory& memory) {
  if (threads != nullptr)
    if (const ThreadPool::Lock lock{*threads})
      return preprocess_each(input, images, out, memory.preparer(), threads->threads(),
                             [&](Index count, auto f) { lock.parallel(count, f); });
  return preprocess_each(input, images, out, memory.preparer(), 1, [](Index count, auto f) {
    for (Index i = 0; i < count; ++i) f(i, 0);
  });
}
CLIP_HOST Result<void> try_preprocess(const ImageInput& input, std::span<const Image> images, Images& out,
                                      ThreadPool* threads) {
  PreprocessMemory memory;
  return try_preprocess(input, images, out, threads, memory);
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
