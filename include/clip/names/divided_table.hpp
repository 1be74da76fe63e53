// clip/names/divided_table.hpp: a table of positions that a dialect divides into two, and its fold into one.
#pragma once

#include <clip/formats/rewrite.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/names/dialect.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// LoadError or OptionError, by `E`: the two tables differ in shape or element type, or have too few rows to be folded.
template <class E, class Table>
Result<void> try_check_tables(const std::string& place, const DividedTable& divided, const Table& first,
                              const Table& second) {
  if (first.shape == second.shape && first.dtype == second.dtype && first.shape.size() == 2 &&
      first.shape[0] > divided.kept)
    return {};
  return E{place, std::string(divided.second) + " does not continue " + std::string(divided.first) +
                      ": both must be matrices of one shape and element type, of more than " +
                      std::to_string(divided.kept) + " rows"};
}

/// The file with one table in place of two: the first rows of the first one, then the later rows of the second. Copies
/// no bytes. LoadError: the tables differ in shape or element type.
inline Result<TensorFile> try_fold(const TensorFile& file, const DividedTable& divided) {
  const FileTensor *const first = file.find(divided.first), *const second = file.find(divided.second);
  if (first == nullptr || second == nullptr || first->parts.size() != 1 || second->parts.size() != 1) return file;
  if (auto good = try_check_tables<LoadError>(file.place(), divided, *first, *second); !good) return good.error();
  std::vector<FileTensor> tensors;
  for (const FileTensor& t : file.tensors()) {
    if (t.name == divided.second) continue;
    tensors.push_back(t);
    if (t.name != divided.first) continue;
    StoredTensor head = t.parts[0], tail = second->parts[0];
    const std::size_t begin =
        head.bytes.size() / static_cast<std::size_t>(t.shape[0]) * static_cast<std::size_t>(divided.kept);
    head.bytes = head.bytes.first(begin);
    head.shape[0] = divided.kept;
    tail.bytes = tail.bytes.subspan(begin);
    tail.shape[0] -= divided.kept;
    tensors.back().parts = {std::move(head), std::move(tail)};
  }
  return file.with(std::move(tensors));
}

/// The file with the first table as the second one, too, as training begins: their fold is the first table.
inline TensorFile with_second(const TensorFile& file, const DividedTable& divided) {
  const FileTensor* const first = file.find(divided.first);
  if (first == nullptr || file.find(divided.second) != nullptr) return file;
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  tensors.push_back(*first);
  tensors.back().name = std::string(divided.second);
  return file.with(std::move(tensors));
}

/// The file with two tables, or with their fold. LoadError: as try_fold.
inline Result<TensorFile> try_divide(const TensorFile& file, const DividedTable& divided, bool two) {
  return two ? Result<TensorFile>{with_second(file, divided)} : try_fold(file, divided);
}

/// The same as try_fold for tensors to write: folds the two tables, if both are there. OptionError: as try_fold.
inline Result<void> try_fold(std::vector<TensorToWrite>& tensors, const DividedTable& divided) {
  const auto first = std::ranges::find(tensors, divided.first, &TensorToWrite::name),
             second = std::ranges::find(tensors, divided.second, &TensorToWrite::name);
  if (first == tensors.end() || second == tensors.end()) return {};
  if (auto good = try_check_tables<OptionError>("dialect", divided, *first, *second); !good) return good;
  *first = folded(std::move(*first), *second, divided.kept);
  tensors.erase(second);
  return {};
}

}  // namespace clip::inline CLIP_ABI::detail
