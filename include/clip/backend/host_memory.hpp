// clip/backend/host_memory.hpp: host memory of the CPU backends: large blocks are pages of the system.
#pragma once

#include <clip/backend/update_table.hpp>
#include <clip/core/view.hpp>

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>

namespace clip::inline CLIP_ABI {

/// Aligned host memory; upload and download convert between scalar types row by row.
template <class T>
struct HostMemory {
  static constexpr bool host_memory = true;
  static constexpr std::size_t alignment = 64;

  /// Zeros. Large blocks are pages of the system, which take no memory before they are written: a tower that is never
  /// loaded costs nothing.
  void* allocate(std::size_t bytes) {
    if (bytes < large) return std::memset(::operator new (bytes, std::align_val_t{alignment}), 0, bytes);
    void* const pages =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED)
      raise(SystemError{"memory", std::to_string(bytes) + " bytes cannot be allocated"}.with_id("clip.system.memory"));
    return pages;
  }
  void deallocate(void* p, std::size_t bytes) {
    if (bytes < large) ::operator delete (p, std::align_val_t{alignment});
    else ::munmap(p, bytes);
  }

  /// Returns the whole pages within a part of a large block to the system; they read as zeros afterwards.
  static void discard(void* p, std::size_t bytes) {
    const auto begin = (reinterpret_cast<std::uintptr_t>(p) + page - 1) / page * page,
               end = (reinterpret_cast<std::uintptr_t>(p) + bytes) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }

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

  StepNumbers read(const StepNumbers* numbers) { return *numbers; }

 private:
  static constexpr std::size_t large = std::size_t{1} << 20, page = 65536;  // a multiple of every system's page
};

}  // namespace clip::inline CLIP_ABI
