// clip/checkpoint/huggingface_preprocessing.hpp: the image processors of transformers, as files describe them.
#pragma once

#include <clip/checkpoint/description_reader.hpp>
#include <clip/checkpoint/model_statement.hpp>
#include <clip/checkpoint/processor_class.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/ascii.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// An image processor that accompanies CLIP models, and its defaults; 224 pixels in each.
struct ProcessorClass {
  std::string_view name;
  bool crops;
  ResizeMode resize;
  Interpolation interpolation;
  std::array<float, 3> mean, deviation;
};
constexpr std::string_view name_of(const ProcessorClass& known) { return known.name; }
inline constexpr std::array<ProcessorClass, 3> processor_classes{
    {{"CLIPImageProcessor", true, ResizeMode::shortest, Interpolation::bicubic, openai_mean, openai_deviation},
     {"SiglipImageProcessor", false, ResizeMode::squash, Interpolation::bicubic, inception_mean, inception_deviation},
     {"ViTImageProcessor", false, ResizeMode::squash, Interpolation::bilinear, inception_mean, inception_deviation}}};
inline constexpr Index default_processor_size = 224;

/// The keys that read_huggingface_preprocessing understands.
inline constexpr std::array<std::string_view, 17> processor_keys{"image_processor_type",
                                                                 "feature_extractor_type",
                                                                 "do_resize",
                                                                 "size",
                                                                 "default_to_square",
                                                                 "use_square_size",
                                                                 "do_center_crop",
                                                                 "crop_size",
                                                                 "resample",
                                                                 "do_rescale",
                                                                 "rescale_factor",
                                                                 "do_normalize",
                                                                 "image_mean",
                                                                 "image_std",
                                                                 "do_convert_rgb",
                                                                 "do_pad",
                                                                 "pad_size"};

/// The keys that do not change the pixels: names, and how an array is handed over.
inline constexpr std::array<std::string_view, 11> processor_keys_without_effect{
    "processor_class",  "_processor_class",     "_valid_processor_keys", "use_fast",
    "return_tensors",   "data_format",          "input_data_format",     "device",
    "disable_grouping", "transformers_version", "_name_or_path"};

/// A size: its side, and whether it is that of the shorter side or of a square.
struct StatedSize {
  Index side = 0;
  ResizeMode mode = ResizeMode::shortest;
};

/// Reads n, [n, n], {"height": n, "width": n} or {"shortest_edge": n}. nullopt: another form, or unequal sides.
inline std::optional<StatedSize> size_in(const Json& value, bool square) {
  const auto equal = [](const Json& a, const Json& b) -> std::optional<StatedSize> {
    const auto side = DescriptionReader::positive(a);
    return side && a == b ? std::optional{StatedSize{*side, ResizeMode::squash}} : std::nullopt;
  };
  if (const auto side = DescriptionReader::positive(value))
    return StatedSize{*side, square ? ResizeMode::squash : ResizeMode::shortest};
  if (value.is_array() && value.size() == 2) return equal(value[0], value[1]);
  if (!value.is_object()) return std::nullopt;
  if (value.size() == 2 && value.contains("height") && value.contains("width"))
    return equal(value["height"], value["width"]);
  if (value.size() != 1 || !value.contains("shortest_edge")) return std::nullopt;
  const auto side = DescriptionReader::positive(value["shortest_edge"]);
  return side ? std::optional{StatedSize{*side, ResizeMode::shortest}} : std::nullopt;
}

/// Pillow's number of a filter, or its name: "bicubic", "PILImageResampling.BICUBIC".
inline std::optional<Interpolation> filter_in(const Json& value) {
  if (value == 2) return Interpolation::bilinear;
  if (value == 3) return Interpolation::bicubic;
  const auto* const text = value.get_ptr<const Json::string_t*>();
  if (text == nullptr) return std::nullopt;
  return choice_named(lower_ascii(text->substr(text->rfind('.') + 1)), interpolations);  // npos + 1 is 0
}

/// The class of an image processor: CLIPImageProcessorFast and CLIPFeatureExtractor are CLIPImageProcessor. A file
/// without a class is read by that of CLIPModel.
inline const ProcessorClass& processor_class(DescriptionReader& read, const Json& file) {
  const char* const key =
      read.find(&file, "image_processor_type") != nullptr ? "image_processor_type" : "feature_extractor_type";
  std::string name{read.text(&file, key)};
  for (const std::string_view suffix : {"Fast", "Pil"})
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
  if (const auto at = name.find("FeatureExtractor"); at != name.npos) name = name.substr(0, at) + "ImageProcessor";
  if (name.empty()) return processor_classes[0];
  for (const ProcessorClass& known : processor_classes)
    if (name == known.name) return known;
  read.problem(key, names_in_words(processor_classes), file[key]);
  return processor_classes[0];
}

