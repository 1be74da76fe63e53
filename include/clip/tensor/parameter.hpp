// clip/tensor/parameter.hpp: named weights: pointer, shape, initialisation, kind.
#pragma once

#include <clip/core/weights.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace clip::inline CLIP_ABI {

/// The initial distribution of a weight when a model is trained from scratch.
struct Init {
  enum class Rule : unsigned char { constant, normal, uniform };
  Rule rule = Rule::constant;
  double scale = 0;     // the constant, the standard deviation, or the bound
  Index zero_row = -1;  // a row of zeros in the table, that of padding; negative: none

  static constexpr Init zeros() { return {Rule::constant, 0}; }
  static constexpr Init ones() { return {Rule::constant, 1}; }
  static constexpr Init constant(double value) { return {Rule::constant, value}; }
  static constexpr Init normal(double deviation) { return {Rule::normal, deviation}; }
  static constexpr Init uniform(double bound) { return {Rule::uniform, bound}; }

  /// The same distribution, but for one row of a table, which is zero.
  constexpr Init with_zero_row(Index row) const { return {rule, scale, row}; }
};

/// x^(-1/2), constexpr on compilers whose std::sqrt is not.
constexpr double inverse_root(Index x) {
  double y = 1;
  for (int i = 0; i < 64; ++i) y = 0.5 * (y + static_cast<double>(x) / y);  // Heron
  return 1 / y;
}

/// PyTorch's default for Linear and Conv2d: uniform within 1/√(number of inputs per output).
constexpr Init fan_in(Index inputs) { return inputs > 0 ? Init::uniform(inverse_root(inputs)) : Init::zeros(); }

/// The optimiser clamps the values to this range after every step.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

/// parameter: trained. frozen: a weight that is never trained, such as the first of Long-CLIP's tables of positions.
/// buffer: saved but not trained, such as the statistics of a BatchNorm. counter: the number of batches in those
/// statistics (a scalar of type T here, an integer in files).
enum class ParameterKind : unsigned char { parameter, frozen, buffer, counter };

/// Whether a kind is one of weights, not of statistics.
constexpr bool is_weight(ParameterKind kind) {
  return kind == ParameterKind::parameter || kind == ParameterKind::frozen;
}

/// How a table of positions with another number of rows is interpolated to the model's: along a line (texts), or over a
/// square grid, after a class row (grid) or without one (square). kernel: no table, but a kernel for patches of the
/// model's size, (outputs, channels, size, size).
enum class Stretch : unsigned char { none, line, grid, square, kernel };

/// A weight: a non-owning pointer and a shape. The model owns the memory; a `Parameters` table owns the gradient. The
/// width is not part of the type, so that a walk over a model is compiled once.
/// `owned` is the model's memory for the weight. `data` points there, or into a mapped file whose values are used in
/// place. A mapped file is read-only: call own_memory() or copy_in() before writing.
template <class T_>
struct Parameter {
  using T = T_;

  T* data = nullptr;
  T* owned = nullptr;
  Shape shape{};
  Init init = Init::zeros();
  Range range{};
  ParameterKind kind = ParameterKind::parameter;
  Use use = Use::other;
  Layout layout = Layout::rows;
  Stretch stretch = Stretch::none;

  constexpr Parameter() = default;
  constexpr Parameter(Shape shape_, Init init_, Use use_ = Use::other, Range range_ = {})
      : shape{shape_}, init{init_}, range{range_}, use{use_} {}

  /// The same weight, never trained.
  constexpr Parameter frozen_if(bool frozen) const {
    Parameter weight{*this};
    if (frozen) weight.kind = ParameterKind::frozen;
    return weight;
  }

  /// The same weight, marked as a table of positions or as a kernel of patches.
  constexpr Parameter stretched(Stretch how) const {
    Parameter table{*this};
    table.stretch = how;
    return table;
  }

  constexpr Index count() const { return shape.count(); }
  constexpr View<T> view() const { return {data, shape.rows(), shape.cols()}; }
  constexpr Weights<T> weights() const { return {view(), layout, 0, use}; }

  /// True if the values are in a mapped file.
  constexpr bool in_file() const { return owned != nullptr && data != owned; }
  /// Points `data` to the model's own memory, whose content is undefined if the values were in a file.
  constexpr View<T> own_memory() {
    if (owned != nullptr) data = owned;
    return view();
  }
  /// Height and width of the convolution window; 1 for other weights.
  constexpr Index window() const { return use == Use::convolution ? shape[2] : 1; }
};

/// Copies a weight from a mapped file into the model's own memory.
template <class T>
constexpr void copy_in(Parameter<T>& p) {
  if (!p.in_file()) return;
  const T* const values = p.data;
  std::copy_n(values, p.count(), p.own_memory().data);
}

/// Rows [first, first + count) of a weight, or the same columns of a bias: one part of a stacked projection.
template <class T_>
struct ParameterSlice {
  using T = T_;

  const Parameter<T>* parameter;
  Index first, count;

  constexpr Weights<T> weights() const {
    const View<T> whole = parameter->view();
    if (parameter->shape.rank < 2) return Weights<T>{whole.middle_cols(first, count)};
    if (parameter->layout != Layout::rows) return {whole, parameter->layout, first, parameter->use};
    return Weights<T>{whole.middle_rows(first, count)};
  }
};

template <class T>
constexpr ParameterSlice<T> slice(const Parameter<T>& parameter, Index first, Index count) {
  return {&parameter, first, count};
}

}  // namespace clip::inline CLIP_ABI
