// clip/names/shape_reader.hpp: reader of the extents of named tensors; collects every problem.
#pragma once

#include <clip/formats/tensor_file.hpp>
#include <clip/names/dialect.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Reads extents of a file's tensors by OpenAI's names. After a problem an extent is 1; problems() lists all of them.
class ShapeReader {
 public:
  /// `dialect`: that of the names that the file has on disk.
  explicit ShapeReader(const TensorFile& file, Dialect dialect = Dialect::openai) : file_{file}, dialect_{dialect} {}

  Dialect dialect() const { return dialect_; }

  bool has(std::string_view name) const { return file_.find(name) != nullptr; }

  /// Extent `axis` of a tensor of `rank` extents, from 1 to 2^31.
  Index operator()(const std::string& name, std::size_t rank, std::size_t axis) {
    const FileTensor* const tensor = file_.find(name);
    if (tensor == nullptr) return unfit("no " + name);
    if (tensor->shape.size() != rank)
      return unfit(name + " has " + std::to_string(tensor->shape.size()) + " extents, expected " +
                   std::to_string(rank));
    const Index extent = tensor->shape[axis];
    return extent < 1 || extent > (Index{1} << 31) ? unfit(name + " has an extent of " + std::to_string(extent))
                                                   : extent;
  }
  /// The number of blocks, counted by the tensors prefix + "0." + weight, prefix + "1." + weight, …
  Index count_blocks(const std::string& prefix, const std::string& weight) {
    Index n = 0;
    while (file_.find(prefix + std::to_string(n) + "." + weight) != nullptr) ++n;
    return n > 0 ? n : unfit("no " + prefix + "0." + weight);
  }
  /// The same, counted by any of several tensors, since pruned blocks may lack some.
  Index count_blocks(const std::string& prefix, const std::string& weight, const std::string& other) {
    Index n = 0;
    for (std::string block = prefix + "0."; has(block + weight) || has(block + other);)
      block = prefix + std::to_string(++n) + ".";
    return n > 0 ? n : unfit("no " + prefix + "0." + weight);
  }
  /// The rows of a matrix of so many columns, of which there may be none; nullopt: no such matrix.
  std::optional<Index> rows(const std::string& name, Index columns) const {
    const FileTensor* const tensor = file_.find(name);
    const bool fits = tensor != nullptr && tensor->shape.size() == 2 && tensor->shape[1] == columns &&
                      tensor->shape[0] >= 0 && tensor->shape[0] <= (Index{1} << 31);
    return fits ? std::optional{tensor->shape[0]} : std::nullopt;
  }
  /// Adds a problem that is not yet listed, and returns 1, the extent after a problem.
  Index problem(const std::string& what) {
    if (problems_.find(what) == problems_.npos) problems_ += (problems_.empty() ? "" : "; ") + what;
    return 1;
  }
  /// The same for a detail that nothing states and in which implementations differ.
  void undecided(const std::string& what) {
    undecided_ = true;
    problem(what);
  }
  /// The same for a tensor that no model of the family has: the file is no such model.
  void foreign(const std::string& what) { unfit(what); }
  /// The side of the square grid in a table of positions that begins with `class_rows` other rows, one or none.
  Index grid(const char* name, Index positions, Index class_rows = 1) {
    Index grid = 1;
    while (grid * grid < positions - class_rows) ++grid;
    if (grid * grid != positions - class_rows)
      problem(std::string(name) + " has " + std::to_string(positions) + " rows, expected a square" +
              (class_rows > 0 ? " plus one" : ""));
    return grid;
  }
  /// All problems, separated by "; "; empty: none.
  const std::string& problems() const { return problems_; }
  /// True if a tensor is missing or has an impossible shape.
  bool missing() const { return missing_; }
  bool is_undecided() const { return undecided_; }

 private:
  Index unfit(const std::string& what) {
    missing_ = true;
    return problem(what);
  }

  const TensorFile& file_;
  Dialect dialect_;
  std::string problems_;
  bool missing_ = false, undecided_ = false;
};

}  // namespace clip::inline CLIP_ABI
