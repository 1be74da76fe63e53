// clip/tower/siglip_text/text_transformer.hpp: SigLIP's text transformer: token ids to embeddings.
#pragma once

#include <clip/nn/transformer.hpp>
#include <clip/nn/xavier_blocks.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/siglip_text/config.hpp>
#include <clip/tower/tower.hpp>

#include <cstdint>

namespace clip::inline CLIP_ABI {

/// SigLIP's text transformer (Zhai et al. 2023), with OpenAI's names. Every text is one sequence of `context` rows: the
/// reference masks nothing, so that padding is part of the input, and the last row is pooled whatever it holds.
template <SiglipTextConfig C, Index Embed, Backend B, class Blocks = Residual>
struct SiglipTextTransformer {
  static_assert(problem(C) == nullptr, "SiglipTextConfig: sizes must be positive, heads a divisor of width");
  static_assert(problem(C, Embed) == nullptr,
                "SiglipTextConfig: without a projection embed_dim must be the width of the text tower");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> token_embedding{{config->vocabulary, config->width}, Init::normal(inverse_root(config->width))};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->context, config->width}, Init::normal(inverse_root(config->width))}.stretched(
          Stretch::line)};
  Transformer<C.block(), C.layers, B, Blocks> transformer{config->layers, config->block()};
  LayerNorm<B, C.width> ln_final{config->width, config->epsilon};
  Linear<B, C.width, Embed> text_projection{config->width, embed_dim};

  constexpr SiglipTextTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    if (const char* const sentence = problem(*config, embed_dim)) raise(OptionError{"config", sentence});
    initialise_by_xavier<T>(transformer);
    text_projection.weight.init = Init::normal(inverse_root(config->width));  // LeCun et al. 1998
    text_projection.bias.init = Init::zeros();
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("token_embedding.weight", self.token_embedding);
    visit("positional_embedding", self.positional_embedding);
    visit("transformer", self.transformer);
    visit("ln_final", self.ln_final);
    if (self.config->projection) visit("text_projection", self.text_projection);
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Arranges every text as `context` rows, of which the last is pooled.
  void arrange(const Texts& texts, TextBatch& batch) const {
    padded_batch(texts, config->context, config->row().pad, batch, Pooling::last);
  }
  /// The same, padded or not: no row of the reference is without its padding.
  void arrange_rows(const Texts& texts, bool, TextBatch& batch) const { arrange(texts, batch); }

  /// (texts, Embed), not normalised. The batch must outlive the context's pass.
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
    return transformer.rows(cx, embed(cx, batch), batch.sequences, layers);
  }

 private:
  /// From the input of the first block to (texts, Embed).
  template <class Cx>
  Rows<Cx, Embed> pooled(Cx& cx, Rows<Cx, C.width> embedded, const TextBatch& batch) const {
    const auto x = ln_final(cx, transformer.pooled(cx, embedded, batch.sequences));  // (texts, width): the last rows
    if constexpr (compatible(C.width, Embed))
      if (!config->projection) return x;
    return text_projection(cx, x);
  }

  /// Token plus position for each row: (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, const TextBatch& batch) const {
    return embedding(cx, Size<C.width>{config->width}, batch.ids, batch.sequences.positions(), token_embedding,
                     positional_embedding);
  }
};

template <>
struct Tower<SiglipTextConfig> {
  template <SiglipTextConfig C, Index Embed, class B, class Blocks>
  using type = SiglipTextTransformer<C, Embed, B, Blocks>;

  static constexpr SiglipTextConfig dynamic{.context = dyn,
                                            .vocabulary = dyn,
                                            .width = dyn,
                                            .layers = dyn,
                                            .heads = dyn,
                                            .activation = Activation::gelu_tanh,
                                            .epsilon = 1e-6f,
                                            .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI
