// clip/ops/sigmoid_loss.hpp: the sum of logistic losses over all pairs of two sets of rows, in blocks.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/backend/concept.hpp>
#include <clip/core/sequences.hpp>
#include <clip/tensor/parameter.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace fn {

/// f(x) = w log(1 + exp(s x));   f' = w s / (1 + exp(-s x))
struct WeightedSoftplus {
  static constexpr std::string_view name = "weighted_softplus";
  double weight = 1;
  bool negated = false;  // s = -1

  template <std::floating_point V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    const V z = negated ? -x : x;
    return static_cast<V>(weight) * ((z < V(0) ? V(0) : z) + std::log1p(std::exp(-std::abs(z))));
  }
  template <std::floating_point V>
  CLIP_HOST_DEVICE V slope(V x) const {
    const V z = negated ? -x : x;
    return static_cast<V>(negated ? -weight : weight) / (V(1) + std::exp(-z));
  }
};

/// The slope of another function, as a function.
template <class F>
struct SlopeOf {
  static constexpr std::string_view name = "slope_of";
  F of{};

  template <std::floating_point V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return of.slope(x);
  }
};

}  // namespace fn

/// The positive pairs of m rows with n others, block by block of rows, where their groups are equal. A block has at
/// most 2²⁰ pairs, or one row.
class SigmoidPairs {
 public:
  void assign(Ids rows, Ids others) {
    const auto n = static_cast<Index>(others.size()), m = static_cast<Index>(rows.size());
    block_ = std::clamp<Index>((Index{1} << 20) / std::max<Index>(n, 1), 1, std::max<Index>(m, 1));
    columns_ = n;
    ids_.clear();
    begin_.clear();
    order_.resize(others.size());
    for (Index j = 0; j < n; ++j) order_[static_cast<std::size_t>(j)] = static_cast<std::int32_t>(j);
    const auto group = [&](std::int32_t j) { return others[static_cast<std::size_t>(j)]; };
    std::stable_sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t c) { return group(a) < group(c); });
    for (Index i = 0; i < m; ++i) {
      if (i % block_ == 0) begin_.push_back(ids_.size());
      const std::int32_t mine = rows[static_cast<std::size_t>(i)];
      auto at = std::lower_bound(order_.begin(), order_.end(), mine,
                                 [&](std::int32_t j, std::int32_t wanted) { return group(j) < wanted; });
      for (; at != order_.end() && group(*at) == mine; ++at)
        ids_.push_back(static_cast<std::int32_t>(i % block_ * n + *at));
    }
    begin_.push_back(ids_.size());
    most_ = 0;
    for (std::size_t b = 0; b + 1 < begin_.size(); ++b)
      most_ = std::max(most_, static_cast<Index>(begin_[b + 1] - begin_[b]));
    zeros_.assign(others.size(), 0);
  }

  Index block() const { return block_; }
  Index columns() const { return columns_; }
  Index blocks() const { return static_cast<Index>(begin_.size()) - 1; }
  /// The most positives of a block.
  Index most() const { return most_; }
  /// The positives of block b: row in the block · columns + column.
  Ids of(Index b) const {
    const auto at = static_cast<std::size_t>(b);
    return Ids{ids_}.subspan(begin_[at], begin_[at + 1] - begin_[at]);
  }
  /// Row 0, once per column.
  Ids zeros() const { return zeros_; }

 private:
  Index block_ = 1, columns_ = 0, most_ = 0;
  std::vector<std::int32_t> ids_, order_, zeros_;
  std::vector<std::size_t> begin_;
};

/// Memory that the loss works in: of a block of logits, and of scaled copies of both inputs for backward.
template <class T>
struct SigmoidScratch {
  View<T> logits;            // (block, n)
  View<T> sums;              // (2, n)
  View<T> positives, minus;  // (most positives of a block, 1)
  View<T> scaled;            // (m + n, k)
};

/// L = 1/m Σ_ij softplus(-y_ij z_ij), z = x tᵀ + bias, y_ij = 1 for the positive pairs and -1 for all others
///   x : (m, k), t : (n, k), bias : (1), L : (1, 1)
/// dz_ij = dL/m (-σ(-z) for positives, σ(z) for others);   dx += dz t,   dt += dzᵀ x,   dbias += Σ dz
/// Backward computes z again. `pairs` and `scratch` are in host memory and outlive the tape.
template <class T_>
struct SigmoidLossOp {
  static constexpr std::string_view name = "sigmoid_loss";
  const SigmoidPairs* pairs;
  const SigmoidScratch<T_>* scratch;

  template <class T>
  void forward(auto& b, In<T> x, In<T> t, In<T> bias, Out<T> loss, Saved<T>) const {
    const double weight = 1 / static_cast<double>(std::max<Index>(x.rows, 1));
    b.fill(loss, T(0));
    each_block(b, x, t, bias, [&](Index, In<T>, View<T> logits, View<T> own, Ids) {
      b.map(fn::WeightedSoftplus{weight}, In<T>{logits}, logits);
      add_all(b, logits, Acc<T>{loss, false});
      if (own.rows == 0) return;
      b.map(fn::WeightedSoftplus{weight, true}, In<T>{own}, own);
      b.column_sum(In<T>{own}, Acc<T>{loss, false});
    });
  }

