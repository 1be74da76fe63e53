// tests/support/published_names.hpp: names and shapes of a published model: as a list of the reference has them, and as
// save writes them.
#pragma once

#include <clip/checkpoint/name_tables.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/model/count.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::testing {

using Shapes = std::map<std::string, std::vector<Index>>;

/// A list of a reference, tests/tower/LIST.txt: a name, its extents, and the number of blocks where the name has #.
inline Shapes published(const std::string& list) {
  std::ifstream file{CLIP_SOURCE_DIR "/tests/tower/" + list + ".txt"};
  REQUIRE(file);
  Shapes shapes;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words{line};
    std::string name, extents;
    Index count = 1;
    words >> name >> extents >> count;
    std::vector<Index> shape;
    if (extents != "scalar") {
      std::istringstream numbers{extents};
      for (std::string n; std::getline(numbers, n, 'x');) shape.push_back(std::stol(n));
    }
    const auto at = name.find('#');
    if (at == name.npos) shapes[name] = shape;
    else
      for (Index i = 0; i < count; ++i) shapes[std::string(name).replace(at, 1, std::to_string(i))] = shape;
  }
  return shapes;
}

/// A file of these names and shapes, without values.
inline TensorFile without_values(const Shapes& shapes) {
  static constexpr std::array<std::byte, 10> no_tensors{std::byte{2},  {}, {}, {}, {}, {}, {}, {}, std::byte{'{'},
                                                        std::byte{'}'}};
  std::vector<FileTensor> tensors;
  for (const auto& [name, shape] : shapes) tensors.emplace_back(StoredTensor{name, Dtype::f32, shape, {}});
  return TensorFile{try_parse_safetensors(no_tensors, "a list").value()}.with(std::move(tensors));
}

/// Adds the tensors of a tower, without memory for weights.
template <class Config>
void add_tensors(std::vector<TensorToWrite>& tensors, const std::string& prefix, const Config& config,
                 Index embed_dim) {
  const TowerOf<Tower<Config>::dynamic, dyn, Cpu<float>, Residual> tower{config, embed_dim};
  visit_parameters(tower, [&](std::string_view name, const auto& p) {
    tensors.push_back({prefix + std::string(name),
                       Dtype::f32,
                       {p.shape.extent.begin(), p.shape.extent.begin() + p.shape.rank},
                       {},
                       {}});
  });
}

/// Their names and shapes in a dialect.
inline Shapes in_dialect(std::vector<TensorToWrite> tensors, Dialect dialect) {
  Shapes shapes;
  for (const TensorToWrite& t : try_in_dialect(std::move(tensors), dialect).value()) shapes[t.name] = t.shape;
  return shapes;
}

/// What save writes of a model of this configuration.
template <class Image, class Text>
Shapes written(const ClipConfig<Image, Text>& c, Dialect dialect) {
  std::vector<TensorToWrite> tensors;
  add_tensors(tensors, "visual.", c.image, c.embed_dim);
  add_tensors(tensors, "", c.text, c.embed_dim);
  tensors.push_back({"logit_scale", Dtype::f32, {}, {}, {}});
  if (c.logit_bias) tensors.push_back({"logit_bias", Dtype::f32, {}, {}, {}});
  return in_dialect(std::move(tensors), dialect);
}

}  // namespace clip::testing
