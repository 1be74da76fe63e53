// clip/task/token_relevance.hpp: which tokens of a text make it similar to an image.
#pragma once

#include <clip/task/attention_maps.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Gradient-weighted relevance (attention_relevance) of every token of every text to every image: result[text][image]
/// has one number per token that the tower computes, start and end of text included; for a causal tower these are all up
/// to the end of text, whose feature it is. The gradient is that of options.scale · cosine; `images` are features of any
/// length. A forward and a backward pass per text and image.
/// OptionError: a tower without attention (clip.option.attention), no such layer, or a packed encoder. ShapeError: features
/// of another width. NumericError: a feature that is zero or not finite. InputError: as encode_text.
template <class Encoder, class S, Index E>
std::vector<std::vector<std::vector<double>>> token_relevance(const Encoder& encoder, const Texts& texts,
                                                              const Features<S, E>& images,
                                                              const RelevanceOptions& options = {}) {
  constexpr const char* place = "token_relevance";
  Tape tape{encoder.backend(), {.evaluation = true, .every_row = true}};
  std::vector<std::vector<std::vector<double>>> found(static_cast<std::size_t>(texts.size()));
  for (Index t = 0; t < texts.size(); ++t) {
    Texts text;
    text.append(texts, t);
    for (Index i = 0; i < images.size(); ++i) {
      tape.clear();
      detail::record_similarity(place, tape, encoder.encode_text(tape, text), images[i], options.scale);
      std::optional<Index> token;
      const auto layers = detail::mixings(place, tape, options.layer, [&](const AttentionLayer& layer) {
        if (layer.pooled >= 0) token = layer.pooled;
        return relevant_mixing(layer);
      });
      found[static_cast<std::size_t>(t)].push_back(attention_relevance(layers, token));
    }
  }
  return found;
}

}  // namespace clip::inline CLIP_ABI
