// clip/few_shot/options.hpp: what a few-shot experiment is: methods, shots, seeds, split; in C++ and in JSON.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/few_shot/image_batches.hpp>
#include <clip/few_shot/split.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A method of an experiment, with the options that are not its defaults. One method may occur several times, with
/// different labels.
struct FewShotMethodChoice {
  std::string name;               // "linear-probe"
  Json options = Json::object();  // {"C": 0.316}
  std::string label{};            // in tables, charts and names of folders; empty: the name
};

struct FewShotOptions {
  std::string output{};  // the folder of all files
  std::vector<FewShotMethodChoice> methods{};
  std::vector<Index> shots{1, 2, 4, 8, 16};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  std::vector<std::string> templates{"a photo of a {}."};
  SplitShares split{};
  std::optional<FewShotAugmentation> augmentation{};  // of training images, drawn anew for every epoch
  std::optional<Index> test_begin{};                  // images from there on are the test set (try_join)
  std::string cache{};                                // the folder of image features; empty: "features" in the output
  std::string title{"Few-shot classification"};
  Index batch = 32;  // images encoded at a time; the features do not depend on it
};

/// Reads the keys methods, shots, seeds, templates, split, augmentation, cache and title of an object; a method is its name, or an object
/// {"name": …, "label": …} with the options of the method beside them. Problems are left to finish() of the reader.
CLIP_HOST FewShotOptions read_few_shot_options(JsonReader& file);

/// All numbers of an augmentation, under the names that read_few_shot_options() reads.
CLIP_HOST JsonTree json_of(const FewShotAugmentation& augmentation);

/// OptionError: no method, shots or seeds; shots below 1; one of them twice; a label that is no name of a folder; an
/// augmentation that cannot be.
[[nodiscard]] CLIP_HOST Result<void> try_check(const FewShotOptions& options);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/few_shot/options.inl.hpp>
#endif
