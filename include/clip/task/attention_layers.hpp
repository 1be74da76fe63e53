// clip/task/attention_layers.hpp: attention probabilities of a recorded pass, and gradients with respect to them.
//
// Encoders compute attention without ever storing its probabilities. A tape keeps the queries, keys and values that
// each op of attention read; from these the probabilities are computed again here, in double precision. Nothing of it
// is in an encoder: a program that does not include this header has none of its code.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/ops/attention.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// One op of attention over one sequence: of every head, softmax(q kᵀ/√d) : (queries, keys).
struct AttentionLayer {
  Index heads = 0, queries = 0, keys = 0;
  bool pooling = false;                 // its queries are the pooled ones alone, not those of all tokens
  Index pooled = -1;                    // the place of the first pooled token in the sequence; -1: none is marked
  std::vector<double> probabilities{};  // (heads, queries, keys)
  std::vector<double> gradients{};      // the gradient with respect to them, after a backward pass; otherwise empty

  std::size_t at(Index head, Index query, Index key) const {
    return static_cast<std::size_t>((head * queries + query) * keys + key);
  }
};

namespace detail {

/// What an op of attention read, in host memory, and the gradient of its result.
struct RecordedAttention {
  AttentionPattern pattern;
  const Sequences* sequences = nullptr;
  Index width = 0;
  std::vector<double> q, k, v, gradient;  // (queries, width), (rows, width) twice, (queries, width)
};

template <class B>
std::vector<double> downloaded(B& backend, View<const typename B::Scalar> x) {
  std::vector<double> values(static_cast<std::size_t>(x.count()));
  backend.download(In<typename B::Scalar>{x}, std::span<double>{values});
  return values;
}

/// Columns [first, first + width) of rows of `of` values.
inline std::vector<double> columns(const std::vector<double>& rows, Index of, Index first, Index width) {
  std::vector<double> part;
  for (std::size_t row = 0; row < rows.size(); row += static_cast<std::size_t>(of))
    part.insert(part.end(), rows.begin() + static_cast<std::ptrdiff_t>(row) + first,
                rows.begin() + static_cast<std::ptrdiff_t>(row) + first + width);
  return part;
}

inline bool is_attention(std::string_view op) {
  return op == AttentionOp::name || op == PooledAttentionOp::name || op == SeparatePooledAttentionOp::name;
}

/// What a node read, which is an op of attention.
template <class B>
RecordedAttention recorded_attention(B& backend, const TapeNode<B>& node) {
  RecordedAttention r{};
  r.width = node.value.cols;
  const auto input = [&](std::size_t i) { return downloaded(backend, node.inputs[i].value); };
  if (node.op == AttentionOp::name) {
    const auto& op = node.template held<AttentionOp>();
    const std::vector<double> qkv = input(0);
    r = {op.pattern,
         op.sequences,
         r.width,
         columns(qkv, 3 * r.width, 0, r.width),
         columns(qkv, 3 * r.width, r.width, r.width),
         columns(qkv, 3 * r.width, 2 * r.width, r.width),
         {}};
  } else if (node.op == PooledAttentionOp::name) {
    const auto& op = node.template held<PooledAttentionOp>();
    const std::vector<double> kv = input(1);
    r = {op.pattern,
         op.sequences,
         r.width,
         input(0),
         columns(kv, 2 * r.width, 0, r.width),
         columns(kv, 2 * r.width, r.width, r.width),
         {}};
  } else {
    const auto& op = node.template held<SeparatePooledAttentionOp>();
    r = {op.pattern, op.sequences, r.width, input(0), input(1), input(2), {}};
  }
  if (node.retained && node.gradient) r.gradient = downloaded(backend, node.gradient);
  return r;
}

/// The rows of one sequence: of its tokens, of its queries in q, and the places of these among the tokens.
struct AttendedRows {
  std::vector<Index> tokens, queries, places;
};
inline AttendedRows attended_rows(const RecordedAttention& r, Index segment) {
  AttendedRows rows;
  r.sequences->path(segment, [&](const Segment& s) {
    for (Index row = s.begin; row < s.end; ++row) rows.tokens.push_back(row);
  });
  if (!r.pattern.pooled) {
    rows.queries = rows.tokens;
    for (std::size_t i = 0; i < rows.tokens.size(); ++i) rows.places.push_back(static_cast<Index>(i));
    return rows;
  }
  const Segment& last = r.sequences->segment(segment);
  for (Index i = r.sequences->pooled_begin(segment); i < r.sequences->pooled_begin(segment + 1); ++i) {
    rows.queries.push_back(i);
    rows.places.push_back(last.position + r.sequences->pooled()[static_cast<std::size_t>(i)] - last.begin);
  }
  return rows;
}

/// The attention of the sequence that ends with a segment.
inline AttentionLayer attention_of_sequence(const RecordedAttention& r, Index segment) {
  const auto [tokens, queries, places] = attended_rows(r, segment);
  AttentionLayer layer{.heads = r.pattern.heads,
                       .queries = static_cast<Index>(queries.size()),
                       .keys = static_cast<Index>(tokens.size()),
                       .pooling = r.pattern.pooled};
  if (const Index first = r.sequences->pooled_begin(segment); first < r.sequences->pooled_begin(segment + 1)) {
    const Segment& last = r.sequences->segment(segment);
    layer.pooled = last.position + r.sequences->pooled()[static_cast<std::size_t>(first)] - last.begin;
  }
  layer.probabilities.resize(static_cast<std::size_t>(layer.heads * layer.queries * layer.keys));
  if (!r.gradient.empty()) layer.gradients.resize(layer.probabilities.size());
  const Index d = r.width / layer.heads;
  const double scale = 1 / std::sqrt(static_cast<double>(d));
  const auto dot = [&](const std::vector<double>& a, Index i, const std::vector<double>& b, Index j, Index head) {
    const std::size_t x = static_cast<std::size_t>(i * r.width + head * d),
                      y = static_cast<std::size_t>(j * r.width + head * d);
    double sum = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(d); ++c) sum += a[x + c] * b[y + c];
    return sum;
  };
  for (Index h = 0; h < layer.heads; ++h)
    for (Index i = 0; i < layer.queries; ++i) {
      const std::size_t row = layer.at(h, i, 0), query = static_cast<std::size_t>(i);
      const Index seen = r.pattern.causal ? places[query] + 1 : layer.keys;
      double most = -INFINITY, sum = 0;
      for (Index j = 0; j < seen; ++j) {
        const std::size_t key = static_cast<std::size_t>(j);
        layer.probabilities[row + key] = scale * dot(r.q, queries[query], r.k, tokens[key], h);
        most = std::max(most, layer.probabilities[row + key]);
        if (!layer.gradients.empty())
          layer.gradients[row + key] = dot(r.gradient, queries[query], r.v, tokens[key], h);  // dp = dy vᵀ
      }
      for (std::size_t j = row; j < row + static_cast<std::size_t>(seen); ++j)
        sum += layer.probabilities[j] = std::exp(layer.probabilities[j] - most);
      for (std::size_t j = row; j < row + static_cast<std::size_t>(seen); ++j) layer.probabilities[j] /= sum;
    }
  return layer;
}

}  // namespace detail

