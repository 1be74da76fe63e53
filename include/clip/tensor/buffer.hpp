// clip/tensor/buffer.hpp: owning buffer of backend memory.
#pragma once

#include <clip/backend/concept.hpp>

#include <cstddef>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Owns memory for `count` values from a backend, and a handle to that backend. Move-only.
template <Backend B>
class Buffer {
 public:
  using T = typename B::Scalar;

  Buffer() = default;
  Buffer(B backend, Index count)
      : backend_{std::move(backend)}, data_{static_cast<T*>(backend_.allocate(bytes(count)))}, count_{count} {}
  Buffer(Buffer&& other) noexcept
      : backend_{std::move(other.backend_)}, data_{std::exchange(other.data_, nullptr)}, count_{std::exchange(
                                                                                             other.count_, 0)} {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(backend_, other.backend_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
  }
  ~Buffer() {
    if (data_) backend_.deallocate(data_, bytes(count_));
  }

  T* data() const { return data_; }
  Index count() const { return count_; }
  View<T> view() const { return {data_, 1, count_}; }

 private:
  static std::size_t bytes(Index count) { return static_cast<std::size_t>(count > 0 ? count : 1) * sizeof(T); }

  B backend_{};
  T* data_ = nullptr;
  Index count_ = 0;
};

/// Rounds a count up so that the next matrix begins at a multiple of 64 bytes.
template <class T>
constexpr Index aligned_count(Index count) {
  constexpr Index step = static_cast<Index>(64 / sizeof(T));
  return (count + step - 1) / step * step;
}

}  // namespace clip::inline CLIP_ABI
