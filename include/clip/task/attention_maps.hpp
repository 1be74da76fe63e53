// clip/task/attention_maps.hpp: attention maps of image encoders: where in an image a feature comes from.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/image/image.hpp>
#include <clip/task/attention_weights.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// last: the probabilities with which the feature's query reads the patches, mean of the heads. heads: those of each
/// head. rollout: through all layers (attention_rollout).
enum class AttentionMapKind { last, heads, rollout };

struct AttentionMapOptions {
  AttentionMapKind kind = AttentionMapKind::last;
  /// Layers of attention are counted from 0, blocks without attention left out, a pooling by attention as the last.
  /// last, heads: the layer to show; -1: the last. rollout: the first layer of the product; -1: the first of all.
  Index layer = -1;
};

struct RelevanceOptions {
  double scale = 1;  // of the cosine whose gradient is taken: a model's temperature
  Index layer = -1;  // the first layer of the sum; -1: the first of all
};

namespace detail {

/// Tokens as a square grid of patches, after the class token or the mean token that some towers have.
struct PatchTokens {
  Index side = 0, before = 0;
  std::optional<Index> token() const { return before > 0 ? std::optional<Index>{0} : std::nullopt; }
};
CLIP_HOST PatchTokens patch_tokens(Index tokens);

/// The number of a layer from an option: `otherwise` for -1. OptionError: no layers, or none of that number.
CLIP_HOST Index layer_number(const char* place, Index layer, Index layers, Index otherwise);

/// d (scale · cosine(x, y)) / dx. NumericError: a vector that is zero or not finite.
CLIP_HOST std::vector<double> cosine_slope(const char* place, std::span<const double> x, std::span<const double> y,
                                           double scale);

/// One image of several.
CLIP_HOST Images one_image(const Images& images, Index i);

/// Writes the patches' weights of a map; NumericError: they are not finite.
template <class T>
void put_map(const char* place, const std::vector<double>& weights, const PatchTokens& tokens, T* map) {
  for (std::size_t i = static_cast<std::size_t>(tokens.before); i < weights.size(); ++i) {
    if (!std::isfinite(weights[i])) raise(NumericError{place, "attention that is not finite"});
    *map++ = static_cast<T>(weights[i]);
  }
}

/// The mixings of a recorded pass, from layer `first` on.
template <class B, class F>
std::vector<TokenMixing> mixings(const char* place, Tape<B>& tape, Index first, F&& mixing) {
  std::vector<TokenMixing> layers;
  const Index count = count_attention(tape);
  for (Index i = layer_number(place, first, count, 0); i < count; ++i)
    layers.push_back(mixing(attention_layer(tape, i)));
  return layers;
}

/// The tokens of a recorded pass of one image, and their weights, one row per map.
struct TokenWeights {
  PatchTokens tokens;
  std::vector<std::vector<double>> rows;
};
template <class B>
TokenWeights token_weights(const char* place, Tape<B>& tape, const AttentionMapOptions& options) {
  if (options.kind == AttentionMapKind::rollout) {
    const auto layers = mixings(place, tape, options.layer, [](const auto& layer) { return token_mixing(layer); });
    const PatchTokens tokens = patch_tokens(layers.front().keys);
    return {tokens, {attention_rollout(layers, tokens.token())}};
  }
  const Index count = count_attention(tape);
  const AttentionLayer layer = attention_layer(tape, layer_number(place, options.layer, count, count - 1));
  TokenWeights weights{patch_tokens(layer.keys), {}};
  const auto add = [&](std::optional<Index> head) {
    weights.rows.push_back(attention_row(token_mixing(layer, head), weights.tokens.token()));
  };
  if (options.kind == AttentionMapKind::last) add(std::nullopt);
  else
    for (Index h = 0; h < layer.heads; ++h) add(h);
  return weights;
}

/// The backward pass of scale · cosine(feature, other), which keeps the gradients of attention.   feature : (1, width)
template <class B, Index W, class S>
void record_similarity(const char* place, Tape<B>& tape, Rows<Tape<B>, W> feature, std::span<const S> other,
                       double scale) {
  using T = typename B::Scalar;
  if (feature.cols() != static_cast<Index>(other.size()))
    raise(ShapeError{place, "width of the features", feature.cols(), other.size()});
  retain_attention(tape);
  const std::vector<double> direction{other.begin(), other.end()};
  const std::vector<double> slope =
      cosine_slope(place, downloaded(tape.backend(), View<const T>{feature.view}), direction, scale);
  const std::vector<T> gradient{slope.begin(), slope.end()};
  const auto dy = borrow(tape, View<const T>{gradient.data(), 1, feature.cols()}, Size<dyn>{feature.cols()});
  tape.backward(feature, View<const T>{dy.view});
}

}  // namespace detail

