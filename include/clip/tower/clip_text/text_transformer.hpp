// clip/tower/clip_text/text_transformer.hpp: OpenAI's causal text transformer: token ids to embeddings.
#pragma once

#include <clip/nn/openai_blocks.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/clip_text/config.hpp>
#include <clip/tower/tower.hpp>

namespace clip::inline CLIP_ABI {

/// OpenAI's causal text transformer (Radford et al. 2019; Radford et al. 2021 §2.4), with the member names of its
/// checkpoints. Accepts any arrangement of the texts as sequences: a prefix tree, which computes every distinct prefix
/// once; one sequence per text; or padded to the context as in the reference. Tokens after the end of text cannot
/// influence the result.
template <TextConfig C, Index Embed, Backend B, class Blocks = Residual>
struct TextTransformer {
  static_assert(!C.fixed() || (C.context > 1 && C.vocabulary > 1 && C.width > 0 && C.layers > 0 && C.heads > 0),
                "TextConfig: sizes must be positive, context and vocabulary at least 2");
  static_assert(!C.fixed() || C.pruned || C.width % C.heads == 0, "TextConfig: heads must divide width");
  static_assert(problem(C) == nullptr, "TextConfig: epsilon must be finite and not negative");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> token_embedding{{config->vocabulary, config->width}, Init::normal(0.02)};
  Parameter<T> positional_embedding{Parameter<T>{{config->context, config->width}, Init::normal(0.01)}
                                        .stretched(Stretch::line)
                                        .frozen_if(config->two_tables)};
  Parameter<T> positional_embedding_res{
      Parameter<T>{{config->context, config->width}, Init::normal(0.01)}.stretched(Stretch::line)};  // of two tables
  Transformer<C.block(), C.layers, B, Blocks> transformer{config->layers,
                                                          [c = *config](Index i) { return c.block(i); }};
  LayerNorm<B, C.width> ln_final{config->width, config->epsilon};
  Parameter<T> text_projection{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};

  constexpr TextTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    initialise_by_openai<T>(transformer, config->width, config->layers);
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("token_embedding.weight", self.token_embedding);
    visit("positional_embedding", self.positional_embedding);
    if (self.config->two_tables) visit("positional_embedding_res", self.positional_embedding_res);
    visit("transformer", self.transformer);
    visit("ln_final", self.ln_final);
    visit("text_projection", self.text_projection);
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Arranges texts as a prefix tree that pools the end-of-text token of each text; without the causal mask, as rows
  /// that are padded to the context.
  void arrange(const Texts& texts, TextBatch& batch) const {
    if (config->causal) prefix_tree(texts, batch);
    else padded_batch(texts, config->context, config->row().pad, batch, pooling());
    divide_positions(batch);
  }
  /// Arranges every text as a sequence of its own, up to its end of text or padded to the context.
  void arrange_rows(const Texts& texts, bool padded, TextBatch& batch) const {
    if (padded || !config->causal) padded_batch(texts, config->context, config->row().pad, batch, pooling());
    else ragged_batch(texts, batch);
    divide_positions(batch);
  }

  /// (texts, Embed), not normalised. Each pooled row is computed once and copied to every text that ends there. The
  /// batch must outlive the context's pass.
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch) const {
    return pooled(cx, embed(cx, batch), batch);
  }

  /// The same with f after every block (nn/transformer.hpp).
  template <class Cx, class F>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch, const AfterBlocks<F>& after) const {
    return pooled(cx, embed(cx, batch), batch, after);
  }

  /// The same for texts with learned vectors among their tokens: `batch.vectors` gives their rows in `vectors` : (·,
  /// width), a Parameter or Rows.
  template <class Cx, class Vectors>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch, const Vectors& vectors) const {
    const Size<C.width> width{config->width};
    if (!config->two_tables) {
      const LearnedEmbeddingOp rows{batch.ids, batch.vectors, batch.sequences.positions()};
      return pooled(cx, learned_embedding(cx, width, rows, token_embedding, vectors, positional_embedding), batch);
    }
    require_divided(batch);
    const LearnedEmbeddingOp rows{batch.ids, batch.vectors, batch.later};
    const auto later = learned_embedding(cx, width, rows, token_embedding, vectors, positional_embedding_res);
    const auto kept = gather(cx, width, positional_embedding, batch.kept);
    return pooled(cx, add(cx, later, kept), batch);
  }

  /// Every row after the first `layers` blocks, 0 to depth(): (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, const TextBatch& batch, Index layers) const {
    return transformer.rows(cx, embed(cx, batch), batch.sequences, layers);
  }

 private:
  Pooling pooling() const { return config->last_pooled ? Pooling::last : Pooling::end_of_text; }

  /// From the input of the first block to (texts, Embed).
  template <class Cx, class... After>
  Rows<Cx, Embed> pooled(Cx& cx, Rows<Cx, C.width> embedded, const TextBatch& batch, const After&... after) const {
    const auto x =
        transformer.pooled(cx, embedded, batch.sequences, after...);  // (distinct, width): the end-of-text tokens
    const auto distinct = project(cx, ln_final(cx, x), embed_dim, text_projection);  // (distinct, Embed)
    return gather(cx, distinct, batch.leaf);
  }

  /// Token plus position for each row: (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, const TextBatch& batch) const {
    const Size<C.width> width{config->width};
    if (config->two_tables) {
      require_divided(batch);
      return learned_embedding(cx, width, LearnedEmbeddingOp{batch.ids, batch.kept, batch.later}, token_embedding,
                               positional_embedding, positional_embedding_res);
    }
    return embedding(cx, width, batch.ids, batch.sequences.positions(), token_embedding, positional_embedding);
  }

  /// With two tables of positions: which of them each row of the batch reads, and where.
  void divide_positions(TextBatch& batch) const {
    if (!config->two_tables) return;
    const Ids positions = batch.sequences.positions();
    batch.kept.assign(positions.begin(), positions.end());
    batch.later = batch.kept;
    for (std::int32_t& p : batch.kept)
      if (p >= TextConfig::kept_positions) p = -1;
    for (std::int32_t& p : batch.later)
      if (p < TextConfig::kept_positions) p = -1;
  }
  static void require_divided(const TextBatch& batch) {
    if (batch.kept.size() != batch.ids.size() || batch.later.size() != batch.ids.size())
      raise(ShapeError{"text tower", "rows with a position in one of two tables (by arrange)", batch.ids.size(),
                       batch.kept.size()});
  }
};

template <>
struct Tower<TextConfig> {
  template <TextConfig C, Index Embed, class B, class Blocks>
  using type = TextTransformer<C, Embed, B, Blocks>;

  static constexpr TextConfig dynamic{.context = dyn,
                                      .vocabulary = dyn,
                                      .width = dyn,
                                      .layers = dyn,
                                      .heads = dyn,
                                      .activation = Activation::quick_gelu,
                                      .epsilon = 1e-5f,
                                      .mlp_width = dyn};
};

}  // namespace clip::inline CLIP_ABI
