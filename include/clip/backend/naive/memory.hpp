// clip/backend/naive/memory.hpp: memory of the host, shared by every backend that computes there.
#pragma once

#include <clip/core/view.hpp>

#include <cstddef>
#include <new>
#include <span>

namespace clip::inline CLIP_ABI {

/// Aligned host memory; upload and download convert between scalar types row by row.
template <class T>
struct HostMemory {
  static constexpr bool host_memory = true;
  static constexpr std::size_t alignment = 64;

  void* allocate(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{alignment}); }
  void deallocate(void* p, std::size_t) { ::operator delete (p, std::align_val_t{alignment}); }

  template <class S>
  void upload(std::span<const S> host, View<T> y) {
    auto from = host.begin();
    for (Index i = 0; i < y.rows; ++i)
      for (Index j = 0; j < y.cols; ++j) y(i, j) = static_cast<T>(*from++);
  }

  template <class S>
  void download(In<T> x, std::span<S> host) {
    auto to = host.begin();
    for (Index i = 0; i < x.rows; ++i)
      for (Index j = 0; j < x.cols; ++j) *to++ = static_cast<S>(x(i, j));
  }
};

}  // namespace clip::inline CLIP_ABI
