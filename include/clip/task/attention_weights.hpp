// clip/task/attention_weights.hpp: how much each token contributes to a feature: attention of a layer, rollout, relevance.
#pragma once

#include <clip/core/result.hpp>
#include <clip/task/attention_layers.hpp>

#include <optional>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A layer of attention without its heads: how much each query reads of each token.          values : (queries, keys)
struct TokenMixing {
  Index queries = 0, keys = 0;
  bool pooling = false;  // as AttentionLayer
  std::vector<double> values;
};

/// The mean of the heads' probabilities, or the probabilities of one head. OptionError: no such head.
CLIP_HOST TokenMixing token_mixing(const AttentionLayer& layer, std::optional<Index> head = std::nullopt);

/// The mean over the heads of max(G ⊙ A, 0), A the probabilities and G the gradient with respect to them.
/// OptionError: a layer without gradients.
CLIP_HOST TokenMixing relevant_mixing(const AttentionLayer& layer);

// In what follows `token` is the token that becomes the feature; none where the feature is the mean of all tokens, or of
// a query that is no token (a learned probe). OptionError: no such token, no layers, layers of different numbers of
// tokens, or a pooling layer that is not the last.

/// The row of one layer that makes the feature: (keys).
CLIP_HOST std::vector<double> attention_row(const TokenMixing& layer, std::optional<Index> token);

/// Attention rollout (Abnar & Zuidema 2020): with A the mean of the heads, and I for the residual connection,
///   R ← ½ (A + I) R          from the first layer to the last, R = I at first
/// The result is the row of R that makes the feature: (tokens); it sums to one. A query that is no token has no residual
/// connection: its row is A R.
CLIP_HOST std::vector<double> attention_rollout(std::span<const TokenMixing> layers, std::optional<Index> token);

/// Gradient-weighted relevance (Chefer, Gur & Wolf 2021, equations 5 and 6), with A of relevant_mixing():
///   R ← R + A R          from the first layer to the last, R = I at first
/// The result is the row of R that makes the feature: (tokens). It is not linear in the score whose gradient was taken.
/// A query that is no token has the row A R.
CLIP_HOST std::vector<double> attention_relevance(std::span<const TokenMixing> layers, std::optional<Index> token);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/task/attention_weights.inl.hpp>
#endif
