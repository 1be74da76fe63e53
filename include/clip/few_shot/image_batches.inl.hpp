// clip/few_shot/image_batches.inl.hpp: definitions of clip/few_shot/image_batches.hpp.
#pragma once

#include <clip/core/stop.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/few_shot/image_batches.hpp>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

CLIP_HOST Result<void> try_each_batch(const LabelledImages& images, std::span<const Index> places,
                                      const ImageInput& input, Index batch, const Augmentation* how, const Rng& draws,
                                      const std::function<Result<void>(Index, const Images&)>& f) {
  std::vector<std::string> names;
  std::unordered_map<std::string, Index> place_of;
  for (const Index i : places) {
    names.push_back(images.where(i));
    place_of.emplace(names.back(), i);
  }
  ImageInput made = input;
  if (how != nullptr) made.preprocessing.resize_to = 0;  // a crop has the model's size
  const auto read = [&](const std::string& name) -> Result<Image> {
    const Index place = place_of.at(name);
    auto image = images.try_read(place);
    if (!image || how == nullptr) return image;
    return augmented(*image, *how, input.image_size, draws.fork(images.names[static_cast<std::size_t>(place)]),
                     input.preprocessing.interpolation, input.preprocessing.resampling);
  };
  ReadAhead ahead{std::move(names), made, {.batch = batch, .reader = read}};
  for (const ImageBatch* next = ahead.next(); next != nullptr; next = ahead.next()) {
    for (const auto& error : next->errors)
      if (error) return *error;
    if (auto done = f(next->first, next->images); !done) return done;
  }
  if (ahead.stopped()) return stopped_error("images");
  return {};
}

}  // namespace clip::inline CLIP_ABI