/// Makes the next backward pass of a tape keep the gradients that attention_layer() needs. Call it after the forward
/// pass.
template <Backend B>
void retain_attention(Tape<B>& tape) {
  tape.visit_nodes([](TapeNode<B>& node) { node.retained = node.retained || detail::is_attention(node.op); });
}

/// The number of ops of attention that a tape recorded.
template <Backend B>
Index count_attention(Tape<B>& tape) {
  Index count = 0;
  tape.visit_nodes([&](const TapeNode<B>& node) { count += detail::is_attention(node.op) ? 1 : 0; });
  return count;
}

/// Op number `layer` of attention, in order of execution, for the sequence that ends with `segment`: of n images,
/// segment i is image i. Gradients are there after retain_attention() and a backward pass, which gives them wherever
/// they are wanted (TapeOptions::every_row).
///   Tape tape{encoder.backend(), {.evaluation = true}};
///   encoder.encode_image(tape, image);
///   const AttentionLayer last = attention_layer(tape, count_attention(tape) - 1);
/// OptionError: no such layer or segment. A tape that recomputes blocks (TapeOptions::recompute) has not kept them.
template <Backend B>
AttentionLayer attention_layer(Tape<B>& tape, Index layer, Index segment = 0) {
  std::optional<AttentionLayer> found;
  Index number = 0;
  tape.visit_nodes([&](const TapeNode<B>& node) {
    if (!detail::is_attention(node.op) || number++ != layer) return;
    const detail::RecordedAttention recorded = detail::recorded_attention(tape.backend(), node);
    const Index segments = recorded.sequences->count();
    if (segment < 0 || segment >= segments)
      raise(OptionError{"attention_layer", "segment", "0 to " + std::to_string(segments - 1), segment});
    found = detail::attention_of_sequence(recorded, segment);
  });
  if (!found) raise(OptionError{"attention_layer", "layer", "0 to " + std::to_string(number - 1), layer});
  return *std::move(found);
}

}  // namespace clip::inline CLIP_ABI
