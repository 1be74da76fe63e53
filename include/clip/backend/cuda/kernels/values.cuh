// clip/backend/cuda/kernels/values.cuh: matrices as kernels read and write them, and sums over the lanes of a warp.
#pragma once

#include <clip/backend/cuda/kernels/language.cuh>

#include <type_traits>

namespace clip_cuda::kernels {

template <class T>
struct View {
  T* data = nullptr;
  Index rows = 0, cols = 0, stride = 0;

  __host__ __device__ View() {}
  __host__ __device__ View(T* data_, Index rows_, Index cols_, Index stride_)
      : data{data_}, rows{rows_}, cols{cols_}, stride{stride_} {}
  template <class U>
    requires std::is_same_v<const U, T> __host__ __device__ View(const View<U>& other)
        : View{other.data, other.rows, other.cols, other.stride} {}

    __host__ __device__ explicit operator bool() const { return data != nullptr; }
    __device__ T* row(Index i) const { return data + i * stride; }
    __device__ T& operator()(Index i, Index j) const { return data[i * stride + j]; }
};

template <class T>
using In = View<const T>;
template <class T>
using Out = View<T>;

/// A target that is added to; while it is fresh it is written.
template <class T>
struct Acc : View<T> {
  bool fresh = false;

  __device__ void add(Index i, Index j, T value) const {
    T& target = (*this)(i, j);
    target = fresh ? value : target + value;
  }
};

inline constexpr int lanes = 32;
inline constexpr unsigned all_lanes = 0xFFFFFFFFu;

/// The sum of the values of a warp, in every lane, in one order.
template <class V>
__device__ V warp_sum(V value) {
  for (int distance = lanes / 2; distance > 0; distance /= 2) value += __shfl_xor_sync(all_lanes, value, distance);
  return value;
}

/// The largest value of a warp, in every lane. NaN counts as nothing.
template <class V>
__device__ V warp_max(V value) {
  for (int distance = lanes / 2; distance > 0; distance /= 2) {
    const V other = __shfl_xor_sync(all_lanes, value, distance);
    value = other > value || value != value ? other : value;
  }
  return value;
}

}  // namespace clip_cuda::kernels
