// clip/model/config_json.hpp: model configurations as JSON files: the library's own format, and OpenCLIP's.
#pragma once

#include <clip/io/json_fwd.hpp>
#include <clip/model/any_config.hpp>

#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// A configuration from JSON text; errors name `place`. Every missing, misspelt or impossible field is reported.
///   {"embed_dim": 64,
///    "image": {"image_size": 28, "patch_size": 7, "width": 64, "layers": 3, "heads": 1, "activation": "quick_gelu",
///              "epsilon": 1e-5},
///    "text": {"context": 32, "vocabulary": 514, "width": 64, "layers": 2, "heads": 1, "activation": "quick_gelu",
///             "epsilon": 1e-5}}
/// Each family reads its own fields (tower/<family>/description.hpp): a residual network has {"image_size": 224,
/// "layers": [3, 4, 6, 3], "width": 64}, other families state their "kind". Optional: mlp_width in both transformers;
/// in image mean and deviation (three numbers each), resize ("shortest", "squash"), interpolation ("bicubic",
/// "bilinear"), color_order ("openai", "huggingface"), resampling ("pillow13", "pillow12", "torchvision"), resize_to
/// (the side that images are resized to, if it is more than image_size), rescale_factor (what bytes are multiplied by,
/// if not 1 / 255), normalize (false: neither mean nor deviation); logit_bias (true or false). OpenCLIP's own
/// files ("vision_cfg" …) are accepted, too. LoadError: no JSON, or missing, unknown or wrong keys. OptionError: an
/// impossible configuration.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_parse_config(std::string_view text, const std::string& place);

/// A configuration from a JSON file. Errors as try_parse_config.
template <class F = KnownFamilies>
Result<AnyConfigOf<F>> try_read_config(const std::string& path);
template <class F = KnownFamilies>
AnyConfigOf<F> read_config(const std::string& path) {
  return try_read_config<F>(path).value();
}

/// The configuration as JSON, with every field: training runs store it with their weights.
template <class F>
JsonTree to_json(const AnyConfigOf<F>& c);
template <class Image, class Text>
JsonTree to_json(const ClipConfig<Image, Text>& c);

/// The same as text, without white space.
template <class F>
std::string config_text(const AnyConfigOf<F>& c);
template <class Image, class Text>
std::string config_text(const ClipConfig<Image, Text>& c) {
  return config_text(AnyConfigOf<typename detail::FamiliesOfConfig<ClipConfig<Image, Text>>::type>{c});
}

namespace detail {
/// try_parse_config of JSON that is parsed already.
template <class F>
Result<AnyConfigOf<F>> try_config_of(const Json& json, const std::string& place);
}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/model/config_json.inl.hpp>
#endif
