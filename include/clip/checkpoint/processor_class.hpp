// clip/checkpoint/processor_class.hpp: the resize of an image processor of transformers, from its class.
#pragma once

#include <clip/config/preprocessing.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI::detail {

/// What a folder of transformers states about its image processor. Empty: nothing.
struct ProcessorStatement {
  std::string_view image_processor_type;  // preprocessor_config.json, or "image_processor" in processor_config.json
  std::string_view transformers_version;  // config.json: the version that wrote the folder
};

/// The number before the first point of a version; 0 without digits.
constexpr int major_version(std::string_view version) {
  int number = 0;
  for (const char c : version) {
    if (c < '0' || c > '9' || number > 999) break;
    number = 10 * number + (c - '0');
  }
  return number;
}

/// The resampling that the folder's authors computed with, as far as the folder tells.
///   …Fast       torchvision: the processors of transformers 4 on torchvision, which it also writes under this name.
///               transformers 5 reads it as the same class without the suffix
///   …Pil        Pillow: in transformers 5 the processors on Pillow. It writes them without the suffix
///   any other   torchvision if transformers 5 or later wrote the folder, otherwise Pillow, also if nothing tells
/// transformers 4 gives the class without a suffix (CLIPImageProcessor), or the older feature_extractor_type, to
/// Pillow; transformers 5 gives the same file to torchvision, whatever wrote it and whatever its suffix, unless it is
/// called with backend="pil" or torchvision is missing. The file alone cannot tell: transformers 5.24.0 writes both
/// CLIPImageProcessor and CLIPImageProcessorPil in the same bytes as 4.57.6 writes CLIPImageProcessor, and a key
/// "use_fast" changes nothing in either. (Found by saving and loading with both.) Folders of transformers 4 keep Pillow
/// here because their models were trained and measured with it; who compares with transformers 5 sets
/// Resampling::torchvision.
constexpr Resampling resampling_of(const ProcessorStatement& stated) {
  if (stated.image_processor_type.ends_with("Fast")) return Resampling::torchvision;
  if (stated.image_processor_type.ends_with("Pil")) return Resampling::pillow13;
  return major_version(stated.transformers_version) >= 5 ? Resampling::torchvision : Resampling::pillow13;
}

}  // namespace clip::inline CLIP_ABI::detail
