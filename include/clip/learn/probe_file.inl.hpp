// clip/learn/probe_file.inl.hpp: definitions of clip/learn/probe_file.hpp.
#pragma once

#include <clip/formats/npz.hpp>
#include <clip/formats/npz_write.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/learn/probe_file.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// The array of that name as numbers. LoadError: it is missing, has another rank, or numbers that are not finite.
CLIP_HOST Result<std::vector<double>> try_probe_array(std::span<const StoredTensor> arrays, const std::string& place,
                                                      std::string_view name, std::size_t rank,
                                                      std::vector<Index>& shape) {
  for (const StoredTensor& array : arrays) {
    if (array.name != name) continue;
    if (array.shape.size() != rank) return LoadError{place, "extents of " + array.name, rank, array.shape.size()};
    std::vector<double> values(static_cast<std::size_t>(array.count()));
    if (auto done = try_convert(array, std::span<double>(values)); !done) return done.error();
    for (const double x : values)
      if (!std::isfinite(x)) return LoadError{place, "values of " + array.name, "finite numbers", x};
    shape = array.shape;
    return values;
  }
  return LoadError{place, "arrays of a linear probe", "coef_, intercept_ and classes_", "no " + std::string(name)};
}

CLIP_HOST Result<LinearProbe<std::int64_t>> try_probe(std::span<const StoredTensor> arrays, const std::string& place) {
  std::vector<Index> shape, rows, names;
  auto coefficients = try_probe_array(arrays, place, "coef_", 2, shape);
  if (!coefficients) return coefficients.error();
  auto intercepts = try_probe_array(arrays, place, "intercept_", 1, rows);
  if (!intercepts) return intercepts.error();
  const auto classes = try_probe_array(arrays, place, "classes_", 1, names);
  if (!classes) return classes.error();
  if (names[0] < 2) return LoadError{place, "classes_", "2 or more", names[0]};
  const Index expected = names[0] == 2 ? 1 : names[0];
  if (shape[0] != expected) return LoadError{place, "rows of coef_", expected, shape[0]};
  if (rows[0] != expected) return LoadError{place, "values of intercept_", expected, rows[0]};

  LinearProbe<std::int64_t> probe{.classes = {}, .width = shape[1]};
  for (const double c : *classes) probe.classes.push_back(static_cast<std::int64_t>(c));
  if (expected == 1) {  // the difference of two rows
    for (const double x : *coefficients) probe.coefficients.push_back(-x / 2);
    probe.intercepts.push_back(-intercepts->front() / 2);
    for (double& x : *coefficients) x /= 2;
    intercepts->front() /= 2;
  }
  probe.coefficients.insert(probe.coefficients.end(), coefficients->begin(), coefficients->end());
  probe.intercepts.insert(probe.intercepts.end(), intercepts->begin(), intercepts->end());
  return probe;
}
}  // namespace detail

CLIP_HOST Result<void> try_save_probe(const LinearProbe<std::int64_t>& probe, const std::string& path) {
  std::vector<double> coefficients = probe.coefficients, intercepts = probe.intercepts;
  auto rows = static_cast<Index>(probe.classes.size());
  if (rows == 2) {
    const auto width = static_cast<std::size_t>(probe.width);
    for (std::size_t j = 0; j < width; ++j) coefficients[j] = coefficients[width + j] - coefficients[j];
    coefficients.resize(width);
    intercepts = {intercepts[1] - intercepts[0]};
    rows = 1;
  }
  const std::array tensors{
      TensorToWrite{"coef_", Dtype::f64, {rows, probe.width}, std::as_bytes(std::span(coefficients))},
      TensorToWrite{"intercept_", Dtype::f64, {rows}, std::as_bytes(std::span(intercepts))},
      TensorToWrite{
          "classes_", Dtype::i64, {static_cast<Index>(probe.classes.size())}, std::as_bytes(std::span(probe.classes))}};
  if (path.ends_with(".npz")) return try_write_npz(path, tensors);
  return try_write_safetensors(path, tensors);
}

CLIP_HOST Result<LinearProbe<std::int64_t>> try_open_probe(const std::string& path) {
  const auto file = try_map_file(path);
  if (!file) return file.error();
  if (is_npz(file->bytes())) {
    const auto npz = try_parse_npz(file->bytes(), path);
    if (!npz) return npz.error();
    return detail::try_probe(npz->arrays, path);
  }
  const auto tensors = try_parse_safetensors(file->bytes(), path);
  if (!tensors) return tensors.error();
  return detail::try_probe(tensors->tensors(), path);
}

}  // namespace clip::inline CLIP_ABI
