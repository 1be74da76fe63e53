// clip/nn/register.hpp: Register module: rows read a memory, of which one half belongs to a tower and one to all towers.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/core/sequences.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>
#include <clip/tensor/parameter.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace fn {
/// e^x
struct Exponential {
  static constexpr std::string_view name = "exponential";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return std::exp(x);
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return std::exp(x);
  }
};
/// 1/x; 0 for 0
struct Reciprocal {
  static constexpr std::string_view name = "reciprocal";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return x == T(0) ? T(0) : 1 / x;
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return x == T(0) ? T(0) : -1 / (x * x);
  }
};
/// 1/max(√x, 1e-12): of the squared length of a row
struct InverseLength {
  static constexpr std::string_view name = "inverse_length";
  static constexpr double least = 1e-12;
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    const T length = std::sqrt(x), shortest = static_cast<T>(least);
    return 1 / (length < shortest ? shortest : length);
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    const T length = std::sqrt(x);
    return length > static_cast<T>(least) ? T(-0.5) / (x * length) : T(0);
  }
};
}  // namespace fn

/// Sizes and flags of a Register module.
struct RegisterConfig {
  Index registers = 16;
  Index shared_width = 512;    // of shared_info
  Index inner = 0;             // width of the registers; even; 0: the module's
  bool relu = true;            // at the end, which discards what is negative in the rows
  double scale = 1;            // of the cosines, 0 ... 40; at 1 all registers weigh almost the same
  bool learned_scale = false;  // a parameter that begins at `scale`
  friend constexpr bool operator==(const RegisterConfig&, const RegisterConfig&) = default;
};

/// Which registers rows do not see: 1 in a mask of shape (R), (L, R), (B, 1, R) or (B, L, R), for R registers and B
/// sequences of at most L rows. Other values hide nothing. A row that sees none reads zeros.
struct RegisterMask {
  Shape shape;
  std::vector<std::uint8_t> values;
};

/// What a Register module is told about its rows: all rows of `sequences`, or the pooled ones. Without sequences the rows
/// are those of one sequence.
struct RegisterRows {
  const RegisterMask* mask = nullptr;
  const Sequences* sequences = nullptr;
  bool pooled = false;
};

/// Rows read registers, each a vector of the tower beside one that all towers share:
///   info = (base_down(store_info), share_down(shared)) : (R, inner)
///   a = softmax over R of scale · cosines of linear(x) and info,   y = relu(x + ffn(ln_2(a · info / |info|)))
///   x, y : (rows, Width), shared : (R, shared_width), a parameter of the model that both towers read
///   ffn = ffn.2(quick_gelu(ffn.0)), four times as wide inside; ffn.2 begins at zero, so that y = relu(x)
/// `relu` may be off; lengths are at least 1e-12.
template <Backend B, Index Width>
struct Register {
  using T = typename B::Scalar;
  static constexpr double largest_scale = 40;  // its exponential is a float, also summed

  [[no_unique_address]] Size<Width> width;
  RegisterConfig config;
  Parameter<T> store_info{{config.registers, width}, Init::normal(0.02)};
  Linear<B, Width, dyn> reduce{width, Size<dyn>{config.inner}};
  Linear<B, Width, dyn> base_down{width, Size<dyn>{config.inner / 2}};
  Linear<B, dyn, dyn> share_down{Size<dyn>{config.shared_width}, Size<dyn>{config.inner / 2}};
  LayerNorm<B, dyn> ln_2{Size<dyn>{config.inner}, 1e-5f};
  Linear<B, dyn, dyn> ffn_0{Size<dyn>{config.inner}, Size<dyn>{4 * config.inner}};
  Linear<B, dyn, Width> ffn_2{Size<dyn>{4 * config.inner}, width};
  Parameter<T> scale{{}, Init::constant(config.scale), Use::other, {0, largest_scale}};

