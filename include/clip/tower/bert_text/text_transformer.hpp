// clip/tower/bert_text/text_transformer.hpp: BERT, DistilBERT, RoBERTa and XLM-R as text towers: ids to embeddings.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/nn/mean_pool.hpp>
#include <clip/nn/post_norm_block.hpp>
#include <clip/nn/transformer.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/bert_text/config.hpp>
#include <clip/tower/tower.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// BERT (Devlin et al. 2019) and its relatives, with OpenAI's names where its parts are OpenAI's. Every text is a
/// sequence of its own without padding, so that no mask is needed. Every token has type 0.
template <BertTextConfig C, Index Embed, Backend B, class Blocks = Residual>
struct BertTextTransformer {
  static_assert(problem(C) == nullptr, "BertTextConfig: impossible sizes, or pooling by a pooler that is not there");
  static_assert(problem(C, Embed) == nullptr,
                "BertTextConfig: without a projection embed_dim must be the width of the text tower");
  using T = typename B::Scalar;
  using Stack = Transformer<C.block(), C.layers, B, PostNormUnlessChosen<Blocks>>;
  static_assert(!Stack::has_between, "BertTextTransformer: no module between blocks may change the number of rows");
  static constexpr Index projection_hidden = C.projection_hidden(Embed);

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> word_embedding{{config->vocabulary, config->width}, Init::normal(0.02).with_zero_row(config->pad)};
  Parameter<T> positional_embedding{
      Parameter<T>{{config->table(), config->width},
                   config->offset == 0 ? Init::normal(0.02) : Init::normal(0.02).with_zero_row(config->pad)}
          .stretched(config->offset == 0 ? Stretch::line : Stretch::none)};
  Parameter<T> token_type_embedding{{config->types, config->width}, Init::normal(0.02)};
  LayerNorm<B, C.width> ln_embedding{config->width, config->epsilon};
  Stack transformer{config->layers, config->block()};
  Linear<B, C.width, C.width> pooler{config->width, config->width};
  Parameter<T> text_projection{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};
  Linear<B, C.width, Embed> affine{config->width, embed_dim};
  Parameter<T> mlp_in{{config->projection_hidden(embed_dim), config->width}, fan_in(config->width), Use::linear};
  Parameter<T> mlp_out{{Index{embed_dim}, config->projection_hidden(embed_dim)},
                       fan_in(config->projection_hidden(embed_dim)),
                       Use::linear};

  constexpr BertTextTransformer(Known<C> config_ = {}, Size<Embed> embed_dim_ = {})
      : config{config_}, embed_dim{embed_dim_} {
    if (const char* const sentence = problem(*config, embed_dim))
      raise(OptionError{"config", sentence}.with_id("clip.option.config"));
    visit_parameters(transformer, [](std::string_view name, Parameter<T>& p) {
      const bool matrix = name.ends_with(".attn.in_proj_weight") || name.ends_with(".attn.out_proj.weight") ||
                          name.ends_with(".mlp.c_fc.weight") || name.ends_with(".mlp.c_proj.weight");
      if (matrix) p.init = Init::normal(0.02);
      else if (!name.ends_with(".weight")) p.init = Init::zeros();
    });
    pooler.weight.init = Init::normal(0.02);
    pooler.bias.init = Init::zeros();
  }

  static constexpr void members(auto& self, auto&& visit) {
    const BertTextConfig& c = *self.config;
    visit("word_embedding.weight", self.word_embedding);
    visit("positional_embedding", self.positional_embedding);
    if (c.types > 0) visit("token_type_embedding", self.token_type_embedding);
    visit("ln_embedding", self.ln_embedding);
    visit("transformer", self.transformer);
    if (c.pooler) visit("pooler", self.pooler);
    if (c.projection == TextProjection::linear) visit("text_projection", self.text_projection);
    if (c.projection == TextProjection::affine) visit("projection", self.affine);
    if (c.projection == TextProjection::mlp) {
      visit("projection.0.weight", self.mlp_in);
      visit("projection.2.weight", self.mlp_out);
    }
  }

  /// The number of blocks.
  Index depth() const { return transformer.depth(); }
  /// Arranges every text as a sequence of its own, without the padding at its end.
  void arrange(const Texts& texts, TextBatch& batch) const {
    ragged_batch(texts, batch, config->pooling == TextPooling::mean ? Pooling::mean : Pooling::first, pad());
  }
  /// The same: padded rows are as the reference's rows of tokens, which do not see the padding.
  void arrange_rows(const Texts& texts, bool, TextBatch& batch) const { arrange(texts, batch); }