  template <class T>
  void backward(auto& b, In<T> x, In<T> t, In<T> bias, Saved<T>, In<T> dloss, Acc<T> dx, Acc<T> dt,
                Acc<T> dbias) const {
    auto&& full = clip::in_full(b);
    const double weight = 1 / static_cast<double>(std::max<Index>(x.rows, 1));
    // dloss on the smaller factors: times(v) = dloss · v.
    const auto times = [&](In<T> v, View<T> to) {
      full.linear(column(v), Weights<T>{dloss}, Epilogue<T>{}, column(View<T>{to}));
      return to;
    };
    const View<T> dx_t = times(t, scratch->scaled.middle_rows(0, t.rows)),
                  dt_x = times(x, scratch->scaled.middle_rows(t.rows, x.rows)), sums = scratch->sums;
    bool first = true;
    Index at = 0;
    each_block(b, x, t, bias, [&](Index, In<T> rows, View<T> logits, View<T> own, Ids ids) {
      b.map(fn::SlopeOf<fn::WeightedSoftplus>{{weight}}, In<T>{logits}, logits);
      if (own.rows > 0) {
        b.map(fn::SlopeOf<fn::WeightedSoftplus>{{weight, true}}, In<T>{own}, own);
        b.scatter_add(In<T>{own}, ids, Acc<T>{column(logits), false});
      }
      const In<T> dz{logits};
      if (dx) {
        const Acc<T> part = dx.middle_rows(at, rows.rows);
        full.project(dz, Weights<T>{In<T>{dx_t}}, Epilogue<T>{.residual = part.fresh ? In<T>{} : In<T>{part}}, part);
      }
      if (dt) full.outer(dz, In<T>{dt_x.middle_rows(at, rows.rows)}, Acc<T>{dt, dt.fresh && first});
      if (dbias) b.column_sum(dz, Acc<T>{sums.middle_rows(0, 1), first});
      first = false;
      at += rows.rows;
    });
    if (!dbias) return;
    const View<T> total = sums.middle_rows(1, 1).middle_cols(0, 1);
    b.column_sum(In<T>{column(sums.middle_rows(0, 1))}, Acc<T>{total, true});
    full.linear(In<T>{total}, Weights<T>{dloss}, Epilogue<T>{.residual = dbias.fresh ? In<T>{} : In<T>{dbias}}, dbias);
  }

 private:
  /// A contiguous matrix as one column.
  template <class V>
  static V column(V x) {
    x.rows = x.count();
    x.cols = x.stride = 1;
    return x;
  }

  /// loss += Σ of all values.
  template <class T>
  void add_all(auto& b, View<T> values, Acc<T> loss) const {
    const View<T> row = scratch->sums.middle_rows(0, 1);
    b.column_sum(In<T>{values}, Acc<T>{row, true});
    b.column_sum(In<T>{column(row)}, loss);
  }

  /// visit(block, its rows of x, its logits with the positives at a large negative number, the positives' logits as a
  /// column, their places in the logits)
  template <class T, class F>
  void each_block(auto& b, In<T> x, In<T> t, In<T> bias, F visit) const {
    auto&& full = clip::in_full(b);
    const View<T> biases = scratch->sums.middle_rows(1, 1);
    b.fill(scratch->minus, T(-1e4));  // exp(-1e4) is 0 in float and in double
    for (Index block = 0; block < pairs->blocks(); ++block) {
      const Index begin = block * pairs->block(), n = std::min(pairs->block(), x.rows - begin);
      const View<T> logits = scratch->logits.middle_rows(0, n);
      const Ids ids = pairs->of(block);
      const View<T> own = scratch->positives.middle_rows(0, static_cast<Index>(ids.size()));
      b.gather(column(bias), pairs->zeros(), Acc<T>{column(biases), true});
      full.linear(x.middle_rows(begin, n), Weights<T>{t}, Epilogue<T>{.bias = In<T>{biases}}, logits);
      if (!ids.empty()) {
        b.gather(In<T>{column(logits)}, ids, Acc<T>{own, true});
        b.scatter_add(In<T>{scratch->minus.middle_rows(0, own.rows)}, ids, Acc<T>{column(logits), false});
      }
      visit(block, x.middle_rows(begin, n), logits, own, ids);
    }
  }
};

/// The loss of rows x, already scaled, with rows t and one bias.
template <class Cx, Index K, Index K2>
Rows<Cx, 1> sigmoid_cross_entropy(Cx& cx, Rows<Cx, K> x, Rows<Cx, K2> t, const Parameter<typename Cx::Scalar>& bias,
                                  const SigmoidPairs& pairs) {
  static_assert(compatible(K, K2), "sigmoid_loss: widths differ");
  if (x.cols() != t.cols()) raise(ShapeError{"sigmoid_loss", "width", x.cols(), t.cols()});
  using T = typename Cx::Scalar;
  const auto allocate = [&](Index rows, Index cols) { return cx.allocate(rows, Size<dyn>{cols}).view; };
  const Index most = std::max<Index>(pairs.most(), 1);
  auto& scratch = cx.template keep<SigmoidScratch<T>>();
  scratch = {allocate(pairs.block(), t.rows()), allocate(2, t.rows()), allocate(most, 1), allocate(most, 1),
             allocate(Cx::recording ? x.rows() + t.rows() : 0, x.cols())};
  return cx.apply(SigmoidLossOp<T>{&pairs, &scratch}, 1, Size<1>{}, x, t, bias);
}

}  // namespace clip::inline CLIP_ABI