  /// OptionError: sizes below 1, an odd inner width, a scale beyond 0 ... 40.
  explicit Register(Size<Width> width_ = {}, RegisterConfig config_ = {})
      : width{width_}, config{checked(config_, width_)} {
    ffn_2.weight.init = ffn_2.bias.init = Init::zeros();
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("store_info", self.store_info);
    visit("linear", self.reduce);
    visit("base_down", self.base_down);
    visit("share_down", self.share_down);
    visit("ln_2", self.ln_2);
    visit("ffn.0", self.ffn_0);
    visit("ffn.2", self.ffn_2);
    if (self.config.learned_scale) visit("scale", self.scale);
  }

  /// `shared` is a Parameter or Rows. ShapeError: other rows or columns of it; a mask of another shape.
  template <class Cx, class Shared>
  Rows<Cx, Width> operator()(Cx& cx, Rows<Cx, Width> x, const Shared& shared, const RegisterRows& rows = {}) const {
    const auto info = unit(cx, registers(cx, shared));                             // (R, inner)
    const auto scores = matmul_nt(cx, scaled(cx, unit(cx, reduce(cx, x))), info);  // (rows, R)
    const auto read = cx.apply(ProjectOp{}, x.rows(), inner(), weights(cx, scores, rows), info);
    const auto y = ffn_2.added_to(cx, x, ffn_0.with(cx, fn::QuickGelu{}, ln_2(cx, read)));
    return config.relu ? map(cx, fn::Relu{}, y) : y;
  }

 private:
  static RegisterConfig checked(RegisterConfig c, Index width) {
    if (c.inner == 0) c.inner = width;
    if (c.registers < 1 || c.shared_width < 1 || c.inner < 1)
      raise(OptionError{"register", "sizes", "1 or more", std::min({c.registers, c.shared_width, c.inner})});
    if (c.inner % 2 != 0) raise(OptionError{"register", "inner width", "an even number", c.inner});
    if (!(c.scale >= 0 && c.scale <= largest_scale)) raise(OptionError{"register", "scale", "0 ... 40", c.scale});
    return c;
  }

  Size<dyn> inner() const { return Size<dyn>{config.inner}; }

  /// What the tower's registers and the shared ones say, side by side.
  template <class Cx, class Shared>
  Rows<Cx, dyn> registers(Cx& cx, const Shared& shared) const {
    const auto given = detail::value_of<T>(shared);
    const Shape expected{config.registers, config.shared_width};
    if (given.rows != expected[0] || given.cols != expected[1])
      raise(ShapeError{"register", "shape of the shared registers", expected, Shape{given.rows, given.cols}});
    const Index n = config.registers, half = config.inner / 2;
    const auto own = base_down(cx, rows_of(cx, store_info, n, width));
    const auto common = share_down(cx, rows_of(cx, shared, n, Size<dyn>{config.shared_width}));
    return linear(cx, common, inner(), columns(cx, half), absent, linear(cx, own, inner(), columns(cx, 0), absent));
  }

