// clip/tower/mct_text/mct_text.hpp: MobileCLIP S0's hybrid text tower: token ids to embeddings.
#pragma once

#include <clip/nn/openai_blocks.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/mct_text/config.hpp>
#include <clip/tower/passes.hpp>
#include <clip/tower/tower.hpp>

#include <algorithm>
#include <cstddef>

namespace clip::inline CLIP_ABI {

/// MobileCLIP's hybrid text tower with OpenAI's names: `transformer.resblocks.0` and the last block are RepMixer blocks
/// with timm's names inside, those between them residual blocks. Every text is one sequence of `context` rows: the
/// reference masks nothing, so that padding is part of the input and of the batch statistics in training.
/// C : MctTextConfig or FusedMctTextConfig.
template <auto C, Index Embed, Backend B, class Blocks = Residual>
struct MctTextTransformer {
  static_assert(problem(C) == nullptr, "MctTextConfig: sizes must be positive, heads a divisor of width");
  using T = typename B::Scalar;
  static constexpr bool fused = C.fused;
  using MixerBlock = RepMixerBlock<B, fused>;
  using Middle = Transformer<C.block(), C.layers, B, Blocks, 1>;
  static_assert(
      !Middle::has_between,
      "MctTextTransformer: a convolution along the text follows the blocks: no module between them may change "
      "the number of rows");

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> token_embedding{{config->vocabulary, config->width}, Init::normal(0.02)};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->context, config->width}, Init::normal(0.01)}.stretched(Stretch::line)};
  NumberedLayer<MixerBlock> first{0, config->mixer_block()};
  Middle transformer{config->layers, config->block()};
  NumberedLayer<MixerBlock> last{static_cast<std::size_t>(config->layers) + 1, config->mixer_block()};
  LayerNorm<B, C.width> ln_final{config->width, config->epsilon};
  Parameter<T> text_projection{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};

  constexpr MctTextTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    initialise_by_openai<T>(transformer, config->width, config->layers);
    for (MixerBlock* const block : {&first.block, &last.block}) initialise_mlp(block->mlp);
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("token_embedding.weight", self.token_embedding);
    visit("positional_embedding", self.positional_embedding);
    visit("transformer.resblocks", self.first);
    visit("transformer", self.transformer);
    visit("transformer.resblocks", self.last);
    visit("ln_final", self.ln_final);
    visit("text_projection", self.text_projection);
  }

  /// The number of blocks, the two RepMixer blocks included.
  Index depth() const { return transformer.depth() + 2; }
  /// Arranges every text as `context` rows, filled with id 0, of which that of the end of text is pooled.
  void arrange(const Texts& texts, TextBatch& batch) const {
    padded_batch(texts, config->context, config->row().pad, batch);
  }
  /// The same, padded or not: no row of the reference is without its padding.
  void arrange_rows(const Texts& texts, bool, TextBatch& batch) const { arrange(texts, batch); }

  /// (texts, Embed), not normalised. The batch must outlive the context's pass, and is one of arrange(): ShapeError
  /// for sequences of another length than the context. A fused tower does not compile on a tape; where the file
  /// decides whether it is fused (AnyModel), OptionError.
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch) const {
    return pooled(cx, embed(cx, batch), batch);
  }

  /// The same for texts with learned vectors among their tokens: `batch.vectors` gives their rows in `vectors` : (·,
  /// width), a Parameter or Rows.
  template <class Cx, class Vectors>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch, const Vectors& vectors) const {
    const LearnedEmbeddingOp rows{batch.ids, batch.vectors, batch.sequences.positions()};
    return pooled(
        cx, learned_embedding(cx, Size<C.width>{config->width}, rows, token_embedding, vectors, positional_embedding),
        batch);
  }

  /// Every row after the first `layers` blocks, 0 to depth(): (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, const TextBatch& batch, Index layers) const {
    const Rows<Cx, C.width> x = embed(cx, batch);
    if (layers == 0) return x;
    const Rows<Cx, C.width> y =
        transformer.rows(cx, mix(cx, first.block, x, batch), batch.sequences, std::min(layers - 1, depth() - 2));
    return layers < depth() ? y : mix(cx, last.block, y, batch);
  }

 private:
  /// Weights of Apple's convolutional MLPs: N(0.02), biases zero.
  static constexpr void initialise_mlp(ConvMlp<B>& mlp) {
    for (Parameter<T>* const weight : {&mlp.conv.conv.weight, &mlp.fc1.weight, &mlp.fc2.weight})
      weight->init = Init::normal(0.02);
    for (Parameter<T>* const bias : {&mlp.fc1.bias, &mlp.fc2.bias}) bias->init = Init::zeros();
  }

  /// The texts as images that are one pixel high.
  Grid grid(Index rows) const { return {rows / config->context, 1, config->context}; }

  /// Texts per pass of a RepMixer block.
  static constexpr Index texts_at_once() { return detail::convolved_per_pass<B>(8); }

  /// Every row after a RepMixer block.
  template <class Cx>
  Rows<Cx, C.width> mix(Cx& cx, const MixerBlock& block, Rows<Cx, C.width> x, const TextBatch& batch) const {
    check(batch);
    if constexpr (Cx::recording && fused) {
      return refuse(x);
    } else if constexpr (Cx::recording) {
      return cx.stage(x, [this, &cx, &block](Rows<Cx, C.width> z) {
        return Rows<Cx, C.width>{block(cx, Rows<Cx, dyn>{z}, grid(z.rows()))};
      });
    } else {
      return detail::in_passes(
          cx, Rows<Cx, dyn>{x}, texts_at_once() * config->context, Size<C.width>{config->width},
          [&](Rows<Cx, dyn> some) { return Rows<Cx, C.width>{block(cx, some, grid(some.rows()))}; });
    }
  }

  /// From the input of the first block to (texts, Embed).
  template <class Cx>
  Rows<Cx, Embed> pooled(Cx& cx, Rows<Cx, C.width> embedded, const TextBatch& batch) const {
    if constexpr (Cx::recording && fused) {
      refuse(embedded);
      return cx.allocate(batch.sequences.count(), embed_dim);
    } else {
      const auto y = transformer.rows(cx, mix(cx, first.block, embedded, batch), batch.sequences, transformer.depth());
      const Rows<Cx, C.width> z = last.block.pooled(cx, Rows<Cx, dyn>{y}, grid(y.rows()), batch.sequences.pooled());
      return project(cx, ln_final(cx, z), embed_dim, text_projection);
    }
  }

  /// Token plus position for each row: (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, const TextBatch& batch) const {
    return embedding(cx, Size<C.width>{config->width}, batch.ids, batch.sequences.positions(), token_embedding,
                     positional_embedding);
  }

  /// The blocks that convolve along the text see sequences of one length only.
  void check(const TextBatch& batch) const {
    for (const Segment& s : batch.sequences.segments())
      if (s.parent >= 0 || s.length() != config->context)
        raise(ShapeError{"text tower", "rows of every text, padded to the context with id 0", config->context,
                         s.length()});
  }

  /// Gradients of a sum say nothing of its branches.
  template <class R>
  static R refuse(R x) {
    static_assert(!C.fixed(),
                  "This model is fused: its branches are one convolution each, for inference. Train the model with "
                  "branches (MctTextConfig) and fuse it afterwards.");
    raise(OptionError{"encode_text", "tower to train", "one with branches", "a fused one, which is for inference"});
    return x;
  }
};

template <bool Fused>
struct Tower<MctTextConfigOf<Fused>> {
  template <MctTextConfigOf<Fused> C, Index Embed, class B, class Blocks>
  using type = MctTextTransformer<C, Embed, B, Blocks>;

  static constexpr MctTextConfigOf<Fused> dynamic{
      .context = dyn, .vocabulary = dyn, .width = dyn, .layers = dyn, .heads = dyn, .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI
