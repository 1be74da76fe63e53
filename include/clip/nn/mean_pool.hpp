// clip/nn/mean_pool.hpp: mean pooling over the pooled rows of each sequence.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/ops/segment_mean.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI {

/// y_s = (1/n_s) Σ x_i over the n_s pooled rows i of sequence s, in their order: the same bits in any batch.
/// x : (pooled rows, width), as Transformer::pooled returns them → (sequences, width). For sequences without parents.
template <class Cx, Index W>
Rows<Cx, W> mean_of_pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) {
  auto& segments = cx.template keep<std::vector<std::int32_t>>();
  segments.resize(static_cast<std::size_t>(x.rows()));
  for (Index s = 0; s < sequences.count(); ++s)
    std::fill(segments.begin() + sequences.pooled_begin(s), segments.begin() + sequences.pooled_begin(s + 1),
              static_cast<std::int32_t>(s));
  return segment_mean(cx, x, segments, sequences.count());
}

}  // namespace clip::inline CLIP_ABI
