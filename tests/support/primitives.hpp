// tests/support/primitives.hpp: every primitive of a backend in one list, with inputs that depend on nothing but names.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/core/rng.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace clip::testing {

/// What a run of the list looks like: sizes, and what the views are like.
struct Setting {
  Index m = 5, n = 7, k = 6;
  bool fresh = false;    // targets hold nothing yet
  bool gap = false;      // matrices are columns of wider ones
  bool optional = true;  // parts that may be absent are there
  std::string in_words() const {
    return "m " + std::to_string(m) + ", n " + std::to_string(n) + ", k " + std::to_string(k) + (fresh ? ", fresh" : "") + (gap ? ", strided" : "") +
           (optional ? "" : ", without optional parts");
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

/// One case on one backend: gives out matrices, keeps what was written.
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
  Out<T> inout(Index rows, Index cols) {
    return block(rows, cols, [&] { return rng_.normal(); });
  }
  Acc<T> target(Index rows, Index cols) { return {z.fresh ? out(rows, cols) : inout(rows, cols), z.fresh}; }

  const std::vector<std::int32_t>& ids(Index count, Index below) {
    std::vector<std::int32_t> values;
    for (Index i = 0; i < count; ++i) values.push_back(static_cast<std::int32_t>(rng_.below(static_cast<std::uint64_t>(below))));
    ids_.push_back(std::make_unique<std::vector<std::int32_t>>(std::move(values)));
    return *ids_.back();
  }
  Rng& rng() { return rng_; }

  /// A number that came back to the host.
  void number(double value) { numbers_.push_back(value); }

  /// Everything the backend's memory holds now, matrix by matrix, and the numbers.
  std::vector<std::vector<T>> contents() {
    std::vector<std::vector<T>> all;
    for (const Block& block : blocks_) {
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
    std::size_t bytes() const { return static_cast<std::size_t>(whole.count() + 1) * sizeof(T); }
  };

  /// Values from `draw`; the gaps between rows hold no numbers, and must not afterwards.
  View<T> block(Index rows, Index cols, const std::function<double()>& draw) {
    const Index before = z.gap ? 1 : 0, stride = cols + (z.gap ? 4 : 0);
    Block block{nullptr, {nullptr, rows, stride}};
    block.data = static_cast<T*>(b.allocate(block.bytes()));
    block.whole.data = block.data;
    std::vector<T> values;
    for (Index i = 0; i < rows; ++i)
      for (Index j = 0; j < stride; ++j) values.push_back(static_cast<T>(j < before || j >= before + cols ? nan : draw()));
    b.upload(std::span<const T>{values}, block.whole);
    blocks_.push_back(block);
    return {block.data + before, rows, cols, stride};
  }

  Rng rng_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<std::vector<std::int32_t>>> ids_;
  std::vector<double> numbers_;
};

/// An activation of one's own that takes plain numbers only.
struct Shrink {
  float operator()(float x) const { return x > 0.5f ? x - 0.5f : 0.0f; }
  double operator()(double x) const { return x > 0.5 ? x - 0.5 : 0.0; }
  float slope(float x) const { return x > 0.5f ? 1.0f : 0.0f; }
  double slope(double x) const { return x > 0.5 ? 1.0 : 0.0; }
};

struct Square {
  template <class V>
  V operator()(V x) const {
    return x * x;
  }
};

/// Everything a product may apply as it stores `rows` rows.
template <class B, class F>
Epilogue<typename B::Scalar, F> folded_epilogue(Lab<B>& l, F f, Index rows) {
  Epilogue<typename B::Scalar, F> e{};
  e.activation = f;
  e.scale = l.in(1, l.z.n), e.shortcut = l.in(rows, l.z.n);
  if (l.z.optional) e.bias = l.in(1, l.z.n), e.before = l.out(rows, l.z.n), e.residual = l.in(rows, l.z.n);
  return e;
}

/// The list. A case takes what it needs from the lab and calls one primitive.
template <class B>
std::vector<std::pair<std::string, std::function<void(Lab<B>&)>>> primitives() {
  using T = typename B::Scalar;
  using L = Lab<B>;
  std::vector<std::pair<std::string, std::function<void(L&)>>> list;
  const auto add = [&](std::string name, std::function<void(L&)> run) { list.emplace_back(std::move(name), std::move(run)); };

  add("fill", [](L& l) { l.b.fill(l.out(l.z.m, l.z.n), T(1.5)); });
  add("add", [](L& l) { l.b.add(l.in(l.z.m, l.z.n), l.target(l.z.m, l.z.n)); });
  const auto pointwise = [&](auto f, const std::string& name) {
    add("map " + name, [f](L& l) { l.b.map(f, l.in(l.z.m, l.z.n, 2), l.out(l.z.m, l.z.n)); });
    add("map_slope " + name, [f](L& l) {
      const auto x = l.in(l.z.m, l.z.n, 2), dy = l.in(l.z.m, l.z.n);
      l.b.map_slope(f, x, dy, l.target(l.z.m, l.z.n));
    });
  };
  pointwise(fn::Identity{}, "identity"), pointwise(fn::QuickGelu{}, "quick_gelu"), pointwise(fn::Gelu{}, "gelu"), pointwise(fn::GeluTanh{}, "gelu_tanh"),
      pointwise(fn::Relu{}, "relu");
  pointwise(Shrink{}, "of plain numbers");
  add("exp_scale", [](L& l) {
    const auto s = l.in(1, 1), x = l.in(l.z.m, l.z.n);
    l.b.exp_scale(s, x, l.target(l.z.m, l.z.n));
  });
  add("dot", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), y = l.in(l.z.m, l.z.n);
    l.b.dot(x, y, l.target(1, 1));
  });

