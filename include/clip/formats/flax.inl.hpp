// clip/formats/flax.inl.hpp: definitions of clip/formats/flax.hpp.
#pragma once

#include <clip/config/bounds.hpp>
#include <clip/formats/flax.hpp>
#include <clip/formats/permute.hpp>
#include <clip/formats/rewrite.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The components of a name, "a/b/kernel", that decide its layout.
struct FlaxName {
  std::string_view last, parent, first;

  explicit FlaxName(std::string_view name, char separator = '/') {
    const std::size_t end = name.rfind(separator);
    last = end == name.npos ? name : name.substr(end + 1);
    if (end == name.npos) return;
    name = name.substr(0, end);
    const std::size_t before = name.rfind(separator);
    parent = before == name.npos ? name : name.substr(before + 1);
    first = name.substr(0, name.find(separator));
  }
  bool before_attention() const { return parent == "query" || parent == "key" || parent == "value"; }
  bool after_attention() const { return parent == "out"; }
};

/// The kernel of a convolution: Flax's axes as PyTorch's, and the inverse.
inline constexpr std::array<std::size_t, 4> from_hwio{3, 2, 0, 1}, to_hwio{2, 3, 1, 0};

/// Collects the tensors of a file.
class FlaxReader {
 public:
  explicit FlaxReader(NpzFile file) {
    result_.place = std::move(file.place);
    budget_ = file.budget;
    result_.memory = std::move(file.memory);
    arrays_ = std::move(file.arrays);
  }

  Result<FlaxTensors> run() {
    for (StoredTensor& array : arrays_)
      if (auto done = add(array); !done) return done.error();
    return std::move(result_);
  }

 private:
  static constexpr std::string_view scanned_ = "/encoderblock/";

  Result<void> add(const StoredTensor& array) {
    const std::size_t at = array.name.find(scanned_);
    if (at == array.name.npos || array.count() == 0 || array.shape.empty()) return add_one(array);
    const Index blocks = array.shape[0];
    if (blocks > most_layers)
      return LoadError{result_.place, array.name + ": blocks", "at most " + std::to_string(most_layers), blocks};
    const std::size_t each = array.bytes.size() / static_cast<std::size_t>(blocks);
    for (Index i = 0; i < blocks; ++i) {
      StoredTensor block{array.name, array.dtype, {array.shape.begin() + 1, array.shape.end()}, {}};
      block.name.insert(at + scanned_.size() - 1, "_" + std::to_string(i));
      if (!array.bytes.empty()) block.bytes = array.bytes.subspan(static_cast<std::size_t>(i) * each, each);
      if (auto done = add_one(std::move(block)); !done) return done;
    }
    return {};
  }

  Result<void> add_one(StoredTensor array) {
    const FlaxName name{array.name};
    const std::size_t rank = array.shape.size();
    std::string dotted = array.name;
    std::ranges::replace(dotted, '/', '.');
    bool columns = false;
    if (name.last == "scale" || name.last == "kernel")
      dotted.replace(dotted.size() - name.last.size(), name.last.size(), "weight");
    if (name.last == "kernel" && rank == 3 && (name.before_attention() || name.after_attention())) {
      const Index heads = array.shape[name.before_attention() ? 1 : 0];
      if (auto same = note_heads(name, array.name, heads); !same) return same;
      array.shape = name.before_attention() ? std::vector{array.shape[0], heads * array.shape[2]}
                                            : std::vector{heads * array.shape[1], array.shape[2]};
      columns = true;
    } else if (name.last == "kernel" && rank == 2) {
      columns = true;
    } else if (name.last == "kernel" && rank == 4) {
      if (!array.bytes.empty()) {
        result_.memory.push_back(
            permuted(array.bytes, array.shape, from_hwio, static_cast<std::size_t>(traits(array.dtype).bits) / 8));
        array.bytes = result_.memory.back();
      }
      array.shape = permuted_shape(array.shape, from_hwio);
    } else if (name.last == "bias" && rank == 2 && name.before_attention()) {
      array.shape = {array.shape[0] * array.shape[1]};
    }
    const std::size_t taken = 512 + 4 * dotted.size();  // a record with its name
    if (taken > budget_ - taken_) return budget_error(result_.place, "its list of tensors", budget_);
    taken_ += taken;
    if (!names_.insert(dotted).second) return LoadError{result_.place, dotted + ": occurs twice"};
    FileTensor tensor{std::move(array)};
    tensor.name = std::move(dotted);
    tensor.transposed = columns;
    if (columns) std::swap(tensor.shape[0], tensor.shape[1]);
    result_.tensors.push_back(std::move(tensor));
    return {};
  }

  /// All blocks of a tower have the same number of heads.
  Result<void> note_heads(const FlaxName& name, const std::string& whole, Index heads) {
    const auto [known, is_new] = result_.heads.emplace(name.first, heads);
    if (known->second == heads) return {};
    return LoadError{result_.place, whole + ": heads", known->second, heads};
  }

  std::vector<StoredTensor> arrays_;
  std::size_t budget_ = 0, taken_ = 0;
  std::set<std::string> names_;
  FlaxTensors result_;
};

/// One tensor in Flax's name and layout.
inline TensorToWrite in_flax(TensorToWrite tensor, const std::map<std::string, Index, std::less<>>& heads) {
  const std::string dotted = tensor.name;
  const FlaxName name{dotted, '.'};
  std::ranges::replace(tensor.name, '.', '/');
  const auto tower = heads.find(name.first);
  const Index parts = tower == heads.end() ? 1 : tower->second;
  const std::size_t rank = tensor.shape.size();
  if (name.last == "bias" && name.before_attention() && rank == 1) tensor.shape = {parts, tensor.shape[0] / parts};
  if (name.last != "weight") return tensor;
  tensor.name.replace(tensor.name.size() - name.last.size(), name.last.size(), rank == 1 ? "scale" : "kernel");
  if (rank == 4) return permuted(std::move(tensor), {to_hwio.begin(), to_hwio.end()});
  if (rank != 2) return tensor;
  tensor = transposed(std::move(tensor));
  const Index in = tensor.shape[0], out = tensor.shape[1];
  if (name.before_attention()) tensor.shape = {in, parts, out / parts};
  else if (name.after_attention()) tensor.shape = {parts, in / parts, out};
  return tensor;
}

}  // namespace detail

CLIP_HOST Result<FlaxTensors> try_from_flax(NpzFile file) { return detail::FlaxReader{std::move(file)}.run(); }

CLIP_HOST std::vector<TensorToWrite> in_flax(std::vector<TensorToWrite> tensors,
                                             const std::map<std::string, Index, std::less<>>& heads) {
  for (TensorToWrite& tensor : tensors) tensor = detail::in_flax(std::move(tensor), heads);
  return tensors;
}

}  // namespace clip::inline CLIP_ABI