  /// (texts, Embed), not normalised. The batch must outlive the context's pass.
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch) const {
    return pooled(cx, ln_embedding(cx, embed(cx, batch)), batch);
  }

  /// The same for texts with learned vectors among their tokens: `batch.vectors` gives their rows in `vectors` : (·,
  /// width), a Parameter or Rows.
  template <class Cx, class Vectors>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch, const Vectors& vectors) const {
    const LearnedEmbeddingOp rows{batch.ids, batch.vectors, batch.sequences.positions()};
    const Size<C.width> width{config->width};
    Rows<Cx, C.width> x =
        cx.apply(rows, static_cast<Index>(batch.ids.size()), width, word_embedding, vectors, positions());
    if (config->types > 0) x = add(cx, x, gather(cx, width, token_type_embedding, types(cx, batch)));
    return pooled(cx, ln_embedding(cx, x), batch);
  }

  /// Every row after the first `layers` blocks, 0 to depth(): (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, const TextBatch& batch, Index layers) const {
    return transformer.rows(cx, ln_embedding(cx, embed(cx, batch)), batch.sequences, layers);
  }

 private:
  std::int32_t pad() const { return static_cast<std::int32_t>(config->pad); }

  /// The rows of the table of positions that tokens have.
  ParameterSlice<T> positions() const {
    return slice(positional_embedding, config->offset, config->table() - config->offset);
  }

  /// The type of every token.
  template <class Cx>
  static Ids types(Cx& cx, const TextBatch& batch) {
    auto& zeros = cx.template keep<std::vector<std::int32_t>>();
    zeros.assign(batch.ids.size(), 0);
    return zeros;
  }

  /// Token plus type plus position for each row: (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> embed(Cx& cx, const TextBatch& batch) const {
    const Size<C.width> width{config->width};
    const auto n = static_cast<Index>(batch.ids.size());
    const Ids at = batch.sequences.positions();
    if (config->types == 0) return cx.apply(EmbeddingOp{batch.ids, at}, n, width, word_embedding, positions());
    return cx.apply(LearnedEmbeddingOp{batch.ids, types(cx, batch), at}, n, width, word_embedding, token_type_embedding,
                    positions());
  }

  /// From the input of the first block to (texts, Embed).
  template <class Cx>
  Rows<Cx, Embed> pooled(Cx& cx, Rows<Cx, C.width> embedded, const TextBatch& batch) const {
    if (config->pooling == TextPooling::mean) {
      const auto x = transformer.rows(cx, embedded, batch.sequences, depth());
      return projected(cx, mean_of_pooled(cx, x, batch.sequences));
    }
    const auto x = transformer.pooled(cx, embedded, batch.sequences);
    return projected(cx, config->pooling == TextPooling::pooler ? pooler.with(cx, fn::Tanh{}, x) : x);
  }

  /// (texts, width) → (texts, Embed)
  template <class Cx>
  Rows<Cx, Embed> projected(Cx& cx, Rows<Cx, C.width> x) const {
    const auto end = [&](Rows<Cx, Embed> y) { return config->projection_tanh ? map(cx, fn::Tanh{}, y) : y; };
    switch (config->projection) {
      case TextProjection::linear: return end(project(cx, x, embed_dim, text_projection));
      case TextProjection::affine: return end(affine(cx, x));
      case TextProjection::mlp: {
        const Size<projection_hidden> hidden{config->projection_hidden(embed_dim)};
        return linear(cx, linear<fn::Gelu>(cx, x, hidden, mlp_in, absent), embed_dim, mlp_out, absent);
      }
      case TextProjection::none: break;
    }
    if constexpr (compatible(C.width, Embed)) return x;
    else return cx.allocate(x.rows(), embed_dim);  // not reached: problem(config, embed_dim)
  }
};

template <>
struct Tower<BertTextConfig> {
  template <BertTextConfig C, Index Embed, class B, class Blocks>
  using type = BertTextTransformer<C, Embed, B, Blocks>;

  static constexpr BertTextConfig dynamic{.context = dyn,
                                          .vocabulary = dyn,
                                          .width = dyn,
                                          .layers = dyn,
                                          .heads = dyn,
                                          .activation = Activation::gelu,
                                          .epsilon = 1e-12f,
                                          .mlp_width = dyn,
                                          .positions = dyn,
                                          .offset = dyn,
                                          .types = dyn,
                                          .pad = dyn};
};

}  // namespace clip::inline CLIP_ABI
