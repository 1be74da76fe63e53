// tests/support/cuda_controls.hpp: controls of the host that plays a CUDA device: order of threads, faults, memory.
#pragma once

#include <clip/backend/cuda/library_product.hpp>

#include <cstddef>

// Defined by the object whose kernels run on the host.
namespace clip_cuda_on_host {
void run_backwards(bool wanted);
void skip_barrier(int number);
std::ptrdiff_t& free_bytes();  // that may still be allocated; negative: no limit
using Products = bool (*)(const clip_cuda::LibraryProduct&, clip_cuda::Failure&);
Products& products();  // a library of the device; null: none
}  // namespace clip_cuda_on_host

namespace clip::testing {

class FiberOrder {
 public:
  explicit FiberOrder(bool backwards) { clip_cuda_on_host::run_backwards(backwards); }
  ~FiberOrder() { clip_cuda_on_host::run_backwards(false); }
  FiberOrder(const FiberOrder&) = delete;
  FiberOrder& operator=(const FiberOrder&) = delete;
};

/// While it lives, this barrier of every thread does nothing, counted from 0.
class MissingBarrier {
 public:
  explicit MissingBarrier(int number) { clip_cuda_on_host::skip_barrier(number); }
  ~MissingBarrier() { clip_cuda_on_host::skip_barrier(-1); }
  MissingBarrier(const MissingBarrier&) = delete;
  MissingBarrier& operator=(const MissingBarrier&) = delete;
};

}  // namespace clip::testing
