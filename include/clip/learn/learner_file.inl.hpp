// clip/learn/learner_file.inl.hpp: definitions of clip/learn/learner_file.hpp.
#pragma once

#include <clip/formats/safetensors_write.hpp>
#include <clip/learn/learner_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Result<void> try_write_learner(const std::string& path, std::string_view kind,
                                         const std::vector<LearnerTensor>& tensors, bool in_double) {
  std::vector<TensorToWrite> list;
  for (const LearnerTensor& tensor : tensors) {
    const auto shape = std::span(tensor.shape.extent).first(static_cast<std::size_t>(tensor.shape.rank));
    const bool wide = in_double || tensor.shape.rank == 0;  // numbers are doubles
    list.push_back({tensor.name, wide ? Dtype::f64 : Dtype::f32, {shape.begin(), shape.end()}});
    if (wide) {
      list.back().bytes = std::as_bytes(std::span(tensor.values));
      continue;
    }
    list.back().produce = [&tensor](const ByteSink& sink) {
      const std::vector<float> values(tensor.values.begin(), tensor.values.end());
      sink(std::as_bytes(std::span(values)));
    };
  }
  return try_write_safetensors(path, list, {{"learner", std::string(kind)}});
}

CLIP_HOST Result<Safetensors> try_open_learner_file(const std::string& path, std::string_view kind) {
  auto file = try_open_safetensors(path);
  if (!file) return file.error();
  const auto found = file->metadata().find("learner");
  const std::string other = found == file->metadata().end() ? "a file without one" : found->second;
  if (other != kind) return LoadError{path, "learner", kind, other};
  return std::move(*file);
}

CLIP_HOST Index extent_of(const Safetensors& file, std::string_view name, std::size_t axis) {
  const StoredTensor* const tensor = file.find(name);
  return tensor != nullptr && axis < tensor->shape.size() ? tensor->shape[axis] : 0;
}

CLIP_HOST Result<void> try_check_shape(const Safetensors& file, std::string_view name, const Shape& shape) {
  const StoredTensor* const tensor = file.find(name);
  if (tensor == nullptr) return LoadError{file.place(), "tensors of the learner", std::string(name), "none"};
  Shape found;
  found.rank = static_cast<int>(std::min<std::size_t>(tensor->shape.size(), found.extent.size()));
  std::copy_n(tensor->shape.begin(), found.rank, found.extent.begin());
  if (tensor->shape.size() > found.extent.size() || !(found == shape))
    return LoadError{file.place(), "shape of " + std::string(name), shape, found};
  if (tensor->count() < 1) return LoadError{file.place(), "values of " + std::string(name), "1 or more", 0};
  return {};
}

CLIP_HOST Result<std::vector<double>> try_learner_values(const Safetensors& file, std::string_view name,
                                                         const Shape& shape) {
  if (auto fits = try_check_shape(file, name, shape); !fits) return fits.error();
  const StoredTensor& tensor = *file.find(name);
  std::vector<double> values(static_cast<std::size_t>(tensor.count()));
  if (auto done = try_convert(tensor, std::span<double>(values)); !done) return done.error();
  for (const double x : values)
    if (!std::isfinite(x)) return LoadError{file.place(), "values of " + std::string(name), "finite numbers", x};
  return values;
}

}  // namespace clip::inline CLIP_ABI::detail