/// Refuses keys whose effect is unknown, and values that would need steps that the library does not have.
inline void refuse_other_steps(DescriptionReader& read, const Json& file) {
  const auto among = [](const auto& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const auto& [key, value] : file.items())
    if (!among(processor_keys, key) && !among(processor_keys_without_effect, key))
      read.problem(key, "no such key (its effect on the pixels is not known)", value);
  if (!read.flag(&file, "do_resize", true))
    read.problem("do_resize", "true (images of any size are resized)", file["do_resize"]);
  if (read.flag(&file, "do_pad", false)) read.problem("do_pad", "false (images are not padded)", file["do_pad"]);
  if (const Json* const size = read.find(&file, "pad_size")) read.problem("pad_size", "null", *size);
  static_cast<void>(read.flag(&file, "do_convert_rgb", true));  // other images than RGB fail there without it
}

/// The factor of the pixels: 1 without do_rescale, as if it were stated.
inline double read_rescale_factor(DescriptionReader& read, const Json& file) {
  const Json* const stated = read.find(&file, "rescale_factor");
  const bool positive = stated != nullptr && stated->is_number() && is_rescale_factor(stated->get<double>());
  if (stated != nullptr && !positive) read.problem("rescale_factor", "a positive number", *stated);
  if (!read.flag(&file, "do_rescale", true)) return 1;
  return positive ? stated->get<double>() : usual_rescale_factor;
}

/// Sets mode, resize_to and the size of the result.
inline void read_sizes(DescriptionReader& read, const Json& file, const ProcessorClass& of, PreprocessingStatement& p) {
  StatedSize size{default_processor_size, of.resize};
  const bool square = read.flag(&file, "default_to_square", of.resize == ResizeMode::squash);
  if (const Json* const value = read.find(&file, "size")) {
    if (const auto stated = size_in(*value, square)) size = *stated;
    else return read.problem("size", "n, {\"shortest_edge\": n}, or equal \"height\" and \"width\"", *value);
  }
  if (read.flag(&file, "use_square_size", false)) size.mode = ResizeMode::squash;
  p.how.resize = size.mode;
  p.image_size = size.side;
  if (!read.flag(&file, "do_center_crop", of.crops)) {
    if (size.mode == ResizeMode::shortest)
      read.problem("do_center_crop", "true, unless size has \"height\" and \"width\" (a model's images are square)",
                   false);
    return;
  }
  StatedSize crop{default_processor_size, ResizeMode::squash};
  if (const Json* const value = read.find(&file, "crop_size")) {
    const auto stated = size_in(*value, true);
    if (!stated || stated->mode != ResizeMode::squash)
      return read.problem("crop_size", "n, or equal \"height\" and \"width\"", *value);
    crop = *stated;
  }
  if (crop.side > size.side)
    return read.problem("crop_size", "at most size, " + std::to_string(size.side) + " (images are not padded)",
                        crop.side);
  p.image_size = crop.side;
  if (crop.side < size.side) p.how.resize_to = size.side;
}

/// Reads the object of an image processor. transformers converts images to RGB first. Everything it states is either
/// expressed by the result, without effect, or a problem.
inline PreprocessingStatement read_huggingface_preprocessing(DescriptionReader& read, const Json& file,
                                                             std::string_view transformers_version) {
  PreprocessingStatement p;
  if (!file.is_object()) {
    read.problem("image processor", "an object", file);
    return p;
  }
  refuse_other_steps(read, file);
  const ProcessorClass& of = processor_class(read, file);
  read_sizes(read, file, of, p);
  p.how.color_order = ColorOrder::huggingface;
  p.how.resampling = resampling_of({read.text(&file, "image_processor_type"), transformers_version});
  p.how.interpolation = of.interpolation;
  if (const Json* const filter = read.find(&file, "resample")) {
    if (const auto known = filter_in(*filter)) p.how.interpolation = *known;
    else read.problem("resample", "2 (bilinear) or 3 (bicubic)", *filter);
  }
  p.how.rescale_factor = read_rescale_factor(read, file);
  p.how.mean = read.colours(&file, "image_mean", of.mean);
  p.how.deviation = read.colours(&file, "image_std", of.deviation);
  if (!read.flag(&file, "do_normalize", true)) {
    p.how.normalize = false;
    p.how.mean = {0, 0, 0};
    p.how.deviation = {1, 1, 1};
  } else if (!std::all_of(p.how.deviation.begin(), p.how.deviation.end(), [](float x) { return x > 0; })) {
    read.problem("image_std", "positive numbers", file["image_std"]);
  }
  return p;
}

}  // namespace clip::inline CLIP_ABI::detail
