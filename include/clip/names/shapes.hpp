// clip/names/shapes.hpp: extents of named tensors, and what else a file may be where they do not tell a model.
#pragma once

#include <clip/formats/tensor_file.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Reads extents of tensors and gathers what is missing.
class ShapeReader {
 public:
  explicit ShapeReader(const TensorFile& file) : file_{file} {}

  /// Extent `axis` of a tensor of `rank` extents, which is 1 to 2^31; 1 after a problem.
  Index operator()(const std::string& name, std::size_t rank, std::size_t axis) {
    const FileTensor* const tensor = file_.find(name);
    if (tensor == nullptr) return unfit("no " + name);
    if (tensor->shape.size() != rank)
      return unfit(name + " has " + std::to_string(tensor->shape.size()) + " extents, expected " +
                   std::to_string(rank));
    const Index extent = tensor->shape[axis];
    return extent < 1 || extent > (Index{1} << 31) ? unfit(name + " has an extent of " + std::to_string(extent))
                                                   : extent;
  }
  /// How many of prefix0.weight, prefix1.weight, … there are; at least one.
  Index count_blocks(const std::string& prefix, const std::string& weight) {
    Index n = 0;
    while (file_.find(prefix + std::to_string(n) + "." + weight) != nullptr) ++n;
    return n > 0 ? n : unfit("no " + prefix + "0." + weight);
  }
  Index problem(const std::string& what) {
    if (problems_.find(what) == problems_.npos) problems_ += (problems_.empty() ? "" : "; ") + what;
    return 1;
  }
  const std::string& problems() const { return problems_; }
  /// True where a tensor is not there or has no sensible shape.
  bool missing() const { return missing_; }

 private:
  Index unfit(const std::string& what) { return missing_ = true, problem(what); }

  const TensorFile& file_;
  std::string problems_;
  bool missing_ = false;
};

/// Which family names a file belongs to, where it is none of ours.
inline std::string family_of(const TensorFile& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> signs{
      {{"vision_model.head.", "a SigLIP (vision_model.head …)"},
       {"visual.trunk.", "a CLIP whose image tower is timm's (visual.trunk …)"},
       {"image_encoder.model.", "a MobileCLIP (image_encoder.model …)"},
       {"_image_encoder.", "a TinyCLIP (_image_encoder …)"},
       {"text.", "a CLIP whose text tower stands apart (text …)"}}};
  for (const auto& [prefix, words] : signs)
    for (const FileTensor& t : file.tensors())
      if (t.name.starts_with(prefix)) return std::string(words);
  std::string names;
  for (std::size_t i = 0; i < file.tensors().size() && i < 6; ++i)
    names += (i ? ", " : "") + file.tensors()[i].name.substr(0, 80);
  return std::to_string(file.tensors().size()) + " tensors" +
         (names.empty() ? "" : " (" + names + (file.tensors().size() > 6 ? ", …)" : ")"));
}

}  // namespace clip::inline CLIP_ABI::detail