  const auto product = [&](auto f, const std::string& name) {
    const auto epilogue = [f](L& l) {
      Epilogue<T, decltype(f)> e{};
      e.activation = f;
      if (l.z.optional) e.bias = l.in(1, l.z.n), e.before = l.out(l.z.m, l.z.n), e.residual = l.in(l.z.m, l.z.n);
      return e;
    };
    add("linear " + name + ", scaled, with a shortcut", [f](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
      const auto e = folded_epilogue(l, f, l.z.m);
      l.b.linear(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    add("project " + name + ", scaled", [](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.k, l.z.n);
      Epilogue<T, decltype(f)> e{};
      e.scale = l.in(1, l.z.n);
      l.b.project(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    add("linear " + name, [epilogue](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
      const auto e = epilogue(l);
      l.b.linear(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
    add("project " + name, [epilogue](L& l) {
      const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.k, l.z.n);
      const auto e = epilogue(l);
      l.b.project(x, Weights<T>{w}, e, l.out(l.z.m, l.z.n));
    });
  };
  product(fn::Identity{}, "identity"), product(fn::QuickGelu{}, "quick_gelu");
  add("linear onto its residual", [](L& l) {
    const auto x = l.in(l.z.m, l.z.k), w = l.in(l.z.n, l.z.k);
    Epilogue<T> e{};
    const auto y = l.inout(l.z.m, l.z.n);
    e.residual = y;
    l.b.linear(x, Weights<T>{w}, e, y);
  });
  add("outer", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), y = l.in(l.z.m, l.z.k);
    l.b.outer(x, y, l.target(l.z.n, l.z.k));
  });
  add("column_sum", [](L& l) { l.b.column_sum(l.in(l.z.m, l.z.n), l.target(1, l.z.n)); });

  for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 3, 0}, Window{1, 2, 0}}) {
    const std::string kind = " " + std::to_string(window.size) + ", stride " + std::to_string(window.stride) + ", padding " + std::to_string(window.padding);
    const auto shape = [window](L& l) {
      const Grid grid{1 + l.z.m % 3, 3 + l.z.n % 6, 3 + l.z.m % 9};
      return std::tuple{grid, window.over(grid), std::min<Index>(l.z.k, 150)};
    };
    add("convolve" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto x = l.in(grid.rows(), k), w = l.in(l.z.n, k * window.area());
      l.b.convolve(x, Weights<T>{w}, grid, window, Epilogue<T>{}, l.out(places.rows(), l.z.n));
    });
    add("convolve relu, scaled, with a shortcut" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto x = l.in(grid.rows(), k), w = l.in(l.z.n, k * window.area());
      const auto e = folded_epilogue(l, fn::Relu{}, places.rows());
      l.b.convolve(x, Weights<T>{w}, grid, window, e, l.out(places.rows(), l.z.n));
    });
    add("convolve_backward" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto dy = l.in(places.rows(), l.z.n), w = l.in(l.z.n, k * window.area());
      l.b.convolve_backward(dy, Weights<T>{w}, grid, window, l.target(grid.rows(), k));
    });
    add("convolve_outer" + kind, [=](L& l) {
      const auto [grid, places, k] = shape(l);
      const auto dy = l.in(places.rows(), l.z.n), x = l.in(grid.rows(), k);
      l.b.convolve_outer(dy, x, grid, window, l.target(l.z.n, k * window.area()));
    });
  }
  for (const Index k : {Index{2}, Index{3}}) {
    const auto shape = [](L& l) { return Grid{1 + l.z.m / 16, 3 + l.z.k % 6, 4 + l.z.m % 5}; };
    add("average_pool " + std::to_string(k), [=](L& l) {
      const Grid grid = shape(l);
      const auto x = l.in(grid.rows(), l.z.n);
      l.b.average_pool(x, grid, k, l.out(Window{k, k, 0}.over(grid).rows(), l.z.n));
    });
    add("average_pool_backward " + std::to_string(k), [=](L& l) {
      const Grid grid = shape(l);
      const auto dy = l.in(Window{k, k, 0}.over(grid).rows(), l.z.n);
      l.b.average_pool_backward(dy, grid, k, l.target(grid.rows(), l.z.n));
    });
  }
  add("channels_last", [](L& l) {
    const auto x = l.in(l.z.m, 3 * l.z.n);
    l.b.channels_last(x, 3, l.out(l.z.m * l.z.n, 3));
  });
  add("channels_last_backward", [](L& l) {
    const auto dy = l.in(l.z.m * l.z.n, 5);
    l.b.channels_last_backward(dy, 5, l.target(l.z.m, 5 * l.z.n));
  });

  add("batch_norm", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.batch_norm(x, gain, bias, 1e-1, l.out(l.z.m, l.z.n), l.z.optional ? l.out(2, l.z.n) : Saved<T>{});
  });
  add("batch_norm_with", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.batch_norm_with(x, mean, variance, gain, bias, 1e-5, l.out(l.z.m, l.z.n));
  });
  for (const bool of_batch : {true, false}) {
    const std::string kind = of_batch ? ", statistics of the batch" : ", running statistics";
    add("batch_norm_backward" + kind, [of_batch](L& l) {
      const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n), dy = l.in(l.z.m, l.z.n);
      const auto dx = l.target(l.z.m, l.z.n);
      l.b.batch_norm_backward(x, mean, variance, gain, 1e-5, dy, of_batch, dx, l.z.optional ? l.target(1, l.z.n) : Acc<T>{},
                              l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
    });
    add("batch_norm_backward, parameters only" + kind, [of_batch](L& l) {
      const auto x = l.in(l.z.m, l.z.n), mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n), dy = l.in(l.z.m, l.z.n);
      const auto dgain = l.target(1, l.z.n);
      l.b.batch_norm_backward(x, mean, variance, gain, 1e-5, dy, of_batch, {}, dgain, l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
    });
  }
  add("fold_batch_norm", [](L& l) {
    const auto mean = l.in(1, l.z.n), variance = l.positive(1, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.fold_batch_norm(mean, variance, gain, bias, 1e-5, l.out(2, l.z.n));
  });
  add("blend", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.blend(0.9, 0.1, x, l.inout(l.z.m, l.z.n));
  });

  add("layer_norm", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), bias = l.in(1, l.z.n);
    l.b.layer_norm(x, gain, bias, 1e-5, l.out(l.z.m, l.z.n), l.z.optional ? l.out(l.z.m, 2) : Saved<T>{});
  });
  add("layer_norm_backward", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), saved = l.positive(l.z.m, 2), dy = l.in(l.z.m, l.z.n);
    const auto dx = l.target(l.z.m, l.z.n);
    l.b.layer_norm_backward(x, gain, saved, dy, dx, l.z.optional ? l.target(1, l.z.n) : Acc<T>{}, l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
  });
  add("layer_norm_backward, parameters only", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), gain = l.in(1, l.z.n), saved = l.positive(l.z.m, 2), dy = l.in(l.z.m, l.z.n);
    const auto dgain = l.target(1, l.z.n);
    l.b.layer_norm_backward(x, gain, saved, dy, {}, dgain, l.z.optional ? l.target(1, l.z.n) : Acc<T>{});
  });
  add("normalize", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.normalize(x, l.out(l.z.m, l.z.n), l.z.optional ? l.out(l.z.m, 1) : Saved<T>{});
  });
  add("normalize_backward", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n), saved = l.positive(l.z.m, 1), dy = l.in(l.z.m, l.z.n);
    l.b.normalize_backward(x, saved, dy, l.target(l.z.m, l.z.n));
  });

  add("gather", [](L& l) {
    const auto table = l.in(l.z.k, l.z.n);
    l.b.gather(table, l.ids(l.z.m, l.z.k), l.target(l.z.m, l.z.n));
  });
  add("scatter_add", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.scatter_add(x, l.ids(l.z.m, l.z.k), l.target(l.z.k, l.z.n));
  });
  add("patches", [](L& l) {
    const Index patch = 1 + l.z.n % 5, grid = 1 + l.z.k % 4, size = patch * grid;
    const auto x = l.in(l.z.m, 3 * size * size);
    l.b.patches(x, 3, size, patch, l.out(l.z.m * grid * grid, 3 * patch * patch));
  });
  add("patches_backward", [](L& l) {
    const Index patch = 1 + l.z.n % 5, grid = 1 + l.z.k % 4, size = patch * grid;
    const auto dy = l.in(l.z.m * grid * grid, 3 * patch * patch);
    l.b.patches_backward(dy, 3, size, patch, l.target(l.z.m, 3 * size * size));
  });
  add("tokens", [](L& l) {
    const Index length = 2 + l.z.k % 17;
    const auto first = l.in(1, l.z.n), positions = l.in(length, l.z.n), x = l.in(l.z.m * (length - 1), l.z.n);
    l.b.tokens(first, positions, x, l.out(l.z.m * length, l.z.n));
  });
  add("tokens_backward", [](L& l) {
    const Index length = 2 + l.z.k % 17;
    const auto dy = l.in(l.z.m * length, l.z.n);
    const auto dfirst = l.z.optional ? l.target(1, l.z.n) : Acc<T>{}, dpositions = l.z.optional ? l.target(length, l.z.n) : Acc<T>{};
    l.b.tokens_backward(dy, length, dfirst, dpositions, l.target(l.z.m * (length - 1), l.z.n));
  });

  for (const Index heads : {Index{1}, Index{3}, Index{35}})
    add("query_attention " + std::to_string(heads), [=](L& l) {
      const Index d = 1 + l.z.k % 7, t = 1 + l.z.m % 20, n = std::min<Index>(l.z.m, 15);
      const auto q = l.in(n, heads * d), x = l.in(n * t, l.z.n), w = l.in(heads * d, l.z.n);
      l.b.query_attention(q, x, Weights<T>{w}, heads, l.out(n, heads * l.z.n));
    });

  add("mean_token", [](L& l) {
    const Index length = 2 + l.z.k % 17;
    const auto positions = l.in(length, l.z.n), x = l.in(l.z.m * (length - 1), l.z.n);
    l.b.mean_token(x, positions, l.out(l.z.m * length, l.z.n));
  });
  add("mean_token_backward", [](L& l) {
    const Index length = 2 + l.z.k % 17;
    const auto dy = l.in(l.z.m * length, l.z.n);
    const auto dpositions = l.z.optional ? l.target(length, l.z.n) : Acc<T>{};
    l.b.mean_token_backward(dy, length, dpositions, l.target(l.z.m * (length - 1), l.z.n));
  });

  for (const bool causal : {false, true})
    for (const bool pooled : {false, true})
      for (const bool shared : {false, true}) {
        const std::string kind = std::string(causal ? ", causal" : "") + (pooled ? ", pooled" : "") + (shared ? ", shared" : "");
        const auto shape = [=](L& l, Sequences& sequences, AttentionPattern& pattern) {
          pattern = {1 + l.z.k % 3, causal, pooled};
          sequences = random_tree(l.rng().fork("tree"), std::min<Index>(l.z.m, 40), std::min<Index>(l.z.k, 24), !shared);
          return std::pair{pooled ? static_cast<Index>(sequences.pooled().size()) : sequences.rows(), pattern.heads * (1 + l.z.n % 70)};
        };
        add("attention" + kind, [shape](L& l) {
          Sequences sequences;
          AttentionPattern pattern;
          const auto [queries, width] = shape(l, sequences, pattern);
          const auto q = l.in(queries, width), k = l.in(sequences.rows(), width), v = l.in(sequences.rows(), width);
          l.b.attention(q, k, v, sequences, pattern, l.out(queries, width), l.z.optional ? l.out(queries, pattern.heads) : Saved<T>{});
        });
        add("attention_backward" + kind, [shape](L& l) {
          Sequences sequences;
          AttentionPattern pattern;
          const auto [queries, width] = shape(l, sequences, pattern);
          const auto q = l.in(queries, width), k = l.in(sequences.rows(), width), v = l.in(sequences.rows(), width), dy = l.in(queries, width);
          const auto y = l.out(queries, width), saved = l.out(queries, pattern.heads);
          l.b.attention(q, k, v, sequences, pattern, y, saved);
          const auto dq = l.target(queries, width), dk = l.z.optional ? l.target(sequences.rows(), width) : Acc<T>{};
          l.b.attention_backward(q, k, v, sequences, pattern, y, saved, dy, dq, dk, l.target(sequences.rows(), width));
        });
      }

  for (const Axis axis : {Axis::rows, Axis::columns})
    for (const bool unique : {true, false}) {
      const std::string kind = std::string(axis == Axis::rows ? ", rows" : ", columns") + (unique ? "" : ", groups");
      const auto groups = [unique](L& l, Index count) -> const std::vector<std::int32_t>& {
        return l.ids(count, unique ? 1000000 : std::max<Index>(1, l.z.k));
      };
      add("cross_entropy" + kind, [=](L& l) {
        const auto logits = l.in(l.z.m, l.z.n, 3);
        const auto &rows = groups(l, l.z.m), &cols = groups(l, l.z.n);
        l.b.cross_entropy(logits, rows, cols, axis, 0.5, l.target(1, 1), l.z.optional ? l.out(1, axis == Axis::rows ? l.z.m : l.z.n) : Saved<T>{});
      });
      add("cross_entropy_backward" + kind, [=](L& l) {
        const auto logits = l.in(l.z.m, l.z.n, 3), dloss = l.in(1, 1);
        const auto &rows = groups(l, l.z.m), &cols = groups(l, l.z.n);
        const auto loss = l.target(1, 1), saved = Acc<T>{l.out(1, axis == Axis::rows ? l.z.m : l.z.n), false};
        l.b.cross_entropy(logits, rows, cols, axis, 0.5, loss, saved);
        l.b.cross_entropy_backward(logits, rows, cols, axis, 0.5, saved, dloss, l.target(l.z.m, l.z.n));
      });
    }

  add("sum_of_squares", [](L& l) { l.number(l.b.sum_of_squares(l.in(l.z.m, l.z.n))); });
  add("all_finite", [](L& l) {
    l.number(l.b.all_finite(l.in(l.z.m, l.z.n)) ? 1 : 0);
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      const auto x = l.inout(l.z.m, l.z.n);
      const Index i = l.z.m * 2 / 3, j = l.z.n * 2 / 3;
      l.b.fill(View<T>{x.row(i) + j, 1, 1}, static_cast<T>(bad));
      l.number(l.b.all_finite(x) ? 1 : 0);
    }
  });
  add("clamp", [](L& l) { l.b.clamp(l.inout(l.z.m, l.z.n), -0.3, 0.6); });
  add("scale", [](L& l) { l.b.scale(l.inout(l.z.m, l.z.n), 0.37); });
  add("adamw", [](L& l) {
    const auto g = l.in(l.z.m, l.z.n);
    const auto p = l.inout(l.z.m, l.z.n), m = l.inout(l.z.m, l.z.n), v = l.inout(l.z.m, l.z.n);
    l.b.map(Square{}, In<T>{v}, v);
    l.b.adamw(p, g, m, v, {1e-2, 0.9, 0.98, 1e-6, 0.2, 1 - 0.9, 1 - 0.98});
  });
  for (const bool first : {true, false})
    add(first ? "sgd, first step" : "sgd", [first](L& l) {
      const auto g = l.in(l.z.m, l.z.n);
      const auto p = l.inout(l.z.m, l.z.n);
      l.b.sgd(p, g, l.inout(l.z.m, l.z.n), {1e-2, 0.9, 0.1, first});
    });
  return list;
}

/// What the memory holds after every case of the list.
template <class B>
std::vector<std::pair<std::string, std::vector<std::vector<typename B::Scalar>>>> run_primitives(B& backend, const Setting& setting) {
  std::vector<std::pair<std::string, std::vector<std::vector<typename B::Scalar>>>> results;
  for (const auto& [name, run] : primitives<B>()) {
    Lab<B> lab{backend, setting, Rng{7}.fork(name)};
    run(lab);
    results.emplace_back(name, lab.contents());
  }
  return results;
}

}  // namespace clip::testing
