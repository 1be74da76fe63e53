// clip/checkpoint/load_options.hpp: options of load, and the report of a partial one.
#pragma once

#include <clip/checkpoint/patch_size.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// How a file is loaded into a model.
struct LoadOptions {
  /// How tables of positions are interpolated if the model's image size or context differs from the file's; none: an
  /// error. longclip: 77 positions of texts are stretched to 248, and of 248 the first 77 are taken.
  Interpolate positions = Interpolate::none;
  /// How the kernel of patches is resized if the model's patch size differs from the file's; none: an error. The table
  /// of positions then differs too, unless the image size has changed as the patch size has.
  PatchResize patches = PatchResize::none;
  /// The file may have other tensors whose names begin with this prefix.
  std::string_view ignored_prefix{};
  /// The file may lack the parameters whose names fit this pattern (autograd/pattern.hpp), which keep their values: those
  /// that a block of one's own has beside a published one's ("*.adapter.*"). Empty: none.
  std::string_view may_lack{};
  /// Which of several models' weights in one file: the key of a dictionary in a file of torch.save ("ema"), a path of
  /// keys ("ema.model"), or what stands before the names ("student"). Empty: the file has one model.
  std::string_view state_dict{};
  /// The file's towers have no projection, such as transformers' CLIPVisionModel and CLIPTextModel: the features are
  /// the pooled rows after the last layer norm, which those classes call pooler_output. The model's embed_dim must be
  /// the width of the tower; its projection becomes the identity. An error for a file with a projection.
  bool without_projection = false;
  /// Weights stay in the mapped file if they are stored as the model reads them: float32 (for a float model), one
  /// contiguous tensor each, not transposed, at an aligned address. They are not read or copied before their first use,
  /// and processes share the pages; other weights are converted. The model keeps the mapping as long as weights are in
  /// it. pack() and parameter tables copy the weights they need into the model's memory. Until then the file must not
  /// be modified or truncated in place: results would change, and reading beyond its end raises SIGBUS. Replacing it by
  /// another file of the same name (as save does) is harmless.
  bool in_place = false;
};

/// The names that a partial load did not use.
struct LoadReport {
  std::vector<std::string> missing;  // parameters of the model that the file lacks
  std::vector<std::string> unused;   // tensors of the file that the model lacks
};

}  // namespace clip::inline CLIP_ABI
