// clip/nn/layer_scale_block.hpp: residual block whose two branches are scaled channel by channel (LayerScale).
#pragma once

#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/mlp.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/tables.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// The factors of a branch, 1 at first: residual + x ⊙ γ          x, residual : (rows, width), γ : (width)
template <Backend B, Index Width>
struct LayerScale {
  using T = typename B::Scalar;
  [[no_unique_address]] Size<Width> width{};
  Parameter<T> gamma{{width}, Init::ones()};

  static constexpr void members(auto& self, auto&& visit) { visit("gamma", self.gamma); }

  template <class Cx>
  Rows<Cx, Width> operator()(Cx& cx, Rows<Cx, Width> x, Rows<Cx, Width> residual) const {
    return layer_scale(cx, x, gamma, residual);
  }
};

/// x ← x + γ₁ ⊙ attn(ln_1(x));   x ← x + γ₂ ⊙ mlp(ln_2(x))          x : (rows, width)
/// (Touvron et al. 2021, "Going deeper with image transformers"). The factors begin at 1, not near 0: a block of loaded
/// weights is then the plain one, to rounding. Names as in OpenCLIP: `ls_1.gamma`, `ls_2.gamma`.
template <Backend B, BlockConfig C>
struct LayerScaleBlock {
  static_assert(C.heads != 0, "LayerScaleBlock: a block without heads has no branch of attention");

  [[no_unique_address]] Known<C> config;
  LayerNorm<B, C.width> ln_1{config->width, config->epsilon};
  MultiheadAttention<B, C> attn{config};
  LayerScale<B, C.width> ls_1{config->width};
  LayerNorm<B, C.width> ln_2{config->width, config->epsilon};
  Mlp<B, C> mlp{config};
  LayerScale<B, C.width> ls_2{config->width};

  constexpr LayerScaleBlock(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("ln_1", self.ln_1);
    visit("attn", self.attn);
    visit("ls_1", self.ls_1);
    visit("ln_2", self.ln_2);
    visit("mlp", self.mlp);
    visit("ls_2", self.ls_2);
  }

  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const Rows<Cx, C.width> rows{x};
    return after_attention(cx, ls_1(cx, attn(cx, ln_1(cx, rows), absent, sequences), rows));
  }

  /// The last block of a tower, for the pooled rows alone.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const Rows<Cx, C.width> normed = ln_1(cx, Rows<Cx, C.width>{x});
    const Ids rows = sequences.pooled();
    const Rows<Cx, C.width> picked = gather(cx, Rows<Cx, C.width>{x}, rows);
    return after_attention(cx, ls_1(cx, attn.pooled(cx, normed, gather(cx, normed, rows), absent, sequences), picked));
  }

 private:
  template <class Cx>
  Rows<Cx, C.width> after_attention(Cx& cx, Rows<Cx, C.width> x) const {
    return ls_2(cx, mlp(cx, ln_2(cx, x), absent), x);
  }
};

/// The family of these blocks; files of plain blocks load with {.may_lack = "*.ls_?.gamma"}.
struct LayerScaleBlocks {
  static constexpr std::string_view name = "layer-scale", trained = "*.ls_?.gamma";

  template <Backend B, BlockConfig C>
  using block = LayerScaleBlock<B, C>;
};

}  // namespace clip::inline CLIP_ABI
