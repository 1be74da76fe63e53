// clip/data/class_rules.hpp: changes to the classes of a dataset: those that are left out, and new names.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/io/json_fwd.hpp>

#include <map>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The rules of a dataset, as data. Those of Caltech-101 in CoOp (Zhou et al. 2022), which leaves 100 classes:
///
///   {"drop": ["BACKGROUND_Google", "Faces_easy"],
///    "rename": {"airplanes": "airplane", "Faces": "face", "Leopards": "leopard", "Motorbikes": "motorbike"}}
struct ClassRules {
  std::vector<std::string> drop{};
  std::map<std::string, std::string> rename{};
};

/// From a JSON object. LoadError: an unknown key, or a value of another type.
[[nodiscard]] CLIP_HOST Result<ClassRules> try_class_rules(const Json& rules, const std::string& place);
/// From a file.
[[nodiscard]] CLIP_HOST Result<ClassRules> try_read_class_rules(const std::string& path);

/// The images without those of the dropped classes. The kept classes have their order, and labels from 0; renaming does
/// not sort them anew. OptionError: a rule for a class that is not there.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_apply(const ClassRules& rules, LabelledImages images);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/class_rules.inl.hpp>
#endif
