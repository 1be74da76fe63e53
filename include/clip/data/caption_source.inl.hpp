// clip/data/caption_source.inl.hpp: definitions of clip/data/caption_source.hpp.
#pragma once

#include <clip/backend/available_cores.hpp>
#include <clip/data/caption_source.hpp>
#include <clip/image/read.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST CaptionSource::CaptionSource(CaptionedImages files, Texts captions, const ImageInput& input, int threads,
                                       const std::optional<Augmentation>& augmentation)
    : files_{std::move(files)}, captions_{std::move(captions)}, input_{input},
      augmentation_{augmentation}, threads_{std::make_unique<ThreadPool>(threads > 0 ? threads : available_cores())} {
  if (augmentation_) try_check(*augmentation_).value();
  first_.push_back(0);
  for (const auto& some : files_.captions) first_.push_back(first_.back() + static_cast<Index>(some.size()));
  if (captions_.size() != first_.back())
    raise(ShapeError{files_.place, "tokenised captions", first_.back(), captions_.size()});
}

CLIP_HOST void CaptionSource::batch(std::span<const Index> items, Rng rng, Pairs& out) {
  decoded_.resize(items.size());
  std::vector<std::optional<Error>> errors(items.size());
  threads_->parallel(static_cast<Index>(items.size()), [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    auto image = try_read_image(files_.images[static_cast<std::size_t>(items[at])]);
    if (image) decoded_[at] = std::move(*image);
    else errors[at] = image.error();
  });
  for (const auto& error : errors)
    if (error) raise(*error);
  const std::span<const Image> images{decoded_};
  if (augmentation_)
    detail::augment(input_, *augmentation_, images, rng.fork("augmentation"), out.images, threads_.get());
  else detail::try_preprocess(input_, images, out.images, threads_.get(), memory_).value();

  out.texts.clear();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = static_cast<std::size_t>(items[i]);
    const auto count = static_cast<std::uint64_t>(first_[item + 1] - first_[item]);
    out.texts.append(captions_,
                     first_[item] + static_cast<Index>(rng.fork(static_cast<std::uint64_t>(i)).below(count)));
  }
}

}  // namespace clip::inline CLIP_ABI
