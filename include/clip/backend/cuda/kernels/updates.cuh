// clip/backend/cuda/kernels/updates.cuh: one optimiser step for all weights of a table, in a fixed number of launches.
#pragma once

#include <clip/backend/cuda/kernels/sums.cuh>
#include <clip/backend/update_table.hpp>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

namespace clip_cuda::kernels {

inline constexpr int update_threads = 256;
inline constexpr Index chunk_length = 4096;

/// A part of a weight: a block's work.
struct Chunk {
  Index weight, begin;
};

/// A table in device memory.
struct Chunks {
  const WeightUpdate* weights;
  const Chunk* chunks;
  Index count;
};

/// op(weight, element) for every element of the table.
template <class Op>
__global__ void __launch_bounds__(update_threads) each_update(Chunks table, Op op) {
  const Chunk chunk = table.chunks[blockIdx.x];
  const WeightUpdate& w = table.weights[chunk.weight];
  const Index count = w.value.rows * w.value.cols;
  const Index end = chunk.begin + chunk_length < count ? chunk.begin + chunk_length : count;
  for (Index e = chunk.begin + threadIdx.x; e < end; e += update_threads) op(w, e);
}

/// partial(c) = Σ g² of chunk c, in double
template <class T>
__global__ void __launch_bounds__(update_threads) squares_of_chunks(Chunks table, double* partial) {
  CLIP_CUDA_SHARED(double, room, update_threads / lanes);
  const Chunk chunk = table.chunks[blockIdx.x];
  const WeightUpdate& w = table.weights[chunk.weight];
  const T* const gradient = static_cast<const T*>(w.gradient.data);
  const Index count = w.value.rows * w.value.cols;
  const Index end = chunk.begin + chunk_length < count ? chunk.begin + chunk_length : count;
  double sum = 0;
  for (Index e = chunk.begin + threadIdx.x; e < end; e += update_threads) {
    const double g = static_cast<double>(gradient[e]);
    sum += g * g;
  }
  sum = warp_sum(sum);
  if (threadIdx.x % lanes == 0) room[threadIdx.x / lanes] = sum;
  __syncthreads();
  if (threadIdx.x != 0) return;
  sum = 0;
  for (int warp = 0; warp < update_threads / lanes; ++warp) sum += room[warp];
  partial[blockIdx.x] = sum;
}

/// The table on the device; those of the last steps are there already.
inline Chunks chunks_of(Work& work, const WeightUpdates& updates) {
  const auto* const rows = static_cast<const std::byte*>(updates.weights);
  const std::size_t bytes_of_weights = static_cast<std::size_t>(updates.count) * sizeof(WeightUpdate);
  const auto same = [&](const TableOnDevice& t) {
    return t.bytes_of_weights == bytes_of_weights && bytes_of_weights > 0 &&
           std::memcmp(t.values.data(), rows, bytes_of_weights) == 0;
  };
  TableOnDevice& table = work.device().tables.find(same);
  if (!same(table)) {
    table.values.assign(rows, rows + bytes_of_weights);
    table.bytes_of_weights = bytes_of_weights;
    table.chunks = 0;
    for (Index w = 0; w < updates.count; ++w) {
      WeightUpdate weight;
      std::memcpy(&weight, rows + static_cast<std::size_t>(w) * sizeof weight, sizeof weight);
      for (Index begin = 0; begin < weight.value.rows * weight.value.cols; begin += chunk_length, ++table.chunks) {
        const Chunk chunk{w, begin};
        const auto* const bytes = reinterpret_cast<const std::byte*>(&chunk);
        table.values.insert(table.values.end(), bytes, bytes + sizeof chunk);
      }
    }
    work.keep(table.copy, table.values.data(), table.values.size());
    if (work.failed()) table.bytes_of_weights = 0;
  }
  const auto* const data = static_cast<const std::byte*>(table.copy.data);
  return {reinterpret_cast<const WeightUpdate*>(data), reinterpret_cast<const Chunk*>(data + table.bytes_of_weights),
          table.chunks};
}

/// *numbers = StepNumbers::of(loss, Σ g², most)
template <class T>
void measure(Work& work, const WeightUpdates& updates, In<T> loss, double most, StepNumbers* numbers) {
  const Chunks table = chunks_of(work, updates);
  double* const partial = work.room<double>(table.count);
  work.launch(squares_of_chunks<T>, dim3(static_cast<unsigned>(table.count)), dim3(update_threads), table, partial);
  sum_all<double>(
      work, 1, table.count, [=] __device__(Index, Index c) { return partial[c]; },
      [=] __device__(double squares) {
        const auto of = clip::StepNumbers::of(loss ? static_cast<double>(loss(0, 0)) : 0.0, squares, most);
        *numbers = {of.loss, of.norm, of.factor};
      });
}

/// The factor on gradients; 0 where the update does not take place.
__device__ inline double factor_of(const StepNumbers* numbers) {
  if (numbers == nullptr) return 1;
  return clip::StepNumbers{numbers->loss, numbers->norm, numbers->factor}.finite() ? numbers->factor : 0;
}

template <class T>
__device__ T clamped(const WeightUpdate& w, T x) {
  const T low = static_cast<T>(w.low), high = static_cast<T>(w.high);
  return x < low ? low : high < x ? high : x;
}

/// The constants are formed in double and rounded once.
template <class T>
void adamw(Work& work, const WeightUpdates& updates, const AdamwStep& s, const StepNumbers* numbers) {
  const Chunks table = chunks_of(work, updates);
  const T root = static_cast<T>(std::sqrt(s.correction2)), epsilon = static_cast<T>(s.epsilon);
  const T b1 = static_cast<T>(s.beta1), c1 = static_cast<T>(1 - s.beta1), b2 = static_cast<T>(s.beta2),
          c2 = static_cast<T>(1 - s.beta2);
  const double learning_rate = s.learning_rate, correction1 = s.correction1;
  const auto update = [=] __device__(const WeightUpdate& w, Index e) {
    const double factor = factor_of(numbers), rate = learning_rate * w.rate;
    if (factor == 0) return;
    const T keep = static_cast<T>(1 - rate * w.weight_decay), step = static_cast<T>(rate / correction1);
    T &p = static_cast<T*>(w.value.data)[e], &m = static_cast<T*>(w.first.data)[e],
      &v = static_cast<T*>(w.second.data)[e];
    const T g = static_cast<T>(factor) * static_cast<const T*>(w.gradient.data)[e];
    m = b1 * m + c1 * g;
    v = b2 * v + c2 * g * g;
    p = clamped(w, keep * p - step * m / (sqrt(v) / root + epsilon));
  };
  work.launch(each_update<decltype(update)>, dim3(static_cast<unsigned>(table.count)), dim3(update_threads), table,
              update);
}

template <class T>
void sgd(Work& work, const WeightUpdates& updates, const SgdStep& s, const StepNumbers* numbers) {
  const Chunks table = chunks_of(work, updates);
  const T momentum = s.first ? T(0) : static_cast<T>(s.momentum);
  const double learning_rate = s.learning_rate;
  const auto update = [=] __device__(const WeightUpdate& w, Index e) {
    const double factor = factor_of(numbers);
    if (factor == 0) return;
    const T decay = static_cast<T>(w.weight_decay), rate = static_cast<T>(learning_rate * w.rate);
    T &p = static_cast<T*>(w.value.data)[e], &velocity = static_cast<T*>(w.first.data)[e];
    const T g = static_cast<T>(factor) * static_cast<const T*>(w.gradient.data)[e];
    velocity = momentum * velocity + g + decay * p;
    p = clamped(w, p - rate * velocity);
  };
  work.launch(each_update<decltype(update)>, dim3(static_cast<unsigned>(table.count)), dim3(update_threads), table,
              update);
}

}  // namespace clip_cuda::kernels
