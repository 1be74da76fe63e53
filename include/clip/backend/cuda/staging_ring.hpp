// clip/backend/cuda/staging_ring.hpp: host values on their way to a device, through a ring of buffers that it can read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace clip_cuda {

/// A ring of equal parts. A copy is cut into parts; a part is used again once the device has read it. The caller's
/// memory has been read when copy() returns.
class StagingRing {
 public:
  StagingRing() = default;
  StagingRing(std::byte* memory, std::size_t parts, std::size_t part_bytes)
      : memory_{memory}, parts_{parts}, part_bytes_{part_bytes} {}

  /// wait(part) returns once the device has read a part; send(part, data, offset, bytes) queues its copy to `offset` of
  /// the target. Stops where one of them returns false.
  template <class Wait, class Send>
  bool copy(const void* host, std::size_t bytes, const Wait& wait, const Send& send) {
    for (std::size_t done = 0; done < bytes;) {
      const std::size_t n = std::min(bytes - done, part_bytes_);
      std::byte* const data = memory_ + next_ * part_bytes_;
      if (!wait(next_)) return false;
      std::memcpy(data, static_cast<const std::byte*>(host) + done, n);
      if (!send(next_, data, done, n)) return false;
      next_ = (next_ + 1) % parts_;
      done += n;
    }
    return true;
  }

 private:
  std::byte* memory_ = nullptr;
  std::size_t parts_ = 1, part_bytes_ = 1, next_ = 0;
};

}  // namespace clip_cuda
