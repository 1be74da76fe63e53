// clip/backend/cuda/kernels/attention_backward.cuh: gradients of attention: a warp per query, and a warp per key.
//
// With p = softmax, g_j = dy·v_j and D = dy·y:   ds_j = p_j (g_j - D) / √d;
//   dq += Σ_j ds_j k_j,   dk_j += Σ_i ds_ij q_i,   dv_j += Σ_i p_ij dy_i
// The queries that see a key are one range of rows: those of its segment and of all segments below. So every sum is
// gathered by its owner in one order, and nothing is added atomically.
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

template <class T>
__global__ void __launch_bounds__(attention_threads, 1)
    gradient_of_keys(AttentionGradient<T> a, Index warps, Acc<T> dk, Acc<T> dv) {
  CLIP_CUDA_SHARED(T, of_scores, attention_threads);
  CLIP_CUDA_SHARED(T, of_values, attention_threads);
  const int in_block = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const Index warp = static_cast<Index>(blockIdx.x) * attention_warps + in_block;
  if (warp >= warps) return;
  T* const ds = of_scores + in_block * lanes;
  T* const p = of_values + in_block * lanes;
  const Index row = warp / a.pattern.heads, d = a.k.cols / a.pattern.heads;
  const int head = static_cast<int>(warp % a.pattern.heads), segment = a.tree.segment_of_row[row];
  const Index at = head * d;
  Index begin = a.pattern.causal ? row : a.tree.begin[segment], end = a.tree.rows_end[segment];
  if (a.pattern.pooled) {
    begin = a.tree.pooled_begin[segment], end = a.tree.pooled_end[segment];
    while (a.pattern.causal && begin < end && a.tree.pooled[begin] < row) ++begin;
  }
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
      if (const Index c = c0 + s * lanes + lane; c < d) {
        if (dk) dk.add(row, at + c, of_k[s]);
        if (dv) dv.add(row, at + c, of_v[s]);
      }
  }
}

template <class T>
void attention_backward(Work& work, In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern,
                        In<T> y, In<T> saved, In<T> dy, Acc<T> dq, Acc<T> dk, Acc<T> dv) {
  const Tree tree = tree_of(work, sequences);
  const Index heads = pattern.heads, d = y.cols / heads;
  const Out<T> along = work.room<T>(y.rows, heads);
  work.each(y.rows, heads,
            [=] __device__(Index i, Index h) { along(i, h) = dot_of_row(dy.row(i) + h * d, y.row(i) + h * d, d); });
  const AttentionGradient<T> a{tree, pattern, q, k, v, saved, dy, along, 1 / std::sqrt(static_cast<T>(d))};
  const auto grid = [](Index warps) { return dim3(Work::blocks(warps, attention_warps)); };
  if (dq) work.launch(gradient_of_queries<T>, grid(y.rows * heads), dim3(attention_threads), a, y.rows * heads, dq);
  if (dk || dv)
    work.launch(gradient_of_keys<T>, grid(k.rows * heads), dim3(attention_threads), a, k.rows * heads, dk, dv);
}

}  // namespace clip_cuda::kernels
