// clip/nn/transformer.hpp: stack of residual transformer blocks, used by both towers.
#pragma once

#include <clip/nn/layers.hpp>
#include <clip/nn/residual_block.hpp>

namespace clip::inline CLIP_ABI {

/// `transformer.resblocks.N`. Returns all rows, or only the pooled rows of the last block.
template <BlockConfig C, Index N, Backend B, class Blocks>
struct Transformer {
  using Block = typename Blocks::template block<B, C>;
  Layers<Block, N> resblocks;

  constexpr Transformer(Size<N> layers, Known<C> config) : resblocks{layers, config} {}

  static constexpr void members(auto& self, auto&& visit) { visit("resblocks", self.resblocks); }

  /// All rows after the first `layers` blocks.          x : (rows, width)
  template <class Cx>
  Rows<Cx, C.width> rows(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences, Index layers) const {
    for (Index i = 0; i < layers; ++i) x = step(cx, x, sequences, resblocks[i]);
    return x;
  }

  /// The pooled rows after all blocks: (pooled, width)
  template <class Cx>
  Rows<Cx, C.width> pooled(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences) const {
    const Index last = resblocks.size() - 1;
    x = rows(cx, x, sequences, last);
    if constexpr (requires { resblocks[last].pooled(cx, x, sequences); })
      return resblocks[last].pooled(cx, x, sequences);
    else return gather(cx, step(cx, x, sequences, resblocks[last]), sequences.pooled());
  }

 private:
  template <class Cx>
  static Rows<Cx, C.width> step(Cx& cx, Rows<Cx, C.width> x, const Sequences& sequences, const Block& block) {
    return cx.stage(x, [&cx, &sequences, &block](Rows<Cx, C.width> y) { return block(cx, y, sequences); });
  }
};

}  // namespace clip::inline CLIP_ABI
