// tests/learn/golden_arrays.hpp: arrays of an .npz file of reference numbers.
#pragma once

#include <clip/formats/npz.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/tensor/tensor.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace clip::testing {

/// A file in tests/learn/files/.
class GoldenArrays {
 public:
  explicit GoldenArrays(const std::string& file)
      : file_{try_map_file(CLIP_SOURCE_DIR "/tests/learn/files/" + file).value()},
        npz_{try_parse_npz(file_.bytes(), file).value()} {}

  std::vector<double> operator()(const std::string& name) const {
    const StoredTensor& array = find(name);
    std::vector<double> numbers(static_cast<std::size_t>(array.count()));
    convert(array, std::span<double>(numbers));
    return numbers;
  }
  /// A matrix.
  template <class T>
  Features<T, dyn> features(const std::string& name) const {
    const StoredTensor& x = find(name);
    Features<T, dyn> features{x.shape.at(0), x.shape.at(1)};
    const std::vector<double> numbers = (*this)(name);
    for (std::size_t i = 0; i < numbers.size(); ++i) features.values()[i] = static_cast<T>(numbers[i]);
    return features;
  }
  template <class Label>
  std::vector<Label> labels(const std::string& name) const {
    std::vector<Label> labels;
    for (const double y : (*this)(name)) labels.push_back(static_cast<Label>(y));
    return labels;
  }

 private:
  const StoredTensor& find(const std::string& name) const {
    for (const StoredTensor& array : npz_.arrays)
      if (array.name == name) return array;
    FAIL("no array ", name);
    return npz_.arrays.front();
  }
  MappedFile file_;
  NpzFile npz_;
};

}  // namespace clip::testing
