// clip/nn/mean_pool.hpp: mean pooling over the pooled rows of each sequence.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/core/sequences.hpp>
#include <clip/ops/linear.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace clip::inline CLIP_ABI {

/// y_s = (1/n_s) Σ x_i over the n_s pooled rows i of sequence s: a product with a matrix of averages.
/// x : (pooled rows, width), as Transformer::pooled returns them → (sequences, width). For sequences without parents.
template <class Cx, Index W>
Rows<Cx, W> mean_of_pooled(Cx& cx, Rows<Cx, W> x, const Sequences& sequences) {
  using T = typename Cx::Scalar;
  const Index n = sequences.count(), rows = x.rows();
  auto& averages = cx.template keep<std::vector<T>>();
  averages.assign(static_cast<std::size_t>(n * rows), T(0));
  for (Index s = 0; s < n; ++s) {
    const Index begin = sequences.pooled_begin(s), end = sequences.pooled_begin(s + 1);
    std::fill_n(averages.begin() + s * rows + begin, end - begin, T(1) / static_cast<T>(end - begin));
  }
  const Rows<Cx, dyn> a = detail::borrow(cx, View<const T>{averages.data(), n, rows}, Size<dyn>{rows});
  return cx.apply(ProjectOp{}, n, Size<W>{x.cols()}, a, x);
}

}  // namespace clip::inline CLIP_ABI
