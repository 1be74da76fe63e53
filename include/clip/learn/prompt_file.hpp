// clip/learn/prompt_file.hpp: files of learned prompts.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/learn/context_prompts.hpp>

#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A tensor of a file, whatever its type there.
struct PromptTensor {
  std::string name;
  std::vector<Index> shape;
  std::vector<double> values;
};

/// The content of a file of a learned prompt: tensors ctx, the name in CoOp's code, (M, W), or (classes, M, W) with a
/// context per class; and features (classes, E), the text features of unit length, which are a classifier by themselves
/// and tell whether another model is the one that the prompt was learned with. A file of CoCoOp also has the tensors of
/// the meta-net, meta_net.linear1.weight …, and its features are those of the vectors alone. Metadata: classes, a JSON
/// array; place.
struct PromptFile {
  std::vector<std::string> classes;
  Place place = Place::end;
  bool per_class = false;
  Index context = 0, width = 0, embed_dim = 0;
  std::vector<double> ctx, features;
  std::vector<PromptTensor> meta_net{};  // linear1.weight, linear1.bias, linear2.weight, linear2.bias; or none
  Dtype dtype = Dtype::f32;              // of all tensors, f32 or f64
};

/// Writes a .safetensors file atomically. SystemError: disk or folder.
[[nodiscard]] CLIP_HOST Result<void> try_write_prompt(const PromptFile& prompt, const std::string& path);

/// Reads such a file. LoadError: another kind of file; a part is missing, of another shape, or not finite.
[[nodiscard]] CLIP_HOST Result<PromptFile> try_read_prompt(const std::string& path);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/learn/prompt_file.inl.hpp>
#endif
