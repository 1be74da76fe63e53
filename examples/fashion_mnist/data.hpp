// examples/fashion_mnist/data.hpp: Fashion-MNIST images, classes and captions.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/data/idx.hpp>
#include <clip/data/pairs.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tower/clip_vit/config.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fashion {

using clip::Index;

inline constexpr Index class_count = 10, side = 28;
inline constexpr std::array<std::string_view, 10> names{"t-shirt", "trouser", "pullover", "dress", "coat",
                                                        "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
inline constexpr std::array<std::string_view, 5> templates{
    "a photo of a {}.", "a picture of a {}.", "an image of a {}.", "this is a {}.", "a grey photo of a {}."};

inline std::string fill_in(std::string_view pattern, std::string_view name) {
  const auto gap = pattern.find("{}");
  return std::string(pattern.substr(0, gap)) + std::string(name) + std::string(pattern.substr(gap + 2));
}

/// "a photo of a t-shirt.", …: one prompt per class.
inline std::vector<std::string> prompts(std::string_view pattern = templates[0]) {
  std::vector<std::string> texts;
  for (std::string_view name : names) texts.push_back(fill_in(pattern, name));
  return texts;
}

/// Grey images of 28 x 28 pixels and their classes.
struct LabelledImages {
  clip::IdxArray pixels;             // (n, 28, 28)
  std::vector<std::uint8_t> labels;  // (n), each below 10

  Index size() const { return static_cast<Index>(labels.size()); }
  clip::Image operator[](Index i) const {
    return clip::Image::view(pixels.bytes.data() + i * side * side, side, side, side, clip::Pixels::gray);
  }
};

namespace detail {
/// Reads an IDX file; the error for a missing file says where to get it.
inline clip::IdxArray read_idx(const std::string& path) {
  auto array = clip::try_read_idx(path);
  if (!array && array.error().message().find("no such file") != std::string::npos)
    clip::raise(clip::LoadError{path,
                                "no such file: install the Debian package dataset-fashion-mnist, or name the folder of "
                                "the four files with --data"});
  return std::move(array).value();
}
}  // namespace detail

/// Reads FOLDER/{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz. LoadError: missing, damaged, or other images.
inline LabelledImages read_images(const std::string& folder, const std::string& part) {
  const std::string images = folder + "/" + part + "-images-idx3-ubyte.gz",
                    labels = folder + "/" + part + "-labels-idx1-ubyte.gz";
  clip::IdxArray pixels = detail::read_idx(images), classes = detail::read_idx(labels);
  if (pixels.shape.size() != 3 || pixels.shape[0] == 0 || pixels.shape[1] != side || pixels.shape[2] != side)
    clip::raise(clip::LoadError{images, "expected images of 28 x 28"});
  if (classes.shape.size() != 1 || classes.shape[0] != pixels.shape[0])
    clip::raise(clip::LoadError{labels, "labels", pixels.shape[0], classes.bytes.size()});
  for (std::uint8_t label : classes.bytes)
    if (label >= class_count) clip::raise(clip::LoadError{labels, "labels", "0 to 9", static_cast<int>(label)});
  return {std::move(pixels), std::move(classes.bytes)};
}

/// The images of all classes but these.
inline LabelledImages without(LabelledImages images, const std::vector<int>& classes) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < images.labels.size(); ++i) {
    if (std::ranges::find(classes, static_cast<int>(images.labels[i])) != classes.end()) continue;
    std::copy_n(images.pixels.bytes.begin() + static_cast<std::ptrdiff_t>(i) * side * side, side * side,
                images.pixels.bytes.begin() + static_cast<std::ptrdiff_t>(kept) * side * side);
    images.labels[kept++] = images.labels[i];
  }
  images.labels.resize(kept);
  images.pixels.bytes.resize(kept * static_cast<std::size_t>(side * side));
  images.pixels.shape[0] = static_cast<Index>(kept);
  return images;
}

/// Mean and standard deviation of all pixels, scaled to 0 … 1.
struct Brightness {
  double mean, deviation;
};
inline Brightness brightness(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0, squares = 0;
  for (std::uint64_t x : bytes) {
    sum += x;
    squares += x * x;
  }
  const double n = static_cast<double>(bytes.size()), mean = static_cast<double>(sum) / n;
  return {mean / 255, std::sqrt(static_cast<double>(squares) / n - mean * mean) / 255};
}

/// The training source: an image, and its class in one of five templates, drawn anew for every batch.
class Pairs {
 public:
  /// `input`: the preprocessing of the model. Tokenises the captions once, here.
  Pairs(const LabelledImages& data, const clip::VitConfig& input, const clip::Tokenizer& tokenizer, Index context)
      : images_{&data}, input_{input} {
    std::vector<std::string> all;
    for (std::string_view pattern : templates)
      for (const std::string& caption : prompts(pattern)) all.push_back(caption);
    captions_ = tokenizer(all, {.context = context});
  }

  Index size() const { return images_->size(); }

  using Batch = clip::Pairs;
  void batch(std::span<const Index> items, clip::Rng rng, clip::Pairs& out) {
    auto& [images, texts] = out;
    views_.clear();
    texts.clear();
    for (Index i : items) {
      views_.push_back((*images_)[i]);
      const auto pattern = static_cast<Index>(rng.below(templates.size()));
      texts.append(captions_, pattern * class_count + images_->labels[static_cast<std::size_t>(i)]);
    }
    clip::preprocess(input_, std::span<const clip::Image>(views_), images);
  }

 private:
  const LabelledImages* images_;
  clip::VitConfig input_;
  clip::Texts captions_;
  std::vector<clip::Image> views_;
};

}  // namespace fashion
