// clip/nn/pos_cnn.hpp: PosCNN: a convolution over the patches of images between two blocks of a vision transformer.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/config/block.hpp>
#include <clip/config/pos_cnn.hpp>
#include <clip/core/pointwise.hpp>
#include <clip/core/sequences.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/layers.hpp>
#include <clip/nn/linear.hpp>
#include <clip/ops/block_diagonal.hpp>
#include <clip/ops/folded_convolution.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/tables.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A convolution over the patches, whose class token passes by. With stride 2 the grid is halved, rounded up. Of the
/// tokens t after the convolution and the class tokens c
///   g = s(mean over the channels of t),   u = ln(quick_gelu(W (g t) + b)),   y = ln_1(c; t + u)
/// s the logistic function; without final_ln y = (c; t + u).
///   x : (images · (1 + h²), width), y : (images · (1 + h'²), width), h' = ⌈h / stride⌉
///   proj.0.weight : (width, 8, 3, 3): every 8 channels are a group of their own, padding 1
///   mlp.0 : linear; mlp.2, ln_1 : layer norms
/// On few channels a product of the groups one by one is slow: the groups are computed as one convolution whose other
/// weights are zero, 18 h'² width² FLOPs per image and a quarter of a block's time for ViT-B/32.
template <Backend B, Index Width>
struct PosCnn {
  using T = typename B::Scalar;

  [[no_unique_address]] Size<Width> width;
  Index stride;
  bool final_ln;
  Parameter<T> weight{{width, pos_cnn_channels, 3, 3}, fan_in(9 * pos_cnn_channels)};
  Parameter<T> bias{{width}, fan_in(9 * pos_cnn_channels)};
  Linear<B, Width, Width> mlp_0{width, width};
  LayerNorm<B, Width> mlp_2, ln_1;

  /// OptionError: a stride other than 1 and 2; a width that is not a multiple of 8.
  constexpr PosCnn(Size<Width> width_, Index stride_ = 2, bool final_ln_ = true, float epsilon = 1e-5f)
      : width{width_}, stride{stride_}, final_ln{final_ln_}, mlp_2{width_, epsilon}, ln_1{width_, epsilon} {
    if (stride != 1 && stride != 2) raise(OptionError{"pos_cnn", "stride", "1 or 2", stride});
    if (width % pos_cnn_channels != 0)
      raise(OptionError{"pos_cnn", "width", "a multiple of " + std::to_string(pos_cnn_channels), Index{width}});
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("proj.0.weight", self.weight);
    visit("proj.0.bias", self.bias);
    visit("mlp.0", self.mlp_0);
    visit("mlp.2", self.mlp_2);
    if (self.final_ln) visit("ln_1", self.ln_1);
  }

  /// The rows of x belong together by `sequences`, those of the result by `out`, whose class tokens are pooled.
  /// ShapeError: images that are not a class token and a square grid, all of one size.
  template <class Cx>
  Rows<Cx, Width> operator()(Cx& cx, Rows<Cx, Width> x, const Sequences& sequences, Sequences& out) const {
    const Grid grid = grid_of(sequences), reduced = window().over(grid);
    out.assign_uniform(grid.images, 1 + reduced.pixels());
    if constexpr (Cx::recording) {
      return reduce(cx, x, grid, reduced);
    } else {
      const auto y = cx.allocate(out.rows(), width);
      return cx.stage(y, [&](Rows<Cx, Width>) { return reduce(cx, x, grid, reduced); });
    }
  }

 private:
  using Numbers = std::vector<std::int32_t>;

  constexpr Window window() const { return {3, stride, 1}; }

  static Grid grid_of(const Sequences& sequences) {
    const Index images = sequences.count(), patches = sequences.longest() - 1;
    Index side = 0;
    while ((side + 1) * (side + 1) <= patches) ++side;
    if (sequences.shared() || sequences.rows() != images * (patches + 1))
      raise(ShapeError{"pos_cnn", "images of one size expected, found sequences of different lengths"});
    if (side < 1 || side * side != patches)
      raise(ShapeError{"pos_cnn", "rows of an image", "a class token and a square grid of patches", patches + 1});
    return {images, side, side};
  }

  template <class Cx>
  Rows<Cx, Width> reduce(Cx& cx, Rows<Cx, Width> x, Grid grid, Grid reduced) const {
    static_assert(ConvolvingBackend<BackendOf<Cx>>,
                  "pos_cnn: this backend has no convolutions (backend/convolving.hpp)");
    const auto convolved = convolve(cx, gather(cx, x, patch_rows(cx, grid)), grid);  // (images h'², width)
    const auto gated = gate(cx, convolved, gates(cx, convolved));
    const auto t = add(cx, convolved, mlp_2(cx, mlp_0.with(cx, fn::QuickGelu{}, gated)));
    const auto y = joined(cx, x, t, grid, reduced);
    return final_ln ? ln_1(cx, y) : y;
  }

