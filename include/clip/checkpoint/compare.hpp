// clip/checkpoint/compare.hpp: comparison of a model with a file: missing, unexpected and misshapen tensors.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/fit.hpp>
#include <clip/checkpoint/patch_size.hpp>
#include <clip/checkpoint/positions.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/names/rename.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A scalar matches one value of any rank; any other tensor must have exactly the expected shape.
inline bool same_shape(const Shape& expected, const std::vector<Index>& found) {
  if (expected.rank == 0) return std::all_of(found.begin(), found.end(), [](Index n) { return n == 1; });
  if (static_cast<std::size_t>(expected.rank) != found.size()) return false;
  for (int i = 0; i < expected.rank; ++i)
    if (expected[i] != found[static_cast<std::size_t>(i)]) return false;
  return true;
}

/// A shape for a message: "(768, 3, 32, 32)".
inline std::string shape_in_words(const std::vector<Index>& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

/// Rows before the grid in an image tower's table of positions.
inline Index class_rows(Stretch stretch) { return stretch == Stretch::square ? 0 : 1; }

/// Whether a table of positions differs from the model's only in its number of rows and can be interpolated.
inline bool can_stretch(const ParameterForm& p, const FileTensor& stored) {
  if (p.stretch == Stretch::none || stored.shape.size() != 2 || stored.shape[1] != p.shape[1] || stored.shape[0] < 1 ||
      !is_floating(stored.dtype))
    return false;
  const Index before = class_rows(p.stretch);
  return p.stretch == Stretch::line ||
         (whole_root(p.shape[0] - before) > 0 && whole_root(stored.shape[0] - before) > 0);
}

/// Whether a kernel of patches differs from the model's only in the size of the patches, which are square.
inline bool can_resize(const ParameterForm& p, const FileTensor& stored) {
  const auto& found = stored.shape;
  return p.stretch == Stretch::kernel && found.size() == 4 && found[0] == p.shape[0] && found[1] == p.shape[1] &&
         found[2] == found[3] && found[2] > 0 && is_floating(stored.dtype);
}

/// Names that differ between a model and a file: parameters that the file lacks, tensors that the model lacks, and
/// parameters whose tensor has another shape or element type, each with a sentence.
struct Comparison {
  std::vector<std::string> missing, extra, misfit;
};

/// Compares the parameters of a model with a file in OpenAI's names. Tensors are not reported as extra if their names
/// begin with `ignored_prefix` (empty: none), or if they do not belong to the model by `owns`.
inline Comparison compare(const std::vector<ParameterForm>& parameters, Owns owns, const TensorFile& file,
                          std::string_view ignored_prefix) {
  Comparison c;
  std::set<std::string, std::less<>> known;
  for (const ParameterForm& p : parameters) {
    const std::string& name = p.name;
    known.emplace(name);
    const bool counter = p.kind == ParameterKind::counter;  // the number of batches seen, which many files lack
    const FileTensor* stored = file.find(name);
    if (!stored) {
      if (!counter) c.missing.emplace_back(name);
      continue;
    }
    if (!same_shape(p.shape, stored->shape))
      c.misfit.push_back(name + ": shape " + p.shape.in_words() + " expected, " + shape_in_words(stored->shape) +
                         " found" + (can_stretch(p, *stored) ? " (set LoadOptions::positions to interpolate it)" : "") +
                         (can_resize(p, *stored) ? " (set LoadOptions::patches to resize it)" : ""));
    else if (!is_floating(stored->dtype) && !(counter && stored->dtype == Dtype::i64))
      c.misfit.push_back(name + ": F16, BF16, F32 or F64 expected, " + std::string(traits(stored->dtype).name) +
                         " found");
  }
  for (const FileTensor& t : file.tensors())
    if (!known.contains(t.name) && !is_note(t.name) && !is_buffer(t.name) && owns(t.name) &&
        (ignored_prefix.empty() || !t.name.starts_with(ignored_prefix)))
      c.extra.push_back(t.name);
  return c;
}

/// The same file with its tables of positions interpolated to the model's sizes, and kernels of patches resized; none:
/// they stay. LoadError: a table that cannot be.
inline Result<TensorFile> try_fit_sizes(const std::vector<ParameterForm>& parameters, const TensorFile& file,
                                        Interpolate positions, PatchResize patches) {
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  std::vector<std::vector<std::byte>> memory;
  for (const ParameterForm& p : parameters) {
    const auto at = std::find_if(tensors.begin(), tensors.end(), [&](const FileTensor& t) { return t.name == p.name; });
    if (at == tensors.end() || same_shape(p.shape, at->shape)) continue;
    const bool table_differs = positions != Interpolate::none && can_stretch(p, *at);
    if (!table_differs && !(patches != PatchResize::none && can_resize(p, *at))) continue;
    std::vector<double> values(static_cast<std::size_t>(at->count()));
    if (auto good = try_convert(*at, std::span<double>(values)); !good) return good.error();
    auto stretched = !table_differs ? try_resize_patches(values, at->shape[2], p.shape[2], patches)
                     : p.stretch == Stretch::line
                         ? try_interpolate_line(values, p.shape[1], p.shape[0], positions)
                         : try_interpolate_grid(values, p.shape[1], p.shape[0], positions, class_rows(p.stretch));
    if (!stretched) return LoadError{file.place(), p.name + ": " + stretched.error().message()};
    std::vector<std::byte> bytes(stretched->size() * sizeof(double));
    for (std::size_t i = 0; i < stretched->size(); ++i)
      store_little(bytes.data() + i * sizeof(double), std::bit_cast<std::uint64_t>((*stretched)[i]));
    std::vector<Index> shape(p.shape.extent.begin(), p.shape.extent.begin() + p.shape.rank);
    *at = FileTensor{StoredTensor{p.name, Dtype::f64, std::move(shape), bytes}};
    memory.push_back(std::move(bytes));
  }
  TensorFile result = file.with(std::move(tensors));
  for (auto& bytes : memory) result.keep(std::move(bytes));
  return result;
}

}  // namespace clip::inline CLIP_ABI::detail
