// clip/backend/cuda/kernels/attention_backward.cuh: gradients of attention: a warp per query, and a warp per key.
//
// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
//   dq += Σ_j ds_j k_j,   dk_j += Σ_i ds_ij q_i,   dv_j += Σ_i p_ij dy_i
// The queries that see a key are one range of rows: those of its segment and of all segments below. So every sum is
// gathered by its owner in one order, and nothing is added atomically. A range that is longer than a chunk, as that of a
// prompt which all texts share, is gathered by a warp per chunk, and the chunks are added in their order.
#pragma once

#include <clip/backend/cuda/kernels/attention.cuh>

namespace clip_cuda::kernels {

/// What both directions read.
template <class T>
struct AttentionGradient {
  Tree tree;
  AttentionPattern pattern;
  In<T> q, k, v, saved, dy, along;  // along : (queries, heads) = D
  T scale;

  /// p and ds of query i and key j in a head.
  struct Share {
    T p, ds;
  };
  __device__ Share share(Index i, Index j, int head, Index at, Index d) const {
    const T p = exp(scale * dot_of_row(q.row(i) + at, k.row(j) + at, d) - saved(i, head));
    return {p, p * (dot_of_row(dy.row(i) + at, v.row(j) + at, d) - along(i, head)) * scale};
  }
};

template <class T>
__global__ void __launch_bounds__(attention_threads, 1)
    gradient_of_queries(AttentionGradient<T> a, Index warps, Acc<T> dq) {
  CLIP_CUDA_SHARED(T, weights, attention_threads);
  CLIP_CUDA_SHARED(int, key_rows, attention_threads);
  const int in_block = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const Index warp = static_cast<Index>(blockIdx.x) * attention_warps + in_block;
  if (warp >= warps) return;
  T* const weight = weights + in_block * lanes;
  int* const row = key_rows + in_block * lanes;
  const Query query{a.tree, a.pattern, warp, dq.cols};
  const Index i = query.row_of_q, at = query.at, d = query.d;
  for (Index c0 = 0; c0 < d; c0 += slots * lanes) {
    T sum[slots] = {};
    KeyRows next{a.tree, query.segment};
    for (int p0 = 0; p0 < query.keys; p0 += lanes) {
      const bool there = p0 + lane < query.keys;
      row[lane] = there ? next.at(p0 + lane) : 0;
      weight[lane] = there ? a.share(i, row[lane], query.head, at, d).ds : T(0);
      __syncwarp();
      for (int j = 0; j < lanes && p0 + j < query.keys; ++j)
        for (int s = 0; s < slots; ++s)
          if (const Index c = c0 + s * lanes + lane; c < d) sum[s] += weight[j] * a.k(row[j], at + c);
      __syncwarp();
    }
    for (int s = 0; s < slots; ++s)
      if (const Index c = c0 + s * lanes + lane; c < d) dq.add(i, at + c, sum[s]);
  }
}

/// Where the sums of a warp go: chunk 0 of a row to the gradients, another one to a row of partial sums.
template <class T>
struct KeyGradients {
  Acc<T> dk, dv;
  Out<T> partial_k, partial_v;  // (far chunks, width)

