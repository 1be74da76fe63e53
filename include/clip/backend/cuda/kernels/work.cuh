// clip/backend/cuda/kernels/work.cuh: one primitive while it is queued: its launches, its scratch, its first failure.
#pragma once

#include <clip/backend/cuda/kernels/values.cuh>
#include <clip/backend/cuda/runtime.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <type_traits>

namespace clip_cuda {
namespace kernels {

/// op(i, j) for every element, a thread each; rows of 32 columns.
template <class Op>
__global__ void each_element(Index rows, Index cols, Op op) {
  const Index width = static_cast<Index>(gridDim.x) * blockDim.x, height = static_cast<Index>(gridDim.y) * blockDim.y;
  for (Index i = static_cast<Index>(blockIdx.y) * blockDim.y + threadIdx.y; i < rows; i += height)
    for (Index j = static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x; j < cols; j += width) op(i, j);
}

/// op(i, lane) for every row, a warp each.
template <class Op>
__global__ void each_warp(Index rows, Op op) {
  const Index warp = (static_cast<Index>(blockIdx.x) * blockDim.x + threadIdx.x) / lanes;
  if (warp < rows) op(warp, static_cast<int>(threadIdx.x) % lanes);
}

}  // namespace kernels

/// Holds the device while a primitive is queued. After a failure nothing more is launched.
class Work {
 public:
  Work(Call& call, const char* primitive) : call_{call}, device_{*call.device}, lock_{device_.mutex}, name_{primitive} {
    device_.begin();
  }
  ~Work() {
    Failure none;  // without one block, the next primitive takes several again
    device_.scratch.end([&](std::size_t bytes) { return allocate(bytes, none); },
                        [&](void* data, std::size_t bytes) { device_.deallocate(data, bytes); });
    device_.end();
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool failed() const { return static_cast<bool>(call_.failure); }
  bool reduced() const { return call_.reduced; }
  Device& device() { return device_; }
  Failure& failure() { return call_.failure; }

  template <class... Parameters, class... Arguments>
  void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, const Arguments&... arguments) {
    if (failed() || grid.x == 0 || grid.y == 0 || grid.z == 0) return;
    CLIP_CUDA_LAUNCH(kernel, grid, block, device_.stream(), arguments...);
    ++device_.counts.launches;
    device_.launched(name_, call_.failure);
  }

  /// op(i, j) for every element of a matrix.
  template <class Op>
  void each(Index rows, Index cols, const Op& op) {
    constexpr Index down = 8;
    launch(kernels::each_element<Op>, dim3(blocks(cols, kernels::lanes, 65535), blocks(rows, down, 65535)),
           dim3(static_cast<unsigned>(kernels::lanes), static_cast<unsigned>(down)), rows, cols, op);
  }

  /// op(i, lane) for every row; all 32 lanes of its warp call it.
  template <class Op>
  void each_row(Index rows, const Op& op) {
    constexpr Index warps = 4;
    launch(kernels::each_warp<Op>, dim3(blocks(rows, warps)), dim3(static_cast<unsigned>(warps * kernels::lanes)), rows,
           op);
  }

  /// Whether a library of the device has computed a product: one launch.
  bool multiply(const LibraryProduct& product) {
    if (failed()) return true;
    if (!device_.multiply(product, call_.failure)) return failed();
    ++device_.counts.launches;
    device_.launched(name_, call_.failure);
    return true;
  }

  /// n values until the end of the primitive, uninitialised. Null after a failure.
  template <class T>
  T* room(Index n) {
    if (failed()) return nullptr;
    const auto more = [&](std::size_t bytes) { return allocate(bytes, call_.failure); };
    return static_cast<T*>(device_.scratch.take(static_cast<std::size_t>(n) * sizeof(T), more));
  }
  template <class T>
  kernels::View<T> room(Index rows, Index cols) {
    return {room<T>(rows * cols), rows, cols, cols};
  }

  /// A copy of n host values until the end of the primitive.
  template <class T>
  const T* copy(const T* host, Index n) {
    T* const data = room<T>(n);
    if (n > 0) to_device(host, data, static_cast<std::size_t>(n) * sizeof(T));
    return data;
  }
  const std::int32_t* copy(Ids ids) { return copy(ids.data, ids.count); }
  void to_device(const void* host, void* data, std::size_t bytes) {
    if (failed()) return;
    device_.to_device(host, data, bytes, call_.failure);
    ++device_.counts.uploads;
  }

  /// Replaces a kept copy.
  void keep(KeptCopy& copy, const void* host, std::size_t bytes) {
    if (bytes > copy.bytes) {
      if (copy.data != nullptr) device_.deallocate(copy.data, copy.bytes);
      copy.data = failed() ? nullptr : allocate(bytes, call_.failure);
      copy.bytes = copy.data == nullptr ? 0 : bytes;
    }
    if (bytes > 0) to_device(host, copy.data, bytes);
  }

  /// n values of the device, once all that was queued is done.
  template <class T>
  void read(const T* data, T* host, Index n) {
    if (failed() || n == 0) return;
    device_.to_host(data, host, static_cast<std::size_t>(n) * sizeof(T), call_.failure);
    ++device_.counts.downloads;
  }

  static unsigned blocks(Index n, Index each, Index most = 0x7FFFFFFF) {
    return static_cast<unsigned>(std::min((n + each - 1) / each, most));
  }

 private:
  void* allocate(std::size_t bytes, Failure& failure) {
    ++device_.counts.allocations;
    return device_.allocate(bytes, failure);
  }

  Call& call_;
  Device& device_;
  std::lock_guard<std::mutex> lock_;
  const char* name_;
};

}  // namespace clip_cuda
