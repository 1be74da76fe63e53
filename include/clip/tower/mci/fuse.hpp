// clip/tower/mci/fuse.hpp: fusing of a trained MCi tower: the branches of every block become one convolution.
#pragma once

#include <clip/nn/fuse_branches.hpp>
#include <clip/tower/fusing.hpp>
#include <clip/tower/mci/mci.hpp>

namespace clip::inline CLIP_ABI {

namespace detail {

template <class B>
void fuse_block(B& b, const MciDownsample<B, false>& from, MciDownsample<B, true>& to) {
  SummedConvolution sum{to.conv.sizes};
  sum.add(b, from.large_conv);
  sum.add(b, from.small_conv);
  sum.store(b, to.conv.weight, to.bias);
  if (from.squeezes) copy_parameters(b, from.se, to.se);
  fuse_block(b, from.pointwise, to.pointwise);
}

template <class B>
void fuse_block(B& b, const MciPositions<B, false>& from, MciPositions<B, true>& to) {
  SummedConvolution sum{to.conv.sizes, values_of_parameter(b, from.conv.weight), values_of_parameter(b, from.bias)};
  sum.add_input();
  sum.store(b, to.conv.weight, to.bias);
}

template <class B>
void fuse_block(B& b, const MciStageModule<B, false>& from, MciStageModule<B, true>& to) {
  if (!from.first) fuse_block(b, from.downsample, to.downsample);
  if (from.config.positions) fuse_block(b, from.pos_emb, to.pos_emb);
  for (Index i = 0; i < from.mixers.size(); ++i) fuse_block(b, from.mixers[i], to.mixers[i]);
  if (from.config.attention) copy_parameters(b, from.attentions, to.attentions);
}

}  // namespace detail

template <bool Form>
struct Fusing<MciConfigOf<Form>> {
  using Fused = FusedMciConfig;
  using Branched = MciConfig;
  static constexpr Fused fused(const MciConfigOf<Form>& c) { return mci_config<true>(c); }
  static constexpr Branched branched(const MciConfigOf<Form>& c) { return mci_config<false>(c); }
};

/// The weights of a trained tower as those of the fused tower, whose features are equal up to rounding (Vasu et al.
/// 2023). Running statistics are used, as in evaluation. Both towers have memory, and the same sizes.
template <auto C, auto Fused, Index Embed, class B>
void fuse(B& backend, const Mci<C, Embed, B>& from, Mci<Fused, Embed, B>& to) {
  static_assert(!C.fused && Fused.fused, "fuse: from a tower with branches to a fused tower");
  detail::fuse_block(backend, from.stem0, to.stem0);
  detail::fuse_block(backend, from.stem1, to.stem1);
  detail::fuse_block(backend, from.stem2, to.stem2);
  for (Index s = 0; s < from.depth(); ++s) detail::fuse_block(backend, from.stages[s], to.stages[s]);
  detail::fuse_block(backend, from.final_conv, to.final_conv);
  detail::copy_parameters(backend, from.head, to.head);
}

}  // namespace clip::inline CLIP_ABI