  __device__ void add(bool far, Index i, Index row, Index col, T of_k, T of_v) const {
    if (far) {
      partial_k(i, col) = of_k;
      partial_v(i, col) = of_v;
      return;
    }
    if (dk) dk.add(row, col, of_k);
    if (dv) dv.add(row, col, of_v);
  }
};

/// A warp per row and head, or per chunk after the first and head.
template <class T, bool far>
__global__ void __launch_bounds__(attention_threads, 1)
    gradient_of_keys(AttentionGradient<T> a, Index warps, KeyGradients<T> gradients) {
  CLIP_CUDA_SHARED(T, of_scores, attention_threads);
  CLIP_CUDA_SHARED(T, of_values, attention_threads);
  const int in_block = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const Index warp = static_cast<Index>(blockIdx.x) * attention_warps + in_block;
  if (warp >= warps) return;
  T* const ds = of_scores + in_block * lanes;
  T* const p = of_values + in_block * lanes;
  const Index item = warp / a.pattern.heads, row = far ? a.tree.far_row[item] : item, d = a.k.cols / a.pattern.heads;
  const int head = static_cast<int>(warp % a.pattern.heads), segment = a.tree.segment_of_row[row];
  const Index at = head * d;
  Index begin = a.pattern.causal ? row : a.tree.begin[segment], end = a.tree.rows_end[segment];
  if (a.pattern.pooled) {
    begin = a.tree.pooled_begin[segment], end = a.tree.pooled_end[segment];
    while (a.pattern.causal && begin < end && a.tree.pooled[begin] < row) ++begin;
  }
  if constexpr (far) begin += a.tree.far_chunk[item] * TreeArrays::chunk;
  if (end > begin + TreeArrays::chunk) end = begin + TreeArrays::chunk;
  for (Index c0 = 0; c0 < d; c0 += slots * lanes) {
    T of_k[slots] = {}, of_v[slots] = {};
    for (Index i0 = begin; i0 < end; i0 += lanes) {
      typename AttentionGradient<T>::Share share{};
      if (i0 + lane < end) share = a.share(i0 + lane, row, head, at, d);
      ds[lane] = share.ds;
      p[lane] = share.p;
      __syncwarp();
      for (int j = 0; j < lanes && i0 + j < end; ++j)
        for (int s = 0; s < slots; ++s)
          if (const Index c = c0 + s * lanes + lane; c < d) {
            of_k[s] += ds[j] * a.q(i0 + j, at + c);
            of_v[s] += p[j] * a.dy(i0 + j, at + c);
          }
      __syncwarp();
    }
    for (int s = 0; s < slots; ++s)
      if (const Index c = c0 + s * lanes + lane; c < d) gradients.add(far, item, row, at + c, of_k[s], of_v[s]);
  }
}

/// The chunks after the first of every row, in their order.
template <class T>
void add_far_chunks(Work& work, const Tree& tree, const KeyGradients<T>& gradients, Index rows, Index width) {
  work.each(rows, width, [=] __device__(Index row, Index col) {
    for (int i = tree.far_begin[row]; i < tree.far_begin[row + 1]; ++i) {
      if (gradients.dk) gradients.dk(row, col) += gradients.partial_k(i, col);
      if (gradients.dv) gradients.dv(row, col) += gradients.partial_v(i, col);
    }
  });
}

template <class T>
void attention_backward(Work& work, In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern,
                        In<T> y, In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv) {
  const TreeOfCall of = tree_of(work, sequences);
  const Index heads = pattern.heads, d = y.cols / heads;
  const Out<T> along = work.room<T>(y.rows, heads);
  work.each(y.rows, heads,
            [=] __device__(Index i, Index h) { along(i, h) = dot_of_row(dy.row(i) + h * d, y.row(i) + h * d, d); });
  if constexpr (std::is_same_v<T, float>)
    if (const auto s = equal_sequences<T>(work, of, sequences, pattern, y.cols); s.count > 0)
      if (flash_attention_backward(work, s, q, k, v, saved, along, dy, dq, dk, dv)) return;
  const AttentionGradient<T> a{of.tree, pattern, q, k, v, saved, dy, along, 1 / std::sqrt(static_cast<T>(d))};
  const auto launch = [&](auto kernel, Index items, const auto& target) {
    work.launch(kernel, dim3(Work::blocks(items * heads, attention_warps)), dim3(attention_threads), a, items * heads,
                target);
  };
  if (dq) launch(gradient_of_queries<T>, y.rows, dq);
  if (!dk && !dv) return;
  KeyGradients<T> gradients{dk, dv, {}, {}};
  launch(gradient_of_keys<T, false>, k.rows, gradients);
  if (of.far_chunks == 0) return;
  gradients.partial_k = work.room<T>(of.far_chunks, k.cols);
  gradients.partial_v = work.room<T>(of.far_chunks, k.cols);
  launch(gradient_of_keys<T, true>, of.far_chunks, gradients);
  add_far_chunks<T>(work, of.tree, gradients, k.rows, k.cols);
}

}  // namespace clip_cuda::kernels
