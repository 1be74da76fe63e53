// clip/nn/post_norm_block.hpp: post-norm transformer block, as BERT and the first transformers have it.
#pragma once

#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/mlp.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/ops/tables.hpp>

#include <type_traits>

namespace clip::inline CLIP_ABI {

/// x ← ln_1(x + attn(x));   x ← ln_2(x + mlp(x))          x : (rows, width)          (Vaswani et al. 2017)
template <Backend B, BlockConfig C>
struct PostNormBlock {
  [[no_unique_address]] Known<C> config;
  MultiheadAttention<B, C> attn{config};
  LayerNorm<B, C.width> ln_1{config->width, config->epsilon};
  Mlp<B, C> mlp{config};
  LayerNorm<B, C.width> ln_2{config->width, config->epsilon};

  constexpr PostNormBlock(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("attn", self.attn);
    visit("ln_1", self.ln_1);
    visit("mlp", self.mlp);
    visit("ln_2", self.ln_2);
  }

  /// Inference overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    return after_attention(cx, attn(cx, x, onto(Rows<Cx, C.width>{x}), sequences));
  }

  /// The last block of a tower: only the pooled rows need queries, projection and MLP.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const auto picked = gather(cx, Rows<Cx, C.width>{x}, sequences.pooled());
    const auto attended = attn.attended_by_rows(cx, attn.queries(cx, picked), x, sequences);
    return after_attention(cx, attn.out_proj.added_to(cx, onto(picked), attended));
  }

 private:
  template <class Cx>
  Rows<Cx, C.width> after_attention(Cx& cx, Rows<Cx, C.width> attended) const {
    const Rows<Cx, C.width> x = ln_1(cx, attended);
    return ln_2(cx, mlp(cx, x, onto(x)));
  }
};

/// Post-norm blocks in place of the default ones, pre-norm; a family that a program chooses stays.
struct PostNorm {
  template <Backend B, BlockConfig C>
  using block = PostNormBlock<B, C>;
};
template <class Blocks>
using PostNormUnlessChosen = std::conditional_t<std::is_same_v<Blocks, Residual>, PostNorm, Blocks>;

}  // namespace clip::inline CLIP_ABI
