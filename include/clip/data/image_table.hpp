// clip/data/image_table.hpp: labelled images in a table: a CSV or TSV file with the path and the label of each.
#pragma once

#include <clip/core/result.hpp>
#include <clip/data/labelled_images.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace clip::inline CLIP_ABI {

struct ImageTableOptions {
  std::string path_column = "path", label_column = "label";
  /// The names of the classes in the order of the labels. Then a label is one of these names, or the index of one.
  /// Empty: the labels are the names, in the order of their bytes.
  std::vector<std::string> classes{};
};

/// The images of a table with a header, in its order. Paths are relative to the table's folder.
/// LoadError: as try_read_text_list of either column; a label that is neither a class nor the index of one.
[[nodiscard]] CLIP_HOST Result<LabelledImages> try_image_table(const std::string& path,
                                                               const ImageTableOptions& options = {});

namespace detail {

/// Turns texts into labels of `classes`: names, or indices. No classes: makes them of the texts. `where(i)` is the place
/// of text i. LoadError: neither.
template <class Where>
[[nodiscard]] Result<std::vector<std::int32_t>> try_labels(const std::vector<std::string>& texts,
                                                           std::vector<std::string>& classes, const Where& where) {
  if (classes.empty()) {
    classes = texts;
    std::ranges::sort(classes);
    classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  }
  std::unordered_map<std::string, std::int32_t> known;
  for (std::size_t c = 0; c < classes.size(); ++c) known.emplace(std::to_string(c), static_cast<std::int32_t>(c));
  for (std::size_t c = 0; c < classes.size(); ++c) known[classes[c]] = static_cast<std::int32_t>(c);
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto found = known.find(texts[i]);
    if (found == known.end())
      return LoadError{where(i), "label", "one of " + std::to_string(classes.size()) + " classes, or its index",
                       '"' + texts[i] + '"'};
    labels.push_back(found->second);
  }
  return labels;
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/image_table.inl.hpp>
#endif
