// clip/backend/cuda/kernels/attention.cuh: attention of any sequences: a warp per query and head over its keys.
//
// The keys of a query are the rows of its own segment and of those above it, in the order of their positions. A warp
// takes 32 keys at a time, a lane each; then every lane adds their values for columns of its own. The order depends on
// the number of keys alone, not on which segments hold them. Equal sequences that see all of themselves take tensor
// cores (flash.cuh) where products may round their sides.
#pragma once

#include <clip/backend/cuda/kernels/flash.cuh>
#include <clip/backend/cuda/kernels/work.cuh>

#include <cmath>
#include <type_traits>

namespace clip_cuda::kernels {

inline constexpr int attention_warps = 4, attention_threads = attention_warps * lanes;
inline constexpr int slots = 4;  // columns of a lane in one pass: heads of up to 128 columns take one

/// The rows of the keys of a segment by their positions. A lane asks for ascending positions.
struct KeyRows {
  const std::int32_t *row, *position;
  int range, ranges;

  __device__ KeyRows(const Tree& tree, int segment)
      : row{tree.range_row}, position{tree.range_position}, range{tree.ranges[segment]},
        ranges{tree.ranges[segment + 1]} {}
  __device__ int at(int p) {
    while (range + 1 < ranges && p >= position[range + 1]) ++range;
    return row[range] + p - position[range];
  }
};
/// `begin`, begin + 1, …
struct ConsecutiveRows {
  int begin;
  __device__ int at(int p) const { return begin + p; }
};

/// Room of one warp: the weight of 32 keys, and their rows.
template <class T>
struct WarpRoom {
  T* weight;
  int* row;
};

template <class T>
__device__ T dot_of_row(const T* a, const T* b, Index n) {
  T sum = 0;
  for (Index c = 0; c < n; ++c) sum += a[c] * b[c];
  return sum;
}

/// y = softmax(scale q kᵀ) v for one query of d columns, whose head begins at column `at` of k and v. Returns
/// log Σ exp. All lanes of a warp call it.
template <class T, class KeyRowsType>
__device__ T attend(const T* q, const In<T>& k, const In<T>& v, Index at, Index d, T scale, int keys, KeyRowsType rows,
                    WarpRoom<T> room, int lane, T* y) {
  T most = -INFINITY, total = 0;
  for (Index c0 = 0; c0 < d; c0 += slots * lanes) {
    T sum[slots] = {}, of_lane = 0;
    most = -INFINITY;
    KeyRowsType next = rows;
    for (int p0 = 0; p0 < keys; p0 += lanes) {
      const int p = p0 + lane, row = p < keys ? next.at(p) : 0;
      const T score = p < keys ? scale * dot_of_row(q, k.row(row) + at, d) : T(-INFINITY);
      const T largest = warp_max(score > most || most != most ? score : most), keep = exp(most - largest);
      const T weight = p < keys ? exp(score - largest) : T(0);
      most = largest;
      of_lane = of_lane * keep + weight;
      room.weight[lane] = weight;
      room.row[lane] = row;
      __syncwarp();
      for (int s = 0; s < slots; ++s) sum[s] *= keep;
      for (int j = 0; j < lanes && p0 + j < keys; ++j) {
        const T* const value = v.row(room.row[j]) + at;
        for (int s = 0; s < slots; ++s)
          if (const Index c = c0 + s * lanes + lane; c < d) sum[s] += room.weight[j] * value[c];
      }
      __syncwarp();
    }
    total = warp_sum(of_lane);
    for (int s = 0; s < slots; ++s)
      if (const Index c = c0 + s * lanes + lane; c < d) y[c] = sum[s] / total;
  }
  return most + log(total);
}

/// Which query of which head a warp computes, and its keys.
struct Query {
  Index row_of_q, at, d;
  int head, segment, keys;

