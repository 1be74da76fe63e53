// clip/ops/losses.hpp: temperature scaling, and cross-entropy with several positives or class labels.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/concept.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// y = exp(s) x          s : (1), x, y : (m, n)
/// dx += exp(s) dy,   ds += Σ dy y          Naive: backend/naive/pointwise.hpp
struct ExpScaleOp {
  static constexpr std::string_view name = "exp_scale";
  static constexpr bool wants_output = true;

  template <class T>
  void forward(auto& b, In<T> x, In<T> s, Out<T> y, Saved<T>) const {
    b.exp_scale(s, x, Acc<T>{y, true});
  }
  template <class T>
  void backward(auto& b, In<T>, In<T> s, In<T> y, Saved<T>, In<T> dy, Acc<T> dx, Acc<T> ds) const {
    if (dx) b.exp_scale(s, dy, dx);
    if (ds) b.dot(dy, y, ds);
  }
};

/// L = mean_i (log Σ_j exp x_ij - mean of x_ij over the positives of i), over rows or columns of x; j is a positive
/// of i where their groups are equal.          x : (m, n), L : (1, 1), saved : (1, m or n) = log Σ exp
/// dx_ij += dL / m (softmax_ij - [j positive of i] / positives of i)
/// `weight` scales the whole. The groups are in host memory and outlive the tape.
/// Naive: backend/naive/losses.hpp
struct CrossEntropyOp {
  static constexpr std::string_view name = "cross_entropy";
  Ids row_groups, col_groups;
  Axis axis;
  double weight;

  template <class T>
  Extents saved(In<T> x) const {
    return {1, axis == Axis::rows ? x.rows : x.cols};
  }
  template <class T>
  void forward(auto& b, In<T> x, Out<T> loss, Saved<T> saved) const {
    b.cross_entropy(x, row_groups, col_groups, axis, weight, Acc<T>{loss, true}, saved);
  }
  template <class T>
  void backward(auto& b, In<T> x, Saved<T> saved, In<T> dloss, Acc<T> dx) const {
    if (dx) b.cross_entropy_backward(x, row_groups, col_groups, axis, weight, In<T>{saved}, dloss, dx);
  }
};

template <class Cx, Index W>
Rows<Cx, W> exp_scale(Cx& cx, Rows<Cx, W> x, const Parameter<typename Cx::Scalar>& s) {
  return cx.apply(ExpScaleOp{}, x.rows(), Size<W>{x.cols()}, x, s);
}

template <class Cx, Index W>
Rows<Cx, 1> cross_entropy(Cx& cx, Rows<Cx, W> logits, Ids row_groups, Ids col_groups, Axis axis = Axis::rows,
                          double weight = 1) {
  if (logits.rows() != static_cast<Index>(row_groups.size()) || logits.cols() != static_cast<Index>(col_groups.size()))
    raise(ShapeError{"cross_entropy", "groups of rows and columns", Shape{logits.rows(), logits.cols()},
                     Shape{static_cast<Index>(row_groups.size()), static_cast<Index>(col_groups.size())}});
  return cx.apply(CrossEntropyOp{row_groups, col_groups, axis, weight}, 1, Size<1>{}, logits);
}

/// Cross-entropy of class labels: L = mean_i (log Σ_j exp x_ij - x_{i, label i})          logits x : (m, classes)
/// dx_ij += dL / m (softmax_ij - [j = label i])
/// `labels` is any range of m integers; the context keeps a copy.
/// ShapeError: another number of labels than rows. InputError: a label below 0, or not below the number of classes.
template <class Cx, Index W, std::ranges::input_range Labels>
  requires std::integral<std::ranges::range_value_t<Labels>> Rows<Cx, 1> cross_entropy(Cx& cx, Rows<Cx, W> logits,
                                                                                       const Labels& labels) {
    auto& rows = cx.template keep<std::vector<std::int32_t>>();
    auto& classes = cx.template keep<std::vector<std::int32_t>>();
    rows.clear();
    for (const auto label : labels) {
      if (std::cmp_less(label, 0) || std::cmp_greater_equal(label, logits.cols()))
        raise(InputError{"cross_entropy", "label " + std::to_string(rows.size()),
                         "0 to " + std::to_string(logits.cols() - 1), std::to_string(label)});
      rows.push_back(static_cast<std::int32_t>(label));
    }
    if (std::cmp_not_equal(rows.size(), logits.rows()))
      raise(ShapeError{"cross_entropy", "labels for the rows", logits.rows(), rows.size()});
    classes.resize(static_cast<std::size_t>(logits.cols()));
    std::iota(classes.begin(), classes.end(), 0);
    return cross_entropy(cx, logits, Ids{rows}, Ids{classes});
  }

}  // namespace clip::inline CLIP_ABI
