// clip/model/text_encoder.hpp: the text encoder of a model: owns its weights, loads and runs alone.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/model/owned.hpp>
#include <clip/model/similarity.hpp>
#include <clip/model/states_options.hpp>
#include <clip/model/text_input.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/learned.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tower/tower.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The rows of one layer for a batch of texts, in the order of the texts.
template <class T>
struct TextStates {
  Tensor<T> rows;            // (all rows, width)
  std::vector<Index> begin;  // text i owns rows begin[i] … begin[i + 1] - 1
};

/// The text tower of a model with its weights. `Config` is a model's constant, or has its members `embed_dim` and
/// `text`.
template <const auto& Config, Backend B = Cpu<>, class Blocks = Residual>
class TextEncoder : public Owned<TowerOf<Config.text, Config.embed_dim, B, Blocks>, B> {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  static constexpr Half half = Half::text;
  using TowerConfig = std::remove_cvref_t<decltype(Config.text)>;
  using Base = Owned<TowerOf<Config.text, Config.embed_dim, B, Blocks>, B>;
  using Base::backend;
  using Base::tower;

  /// Weights are zero until loaded or initialised.
  explicit TextEncoder(B owned_by = {}) : TextEncoder{Config.text, Config.embed_dim, std::move(owned_by)} {}
  /// Sizes known only at run time.
  TextEncoder(const TowerConfig& config, Index embed_dim_, B owned_by = {})
      : Base{std::move(owned_by), config, embed_dim_} {}

  /// In OpenAI's names the text tower has no prefix.
  static constexpr void members(auto& self, auto&& visit) { visit("", self.tower); }
  /// Whether a tensor of a file belongs to a text tower; see ImageEncoder.
  static constexpr bool owns(std::string_view name) {
    return !name.starts_with("visual.") && !is_similarity_tensor(name);
  }

  const TowerConfig& config() const { return *tower.config; }
  /// Limits of the token ids of its input.
  TextInput text_input() const { return text_input_of(config()); }

  /// (texts, embed_dim), not normalised. Every distinct prefix is computed once.
  /// InputError: no text, texts of a vocabulary of another size, a text longer than the context, an id beyond the
  /// vocabulary.
  /// `after` is AfterBlocks{f} (nn/transformer.hpp) of OpenAI's text transformer, or nothing.
  template <class... After>
  [[nodiscard]] Result<Features<T, embed_dim>> try_encode_text(const Texts& texts, const After&... after) const {
    if (auto possible = check(texts); !possible) return possible.error();
    Features<T, embed_dim> features{texts.size(), tower.embed_dim};
    auto lease = this->context();
    const auto y = encode_text(*lease, texts, after...);
    (*lease).backend().download(In<T>{y.view}, features.values());
    return features;
  }
  Features<T, embed_dim> encode_text(const Texts& texts) const { return try_encode_text(texts).value(); }

  /// The same in the caller's context: rows in the backend's memory, valid until the context's next pass. A tape
  /// records it.
  template <class Cx, class... After>
  Rows<Cx, embed_dim> encode_text(Cx& cx, const Texts& texts, const After&... after) const {
    check(texts).value();
    if constexpr (!Cx::recording) cx.clear();
    TextBatch& batch = cx.template keep<TextBatch>();
    tower.arrange(texts, batch);
    return tower(cx, batch, after...);
  }

  /// The same for prompts with learned vectors among their tokens (tokens/learned.hpp): rows of `vectors` : (·, width
  /// of the tower), the caller's Parameter or Rows of the same context. A prefix that all prompts share is computed
  /// once, forward and backward. ShapeError: vectors of another width. InputError as try_encode_text, or the id of a
  /// vector that does not exist.
  template <class Cx, class Vectors>
  Rows<Cx, embed_dim> encode_prompts(Cx& cx, const Texts& prompts, const Vectors& vectors) const {
    const auto v = detail::value_of<T>(vectors);
    if (v.cols != config().width)
      raise(ShapeError{"encode_prompts", "width of the learned vectors", config().width, v.cols});
    check(prompts, v.rows).value();
    if constexpr (!Cx::recording && detail::is_parameter<Vectors>) cx.clear();
    TextBatch& batch = cx.template keep<TextBatch>();
    tower.arrange(prompts, batch);
    number_vectors(batch);
    return tower(cx, batch, vectors);
  }

  /// Every row of a layer: for each text up to its last token, or padded to the context. InputError as try_encode_text.
  /// OptionError: a layer beyond the first or the last.
  TextStates<T> states(const Texts& texts, StatesOptions options = {}) const {
    check(texts).value();
    const Index layers = detail::blocks_of(options.layer, tower.depth());
    auto lease = this->context();
    (*lease).clear();
    TextBatch& batch = (*lease).template keep<TextBatch>();
    tower.arrange_rows(texts, options.padded, batch);
    const auto last = tower.states(*lease, batch, layers);
    const auto x = options.final_norm ? final_norm(*lease, last) : last;
    TextStates<T> states{Tensor<T>{{x.rows(), x.cols()}}, {}};
    (*lease).backend().download(In<T>{x.view}, states.rows.values());
    for (const Segment& s : batch.sequences.segments()) states.begin.push_back(s.begin);
    states.begin.push_back(x.rows());
    return states;
  }

 private:
  /// OptionError: a tower without such a norm.
  template <class Cx, class X>
  auto final_norm(Cx& cx, X x) const {
    if constexpr (requires { tower.ln_final(cx, x); }) return tower.ln_final(cx, x);
    else {
      raise(OptionError{"states", "tower", "one with ln_final", "another"});
      return x;
    }
  }

  /// Checks the ids of tokens and of `learned` vectors. InputError as try_encode_text.
  Result<void> check(const Texts& texts, Index learned = 0) const {
    const auto& c = config();
    if (texts.size() == 0) return InputError{"encode_text", "number of texts", "1 or more", 0};
    if (auto fits = try_check_vocabulary(text_input(), texts); !fits) return fits;
    for (Index i = 0; i < texts.size(); ++i) {
      const Ids ids = texts[i];
      const auto place = [i] { return "text " + std::to_string(i); };
      if (static_cast<Index>(ids.size()) > c.context)
        return InputError{place(), "tokens", "at most " + std::to_string(c.context), ids.size()}.with_id(
            "clip.input.tokens");
      for (const std::int32_t id : ids)
        if (id < -learned || id >= c.vocabulary)
          return InputError{place(), "token id", std::to_string(-learned) + " to " + std::to_string(c.vocabulary - 1),
                            id}
              .with_id("clip.input.tokens");
    }
    return {};
  }
};

}  // namespace clip::inline CLIP_ABI