  __device__ Query(const Tree& tree, AttentionPattern pattern, Index warp, Index width)
      : row_of_q{warp / pattern.heads}, d{width / pattern.heads} {
    head = static_cast<int>(warp % pattern.heads);
    at = head * d;
    const int row = pattern.pooled ? tree.pooled[row_of_q] : static_cast<int>(row_of_q);
    segment = tree.segment_of_row[row];
    keys = pattern.causal ? tree.position[segment] + row - tree.begin[segment] + 1 : tree.reach[segment];
  }
};

template <class T>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_of_queries(Tree tree, AttentionPattern pattern, Index warps, In<T> q, In<T> k, In<T> v, T scale, Out<T> y,
                         Out<T> saved) {
  CLIP_CUDA_SHARED(T, weight, attention_threads);
  CLIP_CUDA_SHARED(int, row, attention_threads);
  const int in_block = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const Index warp = static_cast<Index>(blockIdx.x) * attention_warps + in_block;
  if (warp >= warps) return;
  const Query query{tree, pattern, warp, y.cols};
  const T log_sum =
      attend(q.row(query.row_of_q) + query.at, k, v, query.at, query.d, scale, query.keys, KeyRows{tree, query.segment},
             WarpRoom<T>{weight + in_block * lanes, row + in_block * lanes}, lane, y.row(query.row_of_q) + query.at);
  if (saved && lane == 0) saved(query.row_of_q, query.head) = log_sum;
}

/// Sequences on the device, and what the host knows of them.
struct TreeOfCall {
  Tree tree;
  Index far_chunks = 0, equal_length = 0;
};

/// Those of the last calls are there already.
inline TreeOfCall tree_of(Work& work, const Sequences& sequences) {
  TreeOnDevice& tree = work.device().trees.find([&](const TreeOnDevice& t) { return t.arrays.built_from(sequences); });
  if (!tree.arrays.built_from(sequences)) {
    tree.arrays.assign(sequences);
    const auto& values = tree.arrays.values();
    work.keep(tree.copy, values.data(), values.size() * sizeof(std::int32_t));
    if (work.failed()) tree.arrays.clear();
  }
  if (work.failed()) return {};
  return {tree.arrays.at(static_cast<const std::int32_t*>(tree.copy.data)), tree.arrays.far_chunks(),
          tree.arrays.equal_length()};
}

/// The sequences as tensor cores take them; count 0 where they do not.
template <class T>
EqualSequences equal_sequences(const Work& work, const TreeOfCall& of, const Sequences& sequences,
                               AttentionPattern pattern, Index width) {
  const bool taken = std::is_same_v<T, float> && work.reduced() && !pattern.causal && !pattern.pooled &&
                     of.equal_length > 0 && !work.failed();
  return {taken ? sequences.count : 0, static_cast<int>(of.equal_length), static_cast<int>(pattern.heads),
          static_cast<int>(width / pattern.heads)};
}

/// y = softmax(q kᵀ/√d) v per head, saved : (rows of q, heads) = log Σ exp
template <class T>
void attention(Work& work, In<T> q, In<T> k, In<T> v, const Sequences& sequences, AttentionPattern pattern, Out<T> y,
               Out<T> saved) {
  const TreeOfCall of = tree_of(work, sequences);
  if constexpr (std::is_same_v<T, float>)
    if (const auto s = equal_sequences<T>(work, of, sequences, pattern, y.cols); s.count > 0)
      if (flash_attention(work, s, q, k, v, y, saved)) return;
  const Index warps = y.rows * pattern.heads;
  const T scale = 1 / std::sqrt(static_cast<T>(y.cols / pattern.heads));
  work.launch(attention_of_queries<T>, dim3(Work::blocks(warps, attention_warps)), dim3(attention_threads), of.tree,
              pattern, warps, q, k, v, scale, y, saved);
}

/// A warp per image and head: keys and values are the t rows of the image; u : (n heads, k)
template <class T>
__global__ void __launch_bounds__(attention_threads, 1)
    attention_of_one_query(Index warps, Index heads, int t, In<T> u, In<T> x, Out<T> y) {
  CLIP_CUDA_SHARED(T, weight, attention_threads);
  CLIP_CUDA_SHARED(int, row, attention_threads);
  const int in_block = static_cast<int>(threadIdx.x) / lanes, lane = static_cast<int>(threadIdx.x) % lanes;
  const Index warp = static_cast<Index>(blockIdx.x) * attention_warps + in_block;
  if (warp >= warps) return;
  attend(u.row(warp), x, x, 0, x.cols, T(1), t, ConsecutiveRows{static_cast<int>(warp / heads) * t},
         WarpRoom<T>{weight + in_block * lanes, row + in_block * lanes}, lane,
         y.row(warp / heads) + warp % heads * x.cols);
}

/// Per head: u = q_h w_h / √d,   y_h = Σ_j softmax_j(u · x_j) x_j
template <class T>
void query_attention(Work& work, In<T> q, In<T> x, In<T> w, Index heads, Out<T> y) {
  if (q.rows == 0) return;
  const Index d = q.cols / heads;
  const T scale = 1 / std::sqrt(static_cast<T>(d));
  const Out<T> u = work.room<T>(q.rows * heads, x.cols);
  work.each(u.rows, u.cols, [=] __device__(Index r, Index c) {
    T sum = 0;
    for (Index j = 0; j < d; ++j) sum += q(r / heads, r % heads * d + j) * w(r % heads * d + j, c);
    u(r, c) = scale * sum;
  });
  work.launch(attention_of_one_query<T>, dim3(Work::blocks(u.rows, attention_warps)), dim3(attention_threads), u.rows,
              heads, static_cast<int>(x.rows / q.rows), In<T>{u}, x, y);
}

}  // namespace clip_cuda::kernels
