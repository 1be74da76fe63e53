// clip/checkpoint/assumed_preprocessing.hpp: notice of a preprocessing that a folder of transformers does not state.
#pragma once

#include <clip/checkpoint/compare_statements.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/notice.hpp>
#include <clip/core/printable.hpp>
#include <clip/formats/tensor_file.hpp>

#include <string>

namespace clip::inline CLIP_ABI::detail {

/// "shorter side to 224, bicubic, mean …, deviation …".
inline std::string preprocessing_in_words(const ImageInput& input) {
  const Preprocessing& p = input.preprocessing;
  const std::string side = std::to_string(p.resized(input.image_size));
  std::string words = (p.resize == ResizeMode::squash ? "both sides to " : "shorter side to ") + side;
  if (p.resized(input.image_size) != input.image_size) words += " and a crop of " + std::to_string(input.image_size);
  return words + ", " + std::string(name_of(p.interpolation)) + ", mean " + colours_in_words(p.mean) + ", deviation " +
         colours_in_words(p.deviation);
}

/// Says once what is assumed about the images of a folder that describes its model but not their preprocessing.
/// `stated`: whether the preprocessing is.
inline void notice_assumed_preprocessing(const TensorFile& file, bool stated, const ImageInput& assumed) {
  if (stated || file.description() == nullptr) return;
  const std::string sentence = file.place() + ": no " + processor_file + " and no " + image_processor_file +
                               "; images are assumed to be preprocessed so: " + preprocessing_in_words(assumed);
  say_once(Topic::assumed_preprocessing, printable(sentence).c_str());
}

}  // namespace clip::inline CLIP_ABI::detail
