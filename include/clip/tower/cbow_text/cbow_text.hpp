// clip/tower/cbow_text/cbow_text.hpp: a continuous bag of words: token ids to embeddings.
#pragma once

#include <clip/core/error.hpp>
#include <clip/nn/mean_pool.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/tables.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/cbow_text/config.hpp>
#include <clip/tower/tower.hpp>

#include <algorithm>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// y = mean of the embeddings of a text's words · text_projection, without a bias, as OpenAI's text towers project.
/// Neither the order of the words nor the padding matters. Gradients reach the table of words.
template <CbowTextConfig C, Index Embed, Backend B>
struct CbowText {
  static_assert(problem(C) == nullptr, "CbowTextConfig: sizes must be positive, vocabulary at least 5");
  using T = typename B::Scalar;

  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> token_embedding{{config->vocabulary, config->width}, Init::normal(inverse_root(config->width))};
  Parameter<T> text_projection{{config->width, embed_dim}, Init::normal(inverse_root(config->width)), Use::project};

  constexpr CbowText(Known<C> config_ = {}, Size<Embed> embed_dim_ = {}) : config{config_}, embed_dim{embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("token_embedding.weight", self.token_embedding);
    visit("text_projection", self.text_projection);
  }

  /// There are no blocks.
  static constexpr Index depth() { return 0; }
  /// Arranges the words of every text as a sequence, all of whose rows are pooled; of a text without words all ids.
  void arrange(const Texts& texts, TextBatch& batch) const {
    const auto is_word = [](std::int32_t id) { return id >= CbowTextConfig::first_word; };
    detail::clear(texts, batch);
    for (Index i = 0; i < texts.size(); ++i) {
      const Ids row = texts[i];
      const bool any = std::ranges::any_of(row, is_word);
      const Index begin = batch.sequences.rows();
      for (const std::int32_t id : row)
        if (!any || is_word(id)) batch.ids.push_back(id);
      batch.sequences.add(static_cast<Index>(batch.ids.size()) - begin);
      detail::pool(batch, i, Pooling::mean, begin, batch.sequences.rows() - 1);
    }
  }
  /// The same: there are no rows of padding.
  void arrange_rows(const Texts& texts, bool, TextBatch& batch) const { arrange(texts, batch); }

  /// (texts, Embed), not normalised. The batch must outlive the context's pass.
  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch) const {
    const auto mean = mean_of_pooled(cx, states(cx, batch, 0), batch.sequences);  // (texts, width)
    return project(cx, mean, embed_dim, text_projection);
  }

  /// Learned vectors are no words. OptionError.
  template <class Cx, class Vectors>
  Rows<Cx, Embed> operator()(Cx&, const TextBatch&, const Vectors&) const {
    raise(OptionError{"encode_prompts", "text tower", "one whose tokens may be learned vectors", "a mean of words"});
  }

  /// The embeddings of the words: (rows of the batch, width)
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, const TextBatch& batch, Index) const {
    return gather(cx, Size<C.width>{config->width}, token_embedding, batch.ids);
  }
};

namespace detail {
template <CbowTextConfig C, Index Embed, class B, class Blocks>
struct CbowTextTower {
  static_assert(std::is_same_v<Blocks, Residual>,
                "CbowText: this tower has no residual blocks to replace; give the blocks to the image tower alone: "
                "Model<Config, Backend, Blocks, Residual>");
  using type = CbowText<C, Embed, B>;
};
}  // namespace detail

template <>
struct Tower<CbowTextConfig> {
  template <CbowTextConfig C, Index Embed, class B, class Blocks>
  using type = typename detail::CbowTextTower<C, Embed, B, Blocks>::type;

  static constexpr CbowTextConfig dynamic{.context = dyn, .vocabulary = dyn, .width = dyn};
};

}  // namespace clip::inline CLIP_ABI
