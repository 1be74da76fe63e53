// clip/backend/cpu/threads/scratch.hpp: reusable scratch memory and its division into aligned arrays.
#pragma once

#include <clip/backend/cpu/threads/partition.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// One block of memory that grows to the largest size requested and is never shrunk.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)}, bytes_{std::exchange(other.bytes_, 0)} {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() { release(); }

  /// At least `count` values, aligned to 64 bytes, uninitialised; padded, so that packets may be read past the end.
  /// Without memory std::bad_alloc, and the scratch is empty.
  template <class T>
  T* get(Index count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T) + 256;
    if (bytes > bytes_) {
      release();  // before the new block is taken: both at once would need more memory
      data_ = ::operator new (bytes, std::align_val_t{64});
      bytes_ = bytes;
    }
    return static_cast<T*>(data_);
  }

 private:
  void release() {
    if (data_) ::operator delete (std::exchange(data_, nullptr), std::align_val_t{64});
    bytes_ = 0;
  }
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Divides one scratch block into arrays aligned to 64 bytes.
template <class T>
class ScratchArrays {
 public:
  explicit ScratchArrays(T* next) : next_{next} {}
  T* take(Index count) { return std::exchange(next_, next_ + size(count)); }
  /// Values that an array of `count` occupies, padding included.
  static constexpr Index size(Index count) {
    return round_up(count, 64 / static_cast<Index>(sizeof(T))) + 64 / static_cast<Index>(sizeof(T));
  }

 private:
  T* next_;
};

}  // namespace clip::inline CLIP_ABI::cpu
