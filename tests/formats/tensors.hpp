// tests/formats/tensors.hpp: tensors to write, and their values.
#pragma once

#include <clip/formats/dtype.hpp>
#include <clip/formats/rewrite.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::testing {

template <class T>
TensorToWrite tensor(std::string name, Dtype dtype, std::vector<Index> shape, const std::vector<T>& values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(std::span{values}), {}};
}

/// The same tensor produced in pieces of 7 bytes, a multiple of no element size.
inline TensorToWrite in_pieces(const TensorToWrite& whole) {
  TensorToWrite t{whole.name, whole.dtype, whole.shape, {}, {}};
  t.produce = [bytes = whole.bytes](const ByteSink& sink) {
    for (std::size_t at = 0; at < bytes.size(); at += 7)
      sink(bytes.subspan(at, std::min<std::size_t>(7, bytes.size() - at)));
  };
  return t;
}

template <class T>
std::vector<T> read(const TensorToWrite& t) {
  const auto bytes = detail::try_bytes_of(t).value();
  std::vector<T> values(static_cast<std::size_t>(StoredTensor{"", t.dtype, t.shape, {}}.count()));
  convert(StoredTensor{t.name, t.dtype, t.shape, bytes}, std::span<T>(values));
  return values;
}

}  // namespace clip::testing
