// clip/nn/residual_block.hpp: pre-norm transformer block of both towers.
#pragma once

#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/mlp.hpp>
#include <clip/ops/tables.hpp>

namespace clip::inline CLIP_ABI {

/// x ← x + attn(ln_1(x));   x ← x + mlp(ln_2(x))          x : (rows, width)
/// A block without heads (config/pruned_blocks.hpp) is the second half alone, and has neither ln_1 nor attn.
template <Backend B, BlockConfig C>
struct ResidualBlock {
  [[no_unique_address]] Known<C> config;
  LayerNorm<B, C.width> ln_1{config->width, config->epsilon};
  MultiheadAttention<B, C> attn{config};
  LayerNorm<B, C.width> ln_2{config->width, config->epsilon};
  Mlp<B, C> mlp{config};

  constexpr ResidualBlock(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    if (self.attends()) {
      visit("ln_1", self.ln_1);
      visit("attn", self.attn);
    }
    visit("ln_2", self.ln_2);
    visit("mlp", self.mlp);
  }

  /// Whether the block has heads.
  constexpr bool attends() const { return C.heads != dyn || config->heads != 0; }

  /// Inference adds in place and overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    if (!attends()) return mlp.pre_norm(cx, ln_2, x);
    const auto attended = attn(cx, ln_1(cx, x), onto(Rows<Cx, C.width>{x}), sequences);
    return mlp.pre_norm(cx, ln_2, attended);
  }

  /// The last block of a tower: only the pooled rows are used, so only they need queries, projection and MLP.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    if (!attends()) return mlp.pre_norm(cx, ln_2, gather(cx, x, sequences.pooled()));
    const auto normed = ln_1(cx, x);
    const Ids rows = sequences.pooled();
    const auto attended = attn.pooled(cx, normed, gather(cx, normed, rows), onto(gather(cx, x, rows)), sequences);
    return mlp.pre_norm(cx, ln_2, attended);
  }
};

/// The default block family of a tower. A custom family:
///   struct Gated { template <Backend B, BlockConfig C> using block = GatedBlock<B, C>; };
/// A block has members(), a constructor from Known<C>, and block(cx, x, sequences) : (rows, width). `pooled` is
/// optional.
struct Residual {
  template <Backend B, BlockConfig C>
  using block = ResidualBlock<B, C>;
};

}  // namespace clip::inline CLIP_ABI
