// tests/support/cuda_on_host.hpp: a CUDA device that is this host: kernels under the shim, memory in an arena.
#pragma once

#include <clip/backend/cuda/runtime.hpp>

#include "arena.hpp"

#include <cstddef>
#include <cstring>
#include <optional>

namespace clip::testing {

class HostDevice : public clip_cuda::Device {
 public:
  /// Memory that every host device of this process may still allocate; negative: no limit.
  static inline std::ptrdiff_t free_bytes = -1;
  /// A library of products that every host device of this process has; null: none.
  static inline bool (*products)(const clip_cuda::LibraryProduct&, clip_cuda::Failure&) = nullptr;

  void* allocate(std::size_t bytes, clip_cuda::Failure& failure) override {
    if (free_bytes >= 0 && bytes > static_cast<std::size_t>(free_bytes)) {
      failure.code = clip_cuda::Failure::memory;
      std::snprintf(failure.text, sizeof failure.text, "out of memory: %zu bytes asked for, %td free", bytes,
                    free_bytes);
      return nullptr;
    }
    return std::memset(arena_.allocate(bytes), 0, bytes);
  }
  void deallocate(void* data, std::size_t bytes) override {
    if (data != nullptr) arena_.deallocate(data, bytes);
  }
  void to_device(const void* host, void* device, std::size_t bytes, clip_cuda::Failure&) override {
    std::memcpy(device, host, bytes);
  }
  void to_host(const void* device, void* host, std::size_t bytes, clip_cuda::Failure&) override {
    std::memcpy(host, device, bytes);
  }
  void launched(const char*, clip_cuda::Failure&) override {}
  const char* describe() const override { return "kernels on the host"; }
  bool has_products() const override { return products != nullptr; }
  bool multiply(const clip_cuda::LibraryProduct& product, clip_cuda::Failure& failure) override {
    return products(product, failure);
  }
  void begin() override { visit_.emplace(arena_); }
  void end() override { visit_.reset(); }

 private:
  Arena arena_;
  std::optional<Arena::Visit> visit_;
};

}  // namespace clip::testing
