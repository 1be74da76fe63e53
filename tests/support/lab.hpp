// tests/support/lab.hpp: harness of a primitive: seeded inputs by name, and the contents of all memory afterwards.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/rng.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::testing {

/// Sizes and views of one run of the list.
struct Setting {
  Index m = 5, n = 7, k = 6;
  bool fresh = false;    // targets are uninitialised
  bool gap = false;      // matrices are columns of wider ones
  bool optional = true;  // optional arguments are present
  std::string in_words() const {
    return "m " + std::to_string(m) + ", n " + std::to_string(n) + ", k " + std::to_string(k) +
           (fresh ? ", fresh" : "") + (gap ? ", strided" : "") + (optional ? "" : ", without optional parts");
  }
};

/// Segments with random parents, lengths 1 … 5 or so, some of their rows pooled.
inline Sequences random_tree(Rng rng, Index segments, Index longest = 5, bool roots_only = false) {
  Sequences sequences;
  std::vector<Index> open;  // the last segment and those above it
  for (Index s = 0; s < segments; ++s) {
    const std::uint64_t keep = roots_only ? 0 : rng.below(open.size() + 1);
    open.resize(static_cast<std::size_t>(keep));
    const Index length = 1 + static_cast<Index>(rng.below(static_cast<std::uint64_t>(longest)));
    open.push_back(sequences.add(length, open.empty() ? -1 : open.back()));
    const Index begin = sequences.segment(open.back()).begin;
    for (Index r = 0; r < length; ++r)
      if (rng.below(3) == 0) sequences.pool(begin + r);
  }
  if (sequences.pooled().empty()) sequences.pool(sequences.rows() - 1);
  return sequences;
}

/// One case on one backend: allocates its matrices and keeps their contents.
template <class B>
class Lab {
 public:
  using T = typename B::Scalar;

  Lab(B& backend, const Setting& setting, Rng rng) : b{backend}, z{setting}, rng_{rng} {}
  Lab(const Lab&) = delete;
  ~Lab() {
    for (Block& block : blocks_) b.deallocate(block.data, block.bytes());
  }

  B& b;
  const Setting& z;

  In<T> in(Index rows, Index cols, double scale = 1) {
    return block(rows, cols, [&] { return scale * rng_.normal(); });
  }
  In<T> positive(Index rows, Index cols) {
    return block(rows, cols, [&] { return 0.5 + rng_.uniform(); });
  }
  Out<T> out(Index rows, Index cols) {
    return block(rows, cols, [] { return nan; });
  }
  /// Scratch memory: its contents are not compared.
  Out<T> scratch(Index rows, Index cols) {
    const Out<T> scratch = out(rows, cols);
    blocks_.back().compared = false;
    return scratch;
  }
  Out<T> inout(Index rows, Index cols) {
    return block(rows, cols, [&] { return rng_.normal(); });
  }
  /// Values that the primitive may overwrite with anything.
  Out<T> consumed(Index rows, Index cols) {
    const Out<T> consumed = inout(rows, cols);
    blocks_.back().compared = false;
    return consumed;
  }
  Acc<T> target(Index rows, Index cols) { return {z.fresh ? out(rows, cols) : inout(rows, cols), z.fresh}; }

  const std::vector<std::int32_t>& ids(Index count, Index below) {
    std::vector<std::int32_t> values;
    for (Index i = 0; i < count; ++i)
      values.push_back(static_cast<std::int32_t>(rng_.below(static_cast<std::uint64_t>(below))));
    ids_.push_back(std::make_unique<std::vector<std::int32_t>>(std::move(values)));
    return *ids_.back();
  }
  Rng& rng() { return rng_; }

  /// A number that a primitive returned to the host.
  void number(double value) { numbers_.push_back(value); }

  /// The contents of the backend's memory, matrix by matrix, and the returned numbers.
  std::vector<std::vector<T>> contents() {
    std::vector<std::vector<T>> all;
    for (const Block& block : blocks_) {
      if (!block.compared) continue;
      std::vector<T> values(static_cast<std::size_t>(block.whole.count()));
      b.download(block.whole, std::span<T>{values});
      all.push_back(std::move(values));
    }
    all.emplace_back(numbers_.begin(), numbers_.end());
    return all;
  }

 private:
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();

  struct Block {
    T* data;
    View<T> whole;
    bool compared = true;
    std::size_t bytes() const { return static_cast<std::size_t>(whole.count() + 1) * sizeof(T); }
  };

  /// Values from `draw`; the gaps between rows are NaN, and must stay NaN.
  View<T> block(Index rows, Index cols, const std::function<double()>& draw) {
    const Index before = z.gap ? 1 : 0, stride = cols + (z.gap ? 4 : 0);
    Block block{nullptr, {nullptr, rows, stride}};
    block.data = static_cast<T*>(b.allocate(block.bytes()));
    block.whole.data = block.data;
    std::vector<T> values;
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < stride; ++j)
        values.push_back(static_cast<T>(j < before || j >= before + cols ? nan : draw()));
    b.upload(std::span<const T>{values}, block.whole);
    blocks_.push_back(block);
    return {block.data + before, rows, cols, stride};
  }

  Rng rng_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<std::vector<std::int32_t>>> ids_;
  std::vector<double> numbers_;
};

/// An epilogue with all parts of a product of `rows` rows.
template <class B, class F>
Epilogue<typename B::Scalar, F> folded_epilogue(Lab<B>& l, F f, Index rows) {
  Epilogue<typename B::Scalar, F> e{};
  e.activation = f;
  e.scale = l.in(1, l.z.n);
  e.shortcut = l.in(rows, l.z.n);
  if (l.z.optional) {
    e.bias = l.in(1, l.z.n);
    e.before = l.out(rows, l.z.n);
    e.residual = l.in(rows, l.z.n);
  }
  return e;
}

/// Cases by name. A case allocates its matrices from the lab and calls one primitive.
template <class B>
class Cases {
 public:
  using Run = std::function<void(Lab<B>&)>;

  void add(std::string name, Run run) { cases_.emplace_back(std::move(name), std::move(run)); }
  auto begin() const { return cases_.begin(); }
  auto end() const { return cases_.end(); }

 private:
  std::vector<std::pair<std::string, Run>> cases_;
};

}  // namespace clip::testing