/// Attention maps of an image encoder (ImageEncoder, AnyImageEncoder): (images, maps, height, width) on the grid of
/// patches, one map per image, or with AttentionMapKind::heads one per head. Values are not scaled: the row of a
/// probability, less what the class token has. A tower without a class token is pooled by a query of its own (SigLIP's
/// probe), or by the mean of all pixels; the mean of their rows is then shown. One image at a time; the encoder is not
/// changed, and may be packed.
/// OptionError: a tower without attention (clip.option.attention), no such layer, or a rollout through layers of
/// different numbers of tokens. InputError: as encode_image.
template <class Encoder>
Tensor<typename Encoder::T> attention_maps(const Encoder& encoder, const Images& images,
                                           const AttentionMapOptions& options = {}) {
  using T = typename Encoder::T;
  constexpr const char* place = "attention_maps";
  Tape tape{encoder.backend(), {.evaluation = true}};
  Tensor<T> maps;
  for (Index i = 0; i < std::max<Index>(images.size(), 1); ++i) {
    tape.clear();
    encoder.encode_image(tape, images.size() > 0 ? detail::one_image(images, i) : images);
    const auto [tokens, rows] = detail::token_weights(place, tape, options);
    const Index each = static_cast<Index>(rows.size()), area = tokens.side * tokens.side;
    if (i == 0) maps = Tensor<T>{{images.size(), each, tokens.side, tokens.side}};
    for (Index m = 0; m < each; ++m)
      detail::put_map(place, rows[static_cast<std::size_t>(m)], tokens, maps.values().data() + (i * each + m) * area);
  }
  return maps;
}

/// Gradient-weighted relevance (attention_relevance) of every image to every text: (images, texts, height, width). The
/// gradient is that of options.scale · cosine; `texts` are features of any length. A forward and a backward pass per
/// image and text, one at a time; batch norms use their running statistics.
/// OptionError: as attention_maps, or a packed encoder. ShapeError: features of another width. NumericError: a feature
/// that is zero or not finite.
template <class Encoder, class S, Index E>
Tensor<typename Encoder::T> relevance_maps(const Encoder& encoder, const Images& images, const Features<S, E>& texts,
                                           const RelevanceOptions& options = {}) {
  using T = typename Encoder::T;
  constexpr const char* place = "relevance_maps";
  Tape tape{encoder.backend(), {.evaluation = true, .every_row = true}};
  Tensor<T> maps;
  for (Index i = 0; i < std::max<Index>(images.size(), 1); ++i) {
    const Images image = images.size() > 0 ? detail::one_image(images, i) : images;
    for (Index t = 0; t < texts.size(); ++t) {
      tape.clear();
      detail::record_similarity(place, tape, encoder.encode_image(tape, image), texts[t], options.scale);
      const auto layers =
          detail::mixings(place, tape, options.layer, [](const auto& layer) { return relevant_mixing(layer); });
      const detail::PatchTokens tokens = detail::patch_tokens(layers.front().keys);
      if (i == 0 && t == 0) maps = Tensor<T>{{images.size(), texts.size(), tokens.side, tokens.side}};
      detail::put_map(place, attention_relevance(layers, tokens.token()), tokens,
                      maps.values().data() + (i * texts.size() + t) * tokens.side * tokens.side);
    }
  }
  return maps;
}

/// The same of a model's images and texts, with the gradient of the logit: exp(logit_scale) · cosine.
template <class M>
auto relevance_maps(const M& model, const Images& images, const Texts& texts, Index layer = -1) {
  return relevance_maps(model.image, images, model.encode_text(texts),
                        {.scale = model.similarity.temperature(), .layer = layer});
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/task/attention_maps.inl.hpp>
#endif
