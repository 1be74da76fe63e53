// clip/nn/parallel_block.hpp: residual block whose attention and MLP read the same normalised rows.
#pragma once

#include <clip/nn/attention.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/mlp.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/ops/tables.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// x ← x + attn(ln_1(x)) + mlp(ln_1(x))          x : (rows, width)
/// (Wang & Komatsuzaki 2021; Dehghani et al. 2023 for vision transformers). No identity at the start: weights of plain
/// blocks fit by name, but for ln_2, and must be trained on.
template <Backend B, BlockConfig C>
struct ParallelBlock {
  static_assert(C.heads != 0, "ParallelBlock: a block without heads has nothing beside its MLP");

  [[no_unique_address]] Known<C> config;
  LayerNorm<B, C.width> ln_1{config->width, config->epsilon};
  MultiheadAttention<B, C> attn{config};
  Mlp<B, C> mlp{config};

  constexpr ParallelBlock(Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("ln_1", self.ln_1);
    visit("attn", self.attn);
    visit("mlp", self.mlp);
  }

  /// Inference adds in place and overwrites x.
  template <class Cx, Index W>
  Rows<Cx, C.width> operator()(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const Rows<Cx, C.width> normed = ln_1(cx, Rows<Cx, C.width>{x});
    return mlp(cx, normed, onto(attn(cx, normed, onto(Rows<Cx, C.width>{x}), sequences)));
  }

  /// The last block of a tower, for the pooled rows alone.
  template <class Cx, Index W>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) const {
    const Rows<Cx, C.width> normed = ln_1(cx, Rows<Cx, C.width>{x});
    const Ids rows = sequences.pooled();
    const Rows<Cx, C.width> picked = gather(cx, normed, rows);
    const auto residual = onto(gather(cx, Rows<Cx, C.width>{x}, rows));
    return mlp(cx, picked, onto(attn.pooled(cx, normed, picked, residual, sequences)));
  }
};

/// The family of these blocks.
struct ParallelBlocks {
  static constexpr std::string_view name = "parallel-blocks", trained = "*.resblocks.*";

  template <Backend B, BlockConfig C>
  using block = ParallelBlock<B, C>;
};

}  // namespace clip::inline CLIP_ABI