  /// The numbers of the rows of patches.
  template <class Cx>
  static Ids patch_rows(Cx& cx, Grid grid) {
    Numbers& rows = cx.template keep<Numbers>();
    rows.clear();
    for (Index i = 0; i < grid.images; ++i)
      for (Index p = 0; p < grid.pixels(); ++p)
        rows.push_back(static_cast<std::int32_t>(i * (grid.pixels() + 1) + 1 + p));
    return rows;
  }

  template <class Cx>
  Rows<Cx, Width> convolve(Cx& cx, Rows<Cx, Width> patches, Grid grid) const {
    const Index groups = width / pos_cnn_channels;
    const auto dense = cx.apply(BlockDiagonalOp{groups}, width, Size<dyn>{groups * weight.shape.cols()}, weight);
    return cx.apply(BiasedConvolutionOp<fn::Identity>{grid, window()}, window().over(grid).rows(), width, patches,
                    dense, bias);
  }

  /// s(mean over the channels), as wide as t.
  template <class Cx>
  Rows<Cx, Width> gates(Cx& cx, Rows<Cx, Width> t) const {
    const auto means = linear(cx, t, Size<1>{}, row_of(cx, T(1) / static_cast<T>(Index{width})), absent);  // (rows, 1)
    return cx.apply(ProjectOp{}, t.rows(), width, map(cx, fn::Logistic{}, means), row_of(cx, T(1)));
  }

  /// A constant row of the tower's width.
  template <class Cx>
  Rows<Cx, Width> row_of(Cx& cx, T value) const {
    auto& values = cx.template keep<std::vector<T>>();
    values.assign(static_cast<std::size_t>(Index{width}), value);
    return detail::borrow(cx, View<const T>{values.data(), 1, width}, width);
  }

  /// The class token of every image of x, and its new tokens.
  template <class Cx>
  Rows<Cx, Width> joined(Cx& cx, Rows<Cx, Width> x, Rows<Cx, Width> t, Grid grid, Grid reduced) const {
    Numbers &classes = cx.template keep<Numbers>(), &tokens = cx.template keep<Numbers>();
    classes.clear();
    tokens.clear();
    for (Index i = 0; i < grid.images; ++i)
      for (Index p = -1; p < reduced.pixels(); ++p) {
        classes.push_back(static_cast<std::int32_t>(p < 0 ? i * (grid.pixels() + 1) : -1));
        tokens.push_back(static_cast<std::int32_t>(p < 0 ? -1 : i * reduced.pixels() + p));
      }
    return cx.apply(EmbeddingOp{Ids{classes}, Ids{tokens}}, static_cast<Index>(classes.size()), width, x, t);
  }
};

/// The PosCNN modules between the blocks of a tower, each named by the block that it follows: `between.5.proj.0.weight`.
template <Backend B, BlockConfig C>
class PosCnns {
 public:
  constexpr PosCnns(Known<C> config, const PosCnnConfig& places) {
    for (Index i = 0; i <= places.last(); ++i)
      if (const Index stride = places.stride(i); stride != 0)
        modules_.push_back(
            {static_cast<std::size_t>(i), PosCnn<B, C.width>{Size<C.width>{config->width}, stride, places.final_ln}});
  }

  static constexpr void members(auto& self, auto&& visit) {
    for (auto& module : self.modules_) NumberedLayer<PosCnn<B, C.width>>::members(module, visit);
  }

  bool after(Index block) const { return find(block) != nullptr; }

  template <class Cx>
  Rows<Cx, C.width> operator()(Cx& cx, Index block, Rows<Cx, C.width> x, const Sequences& sequences,
                               Sequences& out) const {
    return (*find(block))(cx, x, sequences, out);
  }

 private:
  const PosCnn<B, C.width>* find(Index block) const {
    for (const auto& module : modules_)
      if (static_cast<Index>(module.number) == block) return &module.block;
    return nullptr;
  }
  std::vector<NumberedLayer<PosCnn<B, C.width>>> modules_;
};

/// A family of blocks with PosCNNs between them.
template <class Blocks>
struct WithPosCnn {
  template <Backend B, BlockConfig C>
  using block = typename Blocks::template block<B, C>;
  template <Backend B, BlockConfig C>
  using between = PosCnns<B, C>;
};

}  // namespace clip::inline CLIP_ABI