  template <class Cx, Index W>
  static Rows<Cx, W> rows_of(Cx& cx, const Parameter<T>& p, Index n, Size<W> cols) {
    auto& all = cx.template keep<std::vector<std::int32_t>>();
    all.resize(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int32_t>(i);
    return gather(cx, cols, p, Ids{all});
  }
  template <class Cx, Index V, Index W>
  static Rows<Cx, W> rows_of(Cx&, Rows<Cx, V> x, Index, Size<W>) {
    return x;
  }

  /// The weight that moves half as many columns to the columns from `first` on.          (inner, inner / 2)
  template <class Cx>
  Rows<Cx, dyn> columns(Cx& cx, Index first) const {
    const Index half = config.inner / 2;
    auto& values = cx.template keep<std::vector<T>>();
    values.assign(static_cast<std::size_t>(config.inner * half), T(0));
    for (Index i = 0; i < half; ++i) values[static_cast<std::size_t>((first + i) * half + i)] = T(1);
    return detail::borrow(cx, View<const T>{values.data(), config.inner, half}, Size<dyn>{half});
  }

  /// One value for every column.          (1, cols)
  template <class Cx>
  static Rows<Cx, dyn> row_of(Cx& cx, T value, Index cols) {
    auto& values = cx.template keep<std::vector<T>>();
    values.assign(static_cast<std::size_t>(cols), value);
    return detail::borrow(cx, View<const T>{values.data(), 1, cols}, Size<dyn>{cols});
  }

  /// x times f of the sums of the rows of z, a number per row.
  template <class Cx, class F>
  static Rows<Cx, dyn> times(Cx& cx, Rows<Cx, dyn> x, F f, Rows<Cx, dyn> z) {
    const auto ones = row_of(cx, T(1), x.cols());
    const auto sums = linear(cx, z, Size<1>{}, ones, absent);  // (rows, 1)
    return gate(cx, x, cx.apply(ProjectOp{}, x.rows(), Size<dyn>{x.cols()}, map(cx, f, sums), ones));
  }

  /// x / max(|x|, 1e-12), row by row.
  template <class Cx>
  static Rows<Cx, dyn> unit(Cx& cx, Rows<Cx, dyn> x) {
    return times(cx, x, fn::InverseLength{}, gate(cx, x, x));
  }

  template <class Cx>
  Rows<Cx, dyn> scaled(Cx& cx, Rows<Cx, dyn> x) const {
    if (!config.learned_scale)
      return config.scale == 1 ? x : gate(cx, x, row_of(cx, static_cast<T>(config.scale), x.cols()));
    const auto number = rows_of(cx, scale, 1, Size<1>{});
    return gate(cx, x, cx.apply(ProjectOp{}, 1, Size<dyn>{x.cols()}, number, row_of(cx, T(1), x.cols())));
  }

  /// The softmax of the scores that are not masked; zeros where all are. Scores are at most 40: no maximum is subtracted.
  template <class Cx>
  Rows<Cx, dyn> weights(Cx& cx, Rows<Cx, dyn> scores, const RegisterRows& rows) const {
    auto shares = map(cx, fn::Exponential{}, scores);
    if (rows.mask != nullptr) {
      auto& seen = cx.template keep<std::vector<T>>();
      find_seen(rows, scores.rows(), seen);
      shares =
          gate(cx, shares,
               detail::borrow(cx, View<const T>{seen.data(), scores.rows(), scores.cols()}, Size<dyn>{scores.cols()}));
    }
    return times(cx, shares, fn::Reciprocal{}, shares);
  }

  /// 1 where row i sees register r, otherwise 0.          (rows, R)
  void find_seen(const RegisterRows& given, Index n, std::vector<T>& seen) const {
    const Sequences* const s = given.sequences;
    const Index registers = config.registers, count = s ? s->count() : 1, length = s ? s->longest() : n;
    const Index rows = !s ? n : given.pooled ? static_cast<Index>(s->pooled().size()) : s->rows();
    if (rows != n) raise(ShapeError{"register", "rows of the sequences", n, rows});
    const Shape& shape = given.mask->shape;
    const bool per_sequence = shape == Shape{count, 1, registers} || shape == Shape{count, length, registers};
    const bool per_row = shape == Shape{length, registers} || shape == Shape{count, length, registers};
    if (!(per_sequence || per_row || shape == Shape{registers}) ||
        static_cast<Index>(given.mask->values.size()) != shape.count() || (per_sequence && s && s->shared()))
      raise(ShapeError{"register", "shape of the mask",
                       Shape{registers}.in_words() + ", " + Shape{length, registers}.in_words() + ", " +
                           Shape{count, 1, registers}.in_words() + " or " + Shape{count, length, registers}.in_words(),
                       shape});
    seen.resize(static_cast<std::size_t>(n * registers));
    Index sequence = 0;
    for (Index i = 0; i < n; ++i) {
      const Index row = given.pooled && s ? s->pooled()[static_cast<std::size_t>(i)] : i;
      while (s && row >= s->segment(sequence).end) ++sequence;
      const Index position = s ? s->positions()[static_cast<std::size_t>(row)] : row;
      const Index line = (per_sequence ? sequence : 0) * (per_row ? length : 1) + (per_row ? position : 0);
      for (Index r = 0; r < registers; ++r)
        seen[static_cast<std::size_t>(i * registers + r)] =
            given.mask->values[static_cast<std::size_t>(line * registers + r)] == 1 ? T(0) : T(1);
    }
  }
};

}  // namespace clip::inline CLIP_ABI
