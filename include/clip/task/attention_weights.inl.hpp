// clip/task/attention_weights.inl.hpp: definitions of clip/task/attention_weights.hpp.
#pragma once

#include <clip/task/attention_weights.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The mean over the heads of f(i), i the index of a probability.
template <class F>
TokenMixing mean_of_heads(const AttentionLayer& layer, F&& f) {
  const auto each = static_cast<std::size_t>(layer.queries * layer.keys);
  TokenMixing mean{layer.queries, layer.keys, layer.pooling, std::vector<double>(each)};
  for (std::size_t i = 0; i < layer.probabilities.size(); ++i)
    mean.values[i % each] += f(i) / static_cast<double>(layer.heads);
  return mean;
}

inline void check_layers(const char* place, std::span<const TokenMixing> layers, std::optional<Index> token) {
  if (layers.empty()) raise(OptionError{place, "layers of attention", "1 or more", 0});
  const Index tokens = layers.front().keys;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const TokenMixing& layer = layers[i];
    const std::string name = "layer " + std::to_string(i);
    if (layer.keys != tokens) raise(OptionError{place, name + ": tokens", tokens, layer.keys});
    if (layer.pooling && i + 1 < layers.size())
      raise(OptionError{place, name, "queries of all tokens, except in the last layer", "pooled ones"});
    if (layer.queries != (layer.pooling ? 1 : tokens))
      raise(OptionError{place, name + ": queries", layer.pooling ? 1 : tokens, layer.queries});
  }
  if (token && (*token < 0 || *token >= tokens))
    raise(OptionError{place, "token", "0 to " + std::to_string(tokens - 1), *token});
}

/// The row of L_n … L_2 L_1 that makes the feature, with L = a A + b I: row times matrix, from the last layer on.
inline std::vector<double> through_layers(std::span<const TokenMixing> layers, std::optional<Index> token, double a,
                                          double b) {
  const auto n = static_cast<std::size_t>(layers.front().keys);
  std::vector<double> row(n, token ? 0 : 1 / static_cast<double>(n));
  if (token) row[static_cast<std::size_t>(*token)] = 1;
  for (std::size_t l = layers.size(); l-- > 0;) {
    const TokenMixing& layer = layers[l];
    std::vector<double> read(n);
    if (layer.pooling) read = layer.values;
    else
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) read[j] += row[i] * layer.values[i * n + j];
    if (layer.pooling && !token) row = read;
    else
      for (std::size_t j = 0; j < n; ++j) row[j] = a * read[j] + b * row[j];
  }
  return row;
}

}  // namespace detail

CLIP_HOST TokenMixing token_mixing(const AttentionLayer& layer, std::optional<Index> head) {
  if (!head) return detail::mean_of_heads(layer, [&](std::size_t i) { return layer.probabilities[i]; });
  if (*head < 0 || *head >= layer.heads)
    raise(OptionError{"token_mixing", "head", "0 to " + std::to_string(layer.heads - 1), *head});
  const double* const first = layer.probabilities.data() + layer.at(*head, 0, 0);
  return {layer.queries, layer.keys, layer.pooling, {first, first + layer.queries * layer.keys}};
}

CLIP_HOST TokenMixing relevant_mixing(const AttentionLayer& layer) {
  if (layer.gradients.size() != layer.probabilities.size())
    raise(OptionError{"relevant_mixing", "gradients of the layer", "those of a backward pass after retain_attention()",
                      "none"});
  return detail::mean_of_heads(
      layer, [&](std::size_t i) { return std::max(layer.gradients[i] * layer.probabilities[i], 0.0); });
}

CLIP_HOST std::vector<double> attention_row(const TokenMixing& layer, std::optional<Index> token) {
  detail::check_layers("attention_row", {&layer, 1}, token);
  return detail::through_layers({&layer, 1}, layer.pooling ? std::nullopt : token, 1, 0);
}

CLIP_HOST std::vector<double> attention_rollout(std::span<const TokenMixing> layers, std::optional<Index> token) {
  detail::check_layers("attention_rollout", layers, token);
  return detail::through_layers(layers, token, 0.5, 0.5);
}

CLIP_HOST std::vector<double> attention_relevance(std::span<const TokenMixing> layers, std::optional<Index> token) {
  detail::check_layers("attention_relevance", layers, token);
  return detail::through_layers(layers, token, 1, 1);
}

}  // namespace clip::inline CLIP_ABI
