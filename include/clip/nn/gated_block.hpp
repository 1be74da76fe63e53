// clip/nn/gated_block.hpp: residual block followed by a gated bottleneck adapter, which begins as the identity.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/tables.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// x + g · up(quick_gelu(down(ln(x))))          x : (rows, width), g : a scalar that begins at 0
/// An adapter (Houlsby et al. 2019) without biases, a quarter as wide as the block, behind a gate.
template <Backend B, BlockConfig C>
struct GatedBottleneck {
  using T = typename B::Scalar;
  static constexpr Index inner = sized([](Index w) { return std::max<Index>(w / 4, 1); }, C.width);

  [[no_unique_address]] Known<C> config;
  LayerNorm<B, C.width> ln{config->width, config->epsilon};
  Parameter<T> down{{inner_width(), config->width}, fan_in(config->width), Use::linear};
  Parameter<T> up{{config->width, inner_width()}, fan_in(inner_width()), Use::linear};
  Parameter<T> gate{{}, Init::zeros()};

  constexpr GatedBottleneck(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("ln", self.ln);
    visit("down.weight", self.down);
    visit("up.weight", self.up);
    visit("gate", self.gate);
  }

  constexpr Index inner_width() const { return std::max<Index>(config->width / 4, 1); }

  /// Inference overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x) const {
    const Size<inner> width{inner_width()};
    const Rows<Cx, C.width> rows{x};
    const auto hidden = linear<fn::QuickGelu>(cx, ln(cx, rows), width, down, absent);  // (rows, inner)
    const auto gated = clip::gate(cx, hidden, gate_row(cx, width));
    return cx.apply_onto(LinearOp<>{}, rows, gated, up, absent, rows);
  }

 private:
  /// g in every column: (1, inner)
  template <class Cx>
  Rows<Cx, inner> gate_row(Cx& cx, Size<inner> width) const {
    static constexpr std::int32_t first[] = {0};
    auto& values = cx.template keep<std::vector<T>>();
    values.assign(static_cast<std::size_t>(width), T(1));
    const auto ones = detail::borrow(cx, View<const T>{values.data(), 1, width}, width);
    return cx.apply(ProjectOp{}, 1, width, gather(cx, Size<1>{}, gate, Ids{first}), ones);
  }
};

/// The residual block of the towers, its parameters under their own names, then the adapter: `adapter.ln`,
/// `adapter.down.weight`, `adapter.up.weight`, `adapter.gate`. While the gate is 0 its rows are those of the plain block.
template <Backend B, BlockConfig C>
struct GatedBlock {
  ResidualBlock<B, C> plain;
  GatedBottleneck<B, C> adapter;

  constexpr GatedBlock(Known<C> config = {}) : plain{config}, adapter{config} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.plain);
    visit("adapter", self.adapter);
  }

  /// Inference overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    return adapter(cx, plain(cx, x, sequences));
  }
  /// The last block of a tower, for the pooled rows alone.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    return adapter(cx, plain.pooled(cx, x, sequences));
  }
};

/// The family of gated blocks. A plain file loads into it; only the adapters are trained:
///   Model<ViT_B_32, Cpu<>, GatedBlocks, Residual> model{Rng{0}};
///   load(model, "ViT-B-32.safetensors", {.may_lack = "*.adapter.*"});
///   Parameters table{model, only("*.adapter.*")};
struct GatedBlocks {
  static constexpr std::string_view name = "gated-adapter", trained = "*.adapter.*";

  template <Backend B, BlockConfig C>
  using block = GatedBlock<B, C>;
};

}  // namespace clip::inline CLIP_ABI
