// clip/model/text_encoder.hpp: the text half of a model: owns its weights, loads and runs alone.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/encoder/tower.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/learned.hpp>
#include <clip/tokens/texts.hpp>

#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Every row of a layer of a batch of texts, text by text.
template <class T>
struct TextStates {
  Tensor<T> rows;            // (all rows, width)
  std::vector<Index> begin;  // text i owns rows begin[i] … begin[i + 1] - 1
};

template <const auto& Config, Backend B = Cpu<>, class Blocks = Residual>
class TextEncoder {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  using Text = TowerOf<Config.text, embed_dim, B, Blocks>;
  using Settings = std::remove_cvref_t<decltype(Config)>;

  /// Weights are zero until loaded or initialised. `config` matters only where sizes are not fixed in the type.
  explicit TextEncoder(const Settings& config = Config, B backend = {})
      : text{config.text, config.embed_dim}, backend_{std::move(backend)},
        weights_{allocate_parameters(backend_, text)}, pool_{std::make_unique<InferencePool<B>>()} {}

  Text text;

  /// The checkpoints keep the text tower's names without a prefix.
  static constexpr void members(auto& self, auto&& visit) { visit("", self.text); }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  const auto& config() const { return *text.config; }

  /// See ImageEncoder.
  void pack(Storage storage = Storage::full) { relayout(backend_, text, packed_layout<B>(storage)); }
  void unpack() { relayout(backend_, text, Layout::rows); }

  /// See ImageEncoder.
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) { files_.keep(files); }
  void release_unused_files() { files_.release_unused(text); }

  /// (texts, embed_dim), not normalised. Every distinct beginning is computed once.
  Features<T, embed_dim> encode_text(const Texts& texts) const {
    Features<T, embed_dim> features{require(texts), text.embed_dim};
    auto lease = pool_->take(backend_);
    const auto y = encode_text(*lease, texts);
    (*lease).backend().download(In<T>{y.view}, features.values());
    return features;
  }

  /// The same in a context of the caller's: rows of the backend's memory, valid until its next pass. On a tape: recorded.
  template <class Cx>
  Rows<Cx, embed_dim> encode_text(Cx& cx, const Texts& texts) const {
    require(texts);
    if constexpr (!Cx::recording) cx.clear();
    TextBatch& batch = cx.template keep<TextBatch>();
    prefix_tree(texts, batch);
    return text(cx, batch);
  }

  /// The same for prompts with learned vectors among their tokens (tokens/learned.hpp): rows of `vectors` : (·, width of the tower), a
  /// Parameter of the caller's or Rows of the same context. A beginning all prompts share is computed once, on the way back too.
  template <class Cx, class Vectors>
  Rows<Cx, embed_dim> encode_prompts(Cx& cx, const Texts& prompts, const Vectors& vectors) const {
    const auto v = detail::value_of<T>(vectors);
    if (v.cols != config().width)
      raise(ShapeError{"encode_prompts", "width of the learned vectors", config().width, v.cols});
    require(prompts, v.rows);
    if constexpr (!Cx::recording && detail::is_parameter<Vectors>) cx.clear();
    TextBatch& batch = cx.template keep<TextBatch>();
    prefix_tree(prompts, batch);
    number_vectors(batch);
    return text(cx, batch, vectors);
  }

  /// Every row of a layer, for each text up to its end-of-text token, or padded to the context with id 0.
  TextStates<T> states(const Texts& texts, StatesOptions options = {}) const {
    require(texts);
    const Index layers = options.layer < 0 ? config().layers : options.layer;
    if (layers > config().layers) raise(OptionError{"states", "layer", config().layers, layers});
    auto lease = pool_->take(backend_);
    (*lease).clear();
    TextBatch& batch = (*lease).template keep<TextBatch>();
    if (options.padded) padded_batch(texts, config().context, 0, batch);
    else ragged_batch(texts, batch);
    const auto x = text.states(*lease, batch, layers);
    TextStates<T> states{Tensor<T>{{x.rows(), x.cols()}}, {}};
    (*lease).backend().download(In<T>{x.view}, states.rows.values());
    for (const Segment& s : batch.sequences.segments()) states.begin.push_back(s.begin);
    states.begin.push_back(x.rows());
    return states;
  }

 private:
  /// Ids of tokens, and of `learned` vectors.
  Index require(const Texts& texts, Index learned = 0) const {
    const auto& c = config();
    if (texts.size() == 0) raise(InputError{"encode_text", "number of texts", "1 or more", 0});
    for (Index i = 0; i < texts.size(); ++i) {
      const Ids ids = texts[i];
      const std::string place = "text " + std::to_string(i);
      if (static_cast<Index>(ids.size()) > c.context)
        raise(InputError{place, "tokens", "at most " + std::to_string(c.context), ids.size()});
      for (std::int32_t id : ids)
        if (id < -learned || id >= c.vocabulary)
          raise(
              InputError{place, "token id", std::to_string(-learned) + " to " + std::to_string(c.vocabulary - 1), id});
    }
    return texts.size();
  }

  B backend_;
  Buffer<B> weights_;
  WeightFiles files_;
  std::unique_ptr<InferencePool<B>> pool_;
};

}  // namespace clip::inline CLIP_ABI
