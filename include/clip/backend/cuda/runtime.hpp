// clip/backend/cuda/runtime.hpp: interface of a device for launch functions: memory, copies, and scratch of a primitive.
#pragma once

#include <clip/backend/cuda/launch.hpp>
#include <clip/backend/cuda/library_product.hpp>
#include <clip/backend/cuda/tree.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace clip_cuda {

/// Memory that a primitive needs while it runs. After the first call of the largest primitive it is one block, and
/// nothing is allocated any more.
class Scratch {
 public:
  /// `bytes`, aligned to 256; null where allocate(bytes) gives null.
  template <class Allocate>
  void* take(std::size_t bytes, Allocate allocate) {
    bytes = (std::max<std::size_t>(bytes, 1) + 255) / 256 * 256;
    if (blocks_.empty() || blocks_.back().bytes - blocks_.back().used < bytes) {
      void* const data = allocate(bytes);
      if (data == nullptr) return nullptr;
      blocks_.push_back({static_cast<std::byte*>(data), bytes, 0});
    }
    Block& block = blocks_.back();
    return block.data + std::exchange(block.used, block.used + bytes);
  }

  /// Ends a primitive. Several blocks become one as large as all of them.
  template <class Allocate, class Release>
  void end(Allocate allocate, Release release) {
    if (blocks_.size() > 1) {
      std::size_t bytes = 0;
      for (const Block& block : blocks_) bytes += block.bytes;
      clear(release);
      if (void* const data = allocate(bytes)) blocks_.push_back({static_cast<std::byte*>(data), bytes, 0});
    }
    for (Block& block : blocks_) block.used = 0;
  }
  template <class Release>
  void clear(Release release) {
    for (const Block& block : blocks_) release(block.data, block.bytes);
    blocks_.clear();
  }

 private:
  struct Block {
    std::byte* data;
    std::size_t bytes, used;
  };
  std::vector<Block> blocks_;
};

/// A copy of host values that a device keeps from one primitive to the next.
struct KeptCopy {
  void* data = nullptr;
  std::size_t bytes = 0;
};
struct TreeOnDevice {
  TreeArrays arrays;
  KeptCopy copy;
};
/// The weights of an optimiser step, then their chunks (kernels/updates.cuh).
struct TableOnDevice {
  std::vector<std::byte> values;
  std::size_t bytes_of_weights = 0;
  Index chunks = 0;
  KeptCopy copy;
};

/// The last few of something, so that a training step, which alternates between two, finds both.
template <class X>
class Recent {
 public:
  /// The one that is(x), or the oldest, which is no longer it.
  template <class Is>
  X& find(const Is& is) {
    for (X& x : all_)
      if (is(x)) return x;
    return all_[std::exchange(oldest_, (oldest_ + 1) % count)];
  }
  X* begin() { return all_; }
  X* end() { return all_ + count; }

 private:
  static constexpr std::size_t count = 4;
  X all_[count];
  std::size_t oldest_ = 0;
};

/// A device. Its functions are called by one host thread at a time, in the order in which work is queued.
class Device {
 public:
  virtual ~Device() = default;

  virtual void* allocate(std::size_t bytes, Failure& failure) = 0;  // zeros; null with a failure
  virtual void deallocate(void* data, std::size_t bytes) = 0;       // once all that is queued is done
  virtual void to_device(const void* host, void* device, std::size_t bytes, Failure& failure) = 0;
  virtual void to_host(const void* device, void* host, std::size_t bytes, Failure& failure) = 0;  // waits
  virtual void launched(const char* primitive, Failure& failure) = 0;                             // after each kernel
  virtual void* stream() const { return nullptr; }
  virtual const char* describe() const = 0;
  /// Whether a library of the device computes products; and whether it has queued this one. Where it refuses, nothing
  /// has happened.
  virtual bool has_products() const { return false; }
  virtual bool multiply(const LibraryProduct&, Failure&) { return false; }
  /// Around every primitive.
  virtual void begin() {}
  virtual void end() {}

  std::mutex mutex;
  Scratch scratch;
  Recent<TreeOnDevice> trees;    // sequences of attention
  Recent<TableOnDevice> tables;  // weights of optimiser steps
  Counts counts;
};

}  // namespace clip_cuda
