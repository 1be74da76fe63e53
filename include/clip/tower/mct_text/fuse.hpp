// clip/tower/mct_text/fuse.hpp: fusing of a trained hybrid text tower: the branches of its RepMixer blocks become one
// convolution each.
#pragma once

#include <clip/nn/fuse_branches.hpp>
#include <clip/tower/fusing.hpp>
#include <clip/tower/mct_text/mct_text.hpp>

namespace clip::inline CLIP_ABI {

template <bool Form>
struct Fusing<MctTextConfigOf<Form>> {
  using Fused = FusedMctTextConfig;
  using Branched = MctTextConfig;
  static constexpr Fused fused(const MctTextConfigOf<Form>& c) { return mct_text_config<true>(c); }
  static constexpr Branched branched(const MctTextConfigOf<Form>& c) { return mct_text_config<false>(c); }
};

/// The weights of a trained tower as those of the fused tower, whose features are equal up to rounding (Vasu et al.
/// 2023). Running statistics are used, as in evaluation. Both towers have memory, and the same sizes.
template <auto C, auto Fused, Index Embed, class B, class Blocks>
void fuse(B& backend, const MctTextTransformer<C, Embed, B, Blocks>& from,
          MctTextTransformer<Fused, Embed, B, Blocks>& to) {
  static_assert(!C.fused && Fused.fused, "fuse: from a tower with branches to a fused tower");
  const auto copy = [&](const Parameter<typename B::Scalar>& source, Parameter<typename B::Scalar>& target) {
    detail::set_parameter(backend, detail::values_of_parameter(backend, source), target);
  };
  copy(from.token_embedding, to.token_embedding);
  copy(from.positional_embedding, to.positional_embedding);
  detail::fuse_block(backend, from.first.block, to.first.block);
  detail::copy_parameters(backend, from.transformer, to.transformer);
  detail::fuse_block(backend, from.last.block, to.last.block);
  detail::copy_parameters(backend, from.ln_final, to.ln_final);
  copy(from.text_projection, to.text_projection);
}

}  // namespace clip::inline CLIP_ABI
