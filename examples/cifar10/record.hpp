// examples/cifar10/record.hpp: the record of a run, from which another program can repeat it: bench/peers/cifar10.py.
#pragma once

#include "captions.hpp"
#include "evaluation.hpp"
#include "options.hpp"
#include "report.hpp"

#include <clip/formats/npz_write.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace cifar {

/// The bytes of pixels that preprocessing normalised: exact, because rounding moves none by half a level.
inline std::vector<std::uint8_t> bytes_of(const clip::Images& images, const clip::ImageInput& input) {
  const auto plane = static_cast<std::size_t>(input.image_size * input.image_size);
  std::vector<std::uint8_t> bytes;
  bytes.reserve(images.values().size());
  for (std::size_t i = 0; i < images.values().size(); ++i) {
    const std::size_t channel = i / plane % 3;
    const float pixel = images.values()[i] * input.preprocessing.deviation[channel] + input.preprocessing.mean[channel];
    bytes.push_back(static_cast<std::uint8_t>(std::lround(255 * pixel)));
  }
  return bytes;
}

/// images : (n, 3, size, size), bytes; texts : (n, context), padded with zeros; labels : (n), or none.
inline void write_batch(const std::string& path, const clip::Images& images, const clip::ImageInput& input,
                        const clip::Texts& texts, Index context, const std::vector<std::int32_t>& labels = {}) {
  const std::vector<std::uint8_t> pixels = bytes_of(images, input);
  const std::vector<std::int32_t> ids = texts.padded(context);
  const auto count = static_cast<Index>(pixels.size()) / (3 * input.image_size * input.image_size);
  std::vector<clip::TensorToWrite> arrays{
      {"images", clip::Dtype::u8, {count, 3, input.image_size, input.image_size}, std::as_bytes(std::span{pixels})},
      {"texts", clip::Dtype::i32, {texts.size(), context}, std::as_bytes(std::span{ids})}};
  if (!labels.empty())
    arrays.push_back(
        {"labels", clip::Dtype::i32, {static_cast<Index>(labels.size())}, std::as_bytes(std::span{labels})});
  clip::try_write_npz(path, arrays).value();
}

/// A source of batches that writes the first ones.
class Recorder {
 public:
  using Batch = clip::Pairs;

  /// Writes nothing if `steps` is 0.
  Recorder(Captions& source, const clip::ImageInput& input, Index context, std::string folder, Index steps)
      : source_{&source}, input_{input}, context_{context}, folder_{std::move(folder)}, left_{steps} {}

  Index size() const { return source_->size(); }
  void batch(std::span<const Index> items, clip::Rng rng, clip::Pairs& out) {
    source_->batch(items, rng, out);
    if (left_ == 0) return;
    --left_;
    char name[32];
    std::snprintf(name, sizeof name, "/batch-%06d.npz", static_cast<int>(written_++));
    write_batch(folder_ + name, out.images, input_, out.texts, context_);
  }

 private:
  Captions* source_;
  clip::ImageInput input_;
  Index context_;
  std::string folder_;
  Index left_, written_ = 0;
};

/// What the other program needs beside the batches: the validation images with all captions, the settings, and what it
/// is compared with.
inline void write_run(const std::string& folder, const clip::ImageInput& input, const clip::Texts& captions,
                      Index context, const Data& data, const History& history, const clip::Json& settings) {
  clip::Images images;
  clip::preprocess(input, std::span<const clip::Image>(data.validation.images), images);
  write_batch(folder + "/validation.npz", images, input, captions, context, data.validation.labels);
  clip::Json run = settings;
  run["mean"] = input.preprocessing.mean;
  run["deviation"] = input.preprocessing.deviation;
  run["losses"] = history.losses;
  run["validation_top1"] = history.epochs.empty() ? 0.0 : history.epochs.back().top1;
  clip::write_file(folder + "/run.json", clip::as_byte_span(clip::json_text(run, 1) + "\n"));
}

}  // namespace cifar
