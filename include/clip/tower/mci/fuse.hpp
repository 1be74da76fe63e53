// clip/tower/mci/fuse.hpp: fusing of a trained MCi tower: the branches of every block become one convolution.
#pragma once

#include <clip/autograd/copy_parameters.hpp>
#include <clip/tower/fusing.hpp>
#include <clip/tower/mci/mci.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The scale and the shift of a batch norm with its running statistics.
struct FoldedNorm {
  std::vector<double> scale, shift;

  template <class B, Backend Owner, Index W>
  FoldedNorm(B& b, const BatchNorm<Owner, W>& norm)
      : scale{values_of_parameter(b, norm.weight)}, shift{values_of_parameter(b, norm.bias)} {
    const auto mean = values_of_parameter(b, norm.running_mean), variance = values_of_parameter(b, norm.running_var);
    for (std::size_t i = 0; i < scale.size(); ++i) {
      scale[i] /= std::sqrt(variance[i] + norm.epsilon);
      shift[i] -= mean[i] * scale[i];
    }
  }
};

/// A convolution with bias as a sum of branches: each branch is added, its kernel centred in the window.
class SummedConvolution {
 public:
  explicit SummedConvolution(const ConvolutionSizes& sizes)
      : SummedConvolution{sizes, std::vector<double>(static_cast<std::size_t>(sizes.out * sizes.inputs())),
                          std::vector<double>(static_cast<std::size_t>(sizes.out))} {}
  /// The sum of one convolution with bias.
  SummedConvolution(const ConvolutionSizes& sizes, std::vector<double> weight, std::vector<double> bias)
      : sizes_{sizes}, weight_{std::move(weight)}, bias_{std::move(bias)} {}

  /// A convolution and its norm.
  template <class B>
  void add(B& b, const ConvNorm<B>& branch, double factor = 1) {
    const FoldedNorm norm{b, branch.bn};
    const auto values = values_of_parameter(b, branch.conv.weight);
    const CentredWindow& inner = branch.conv.sizes.window;
    const Index top = (sizes_.window.height - inner.height) / 2, left = (sizes_.window.width - inner.width) / 2;
    for (Index o = 0; o < sizes_.out; ++o) {
      for (Index i = 0; i < per(); ++i)
        for (Index tap = 0; tap < inner.area(); ++tap)
          at(o, i, top + tap / inner.width, left + tap % inner.width) +=
              factor * scale(norm, o) * values[static_cast<std::size_t>((o * per() + i) * inner.area() + tap)];
      bias_[static_cast<std::size_t>(o)] += factor * norm.shift[static_cast<std::size_t>(o)];
    }
  }
  /// A norm of the input itself.
  template <class B>
  void add(B& b, const BatchNorm<B, dyn>& identity, double factor = 1) {
    const FoldedNorm norm{b, identity};
    for (Index o = 0; o < sizes_.out; ++o) {
      centre(o) += factor * scale(norm, o);
      bias_[static_cast<std::size_t>(o)] += factor * norm.shift[static_cast<std::size_t>(o)];
    }
  }
  /// All branches of a MobileOne block.
  template <class B>
  void add(B& b, const MobileOne<B, false>& block, double factor = 1) {
    if (block.config.scale) add(b, block.conv_scale, factor);
    if (block.config.identity()) add(b, block.identity, factor);
    if (block.config.kernel) add(b, block.conv_kxk, factor);
  }
  /// γ times the sum so far, per output.
  void scale_by(const std::vector<double>& gamma) {
    for (Index o = 0; o < sizes_.out; ++o) {
      const double factor = gamma[static_cast<std::size_t>(o)];
      for (Index k = 0; k < sizes_.inputs(); ++k) weight_[static_cast<std::size_t>(o * sizes_.inputs() + k)] *= factor;
      bias_[static_cast<std::size_t>(o)] *= factor;
    }
  }
  /// The input itself.
  void add_input() {
    for (Index o = 0; o < sizes_.out; ++o) centre(o) += 1;
  }

  template <class B, class T>
  void store(B& b, Parameter<T>& to_weight, Parameter<T>& to_bias) const {
    set_parameter(b, weight_, to_weight);
    set_parameter(b, bias_, to_bias);
  }

 private:
  Index per() const { return sizes_.depthwise ? 1 : sizes_.in; }
  double& at(Index o, Index i, Index y, Index x) {
    return weight_[static_cast<std::size_t>(((o * per() + i) * sizes_.window.height + y) * sizes_.window.width + x)];
  }
  /// The tap that reads the output's own pixel and channel.
  double& centre(Index o) { return at(o, o % per(), sizes_.window.height / 2, sizes_.window.width / 2); }
  static double scale(const FoldedNorm& norm, Index o) { return norm.scale[static_cast<std::size_t>(o)]; }

  ConvolutionSizes sizes_;
  std::vector<double> weight_, bias_;
};

template <class B>
void fuse_block(B& b, const MobileOne<B, false>& from, MobileOne<B, true>& to) {
  SummedConvolution sum{from.config.sizes};
  sum.add(b, from);
  sum.store(b, to.conv.weight, to.bias);
  if (from.config.squeezed > 0) copy_parameters(b, from.se, to.se);
}

template <class B>
void fuse_block(B& b, const RepMixerBlock<B, false>& from, RepMixerBlock<B, true>& to) {
  SummedConvolution sum{to.token_mixer.conv.sizes};
  sum.add(b, from.token_mixer.mixer);
  sum.add(b, from.token_mixer.norm, -1);
  sum.scale_by(values_of_parameter(b, from.token_mixer.layer_scale_gamma));
  sum.add_input();
  sum.store(b, to.token_mixer.conv.weight, to.token_mixer.bias);
  copy_parameters(b, from.mlp, to.mlp);
  set_parameter(b, values_of_parameter(b, from.gamma), to.gamma);
}

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
