// tests/support/cuda_shim.hpp: CUDA's words for kernels that a host compiler compiles: a block's threads are fibers.
//
// Blocks run one after the other on the calling thread, and so do the threads of a block: each runs until it waits at a
// barrier or in an exchange of its warp. A run is deterministic. Shared memory is filled with NaN before every block.
// A missing barrier shows in one of the two orders of fibers (`backwards`). Threads that wait for each other at
// different places end the program. Not seen: races that no such order shows, misaligned wide loads, bank conflicts,
// speed.
#pragma once

#include <math.h>  // exp(float) and the like, unqualified

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define CLIP_SHIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CLIP_SHIM_ASAN 1
#endif
#endif
#if defined(CLIP_SHIM_ASAN)
#include <sanitizer/common_interface_defs.h>
#endif

#define CLIP_CUDA_ON_HOST 1
#define __global__
#define __device__
#define __host__
#define __launch_bounds__(...)
#define CLIP_CUDA_LAUNCH(kernel, grid, block, stream, ...) \
  (static_cast<void>(stream), ::clip_cuda_on_host::launch(kernel, grid, block, __VA_ARGS__))
#define CLIP_CUDA_SHARED(type, name, count)         \
  alignas(16) static thread_local type name[count]; \
  ::clip_cuda_on_host::poison(static_cast<void*>(name), sizeof name)

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x{x_}, y{y_}, z{z_} {}
};

namespace clip_cuda_on_host {

inline bool backwards = false;    // fibers and blocks run from the last to the first
inline int skipped_barrier = -1;  // a planted fault: this barrier of every thread, counted from 0, does nothing

inline constexpr unsigned warp_size = 32;
inline constexpr std::size_t stack_bytes = std::size_t{64} << 10;

#if defined(__x86_64__)
/// Saves the registers that a callee keeps, changes stacks, and restores those of the other side.
extern "C" void clip_shim_switch(void** from, void* to);
asm(R"(
.text
.weak clip_shim_switch
.type clip_shim_switch,@function
clip_shim_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size clip_shim_switch,.-clip_shim_switch
)");
#endif

/// A place where all threads of a group that still run wait for each other.
struct Meeting {
  unsigned arrived = 0, alive = 0;
  std::uint64_t turn = 0;
};

/// A stack and where its run stopped.
struct Fiber {
  std::unique_ptr<std::byte[]> stack;
  dim3 thread;
  int barriers = 0;  // met so far
  bool done = true;
#if defined(__x86_64__)
  void* stopped = nullptr;
#else
  ucontext_t stopped;
#endif
  void* fake_stack = nullptr;
};

/// The block that runs on this host thread.
class Block {
 public:
  dim3 grid, dim, index;

  template <class Kernel>
  void run(dim3 grid_, dim3 dim_, const Kernel& kernel) {
    grid = grid_, dim = dim_;
    kernel_ = kernel;
    const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
    for (std::uint64_t i = 0; i < blocks; ++i) {
      const std::uint64_t b = backwards ? blocks - 1 - i : i;
      index = dim3(static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                   static_cast<unsigned>(b / grid.x / grid.y));
      run_block();
    }
  }

  const dim3& thread() const { return fibers_[current_].thread; }
  unsigned lane() const { return static_cast<unsigned>(current_ % warp_size); }
  void barrier_of_block() {
    if (fibers_[current_].barriers++ != skipped_barrier) meet(all_);
  }
  void barrier_of_warp() {
    if (fibers_[current_].barriers++ != skipped_barrier) meet(warps_[current_ / warp_size].meeting);
  }

  /// What every lane of the warp says, once all that run have: valid until the lane's next meeting.
  template <class V>
  const V* exchange(const V& value) {
    static_assert(sizeof(V) <= slot_bytes && std::is_trivially_copyable_v<V>);
    Warp& warp = warps_[current_ / warp_size];
    auto* const slots = reinterpret_cast<V*>(warp.values[warp.meeting.turn % 2]);
    std::memcpy(&slots[lane()], &value, sizeof value);
    meet(warp.meeting);
    return slots;
  }

  /// Fills shared memory with NaN (every bit set) for the first thread of a block that declares it.
  void poison(void* data, std::size_t bytes) {
    for (const void* known : shared_)
      if (known == data) return;
    shared_.push_back(data);
    std::memset(data, 0xFF, bytes);
  }

 private:
  static constexpr std::size_t slot_bytes = 32;
  struct Warp {
    alignas(16) std::byte values[2][warp_size * slot_bytes];  // of two turns: a lane may be one ahead of another
    Meeting meeting;
  };

  void run_block() {
    const std::size_t n = std::size_t{dim.x} * dim.y * dim.z;
    if (fibers_.size() < n) fibers_.resize(n);
    warps_.assign((n + warp_size - 1) / warp_size, {});
    shared_.clear();
    all_ = {0, static_cast<unsigned>(n), 0};
    for (std::size_t t = 0; t < n; ++t) {
      prepare(fibers_[t]);
      fibers_[t].thread = dim3(static_cast<unsigned>(t % dim.x), static_cast<unsigned>(t / dim.x % dim.y),
                               static_cast<unsigned>(t / dim.x / dim.y));
      ++warps_[t / warp_size].meeting.alive;
    }
    while (all_.alive > 0) {
      const std::uint64_t before = progress_;
      for (std::size_t i = 0; i < n; ++i) {
        current_ = backwards ? n - 1 - i : i;
        if (!fibers_[current_].done) enter(fibers_[current_]);
      }
      if (progress_ == before) fail("threads wait for each other at different places");
    }
  }

  void meet(Meeting& m) {
    const std::uint64_t turn = m.turn;
    ++m.arrived;
    while (m.turn == turn) {
      if (m.arrived < m.alive) {
        leave(fibers_[current_], false);
        continue;
      }
      m.arrived = 0;
      ++m.turn;
      ++progress_;
    }
  }

  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "cuda shim: %s\n", what);
    std::abort();
  }

  static Block*& running();
  static void body() {
    Block& b = *running();
    b.arrived_on_stack();
    b.kernel_();
    Fiber& f = b.fibers_[b.current_];
    f.done = true;
    --b.all_.alive;
    --b.warps_[b.current_ / warp_size].meeting.alive;
    ++b.progress_;
    b.leave(f, true);
    fail("a thread ran on after its end");
  }

  void prepare(Fiber& f) {
    if (!f.stack) f.stack.reset(new std::byte[stack_bytes]);
    f.done = false;
    f.barriers = 0;
    f.fake_stack = nullptr;
#if defined(__x86_64__)
    auto** top = reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(f.stack.get() + stack_bytes) / 16 * 16);
    *--top = nullptr;  // at its first instruction a function expects the stack 8 below a multiple of 16
    *--top = reinterpret_cast<void*>(&body);
    for (int i = 0; i < 6; ++i) *--top = nullptr;
    f.stopped = top;
#else
    getcontext(&f.stopped);
    f.stopped.uc_stack.ss_sp = f.stack.get();
    f.stopped.uc_stack.ss_size = stack_bytes;
    f.stopped.uc_link = nullptr;
    makecontext(&f.stopped, &body, 0);
#endif
  }

  void enter(Fiber& f) {
    Block* const outer = std::exchange(running(), this);
#if defined(CLIP_SHIM_ASAN)
    __sanitizer_start_switch_fiber(&fake_stack_, f.stack.get(), stack_bytes);
#endif
#if defined(__x86_64__)
    clip_shim_switch(&stopped_, f.stopped);
#else
    swapcontext(&stopped_, &f.stopped);
#endif
#if defined(CLIP_SHIM_ASAN)
    __sanitizer_finish_switch_fiber(fake_stack_, nullptr, nullptr);
#endif
    running() = outer;
  }

  void leave(Fiber& f, bool for_good) {
#if defined(CLIP_SHIM_ASAN)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &f.fake_stack, outer_stack_, outer_bytes_);
#else
    static_cast<void>(for_good);
#endif
#if defined(__x86_64__)
    clip_shim_switch(&f.stopped, stopped_);
#else
    swapcontext(&f.stopped, &stopped_);
#endif
    arrived_on_stack();
  }

  void arrived_on_stack() {
#if defined(CLIP_SHIM_ASAN)
    __sanitizer_finish_switch_fiber(fibers_[current_].fake_stack, &outer_stack_, &outer_bytes_);
#endif
  }

  std::function<void()> kernel_;
  std::vector<Fiber> fibers_;
  std::vector<Warp> warps_;
  std::vector<const void*> shared_;
  Meeting all_;
  std::size_t current_ = 0;
  std::uint64_t progress_ = 0;
#if defined(__x86_64__)
  void* stopped_ = nullptr;
#else
  ucontext_t stopped_;
#endif
  void* fake_stack_ = nullptr;
  const void* outer_stack_ = nullptr;
  std::size_t outer_bytes_ = 0;
};

inline Block*& Block::running() {
  static thread_local Block* block = nullptr;
  return block;
}

/// The blocks of this host thread.
inline Block& block() {
  static thread_local Block block;
  return block;
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 threads, const Arguments&... arguments) {
  block().run(grid, threads, [&] { kernel(arguments...); });
}

inline void poison(void* data, std::size_t bytes) { block().poison(data, bytes); }
inline int lane() { return static_cast<int>(block().lane()); }
/// The values of all lanes of a warp.
template <class V>
void gather_lanes(const V& value, V (&of)[warp_size]) {
  std::memcpy(of, block().exchange(value), sizeof of);
}

}  // namespace clip_cuda_on_host

#define threadIdx (::clip_cuda_on_host::block().thread())
#define blockIdx (::clip_cuda_on_host::block().index)
#define blockDim (::clip_cuda_on_host::block().dim)
#define gridDim (::clip_cuda_on_host::block().grid)

inline void __syncthreads() { clip_cuda_on_host::block().barrier_of_block(); }
inline void __syncwarp() { clip_cuda_on_host::block().barrier_of_warp(); }
template <class V>
V __shfl_sync(unsigned, V value, int lane) {
  return clip_cuda_on_host::block().exchange(value)[lane & 31];
}
template <class V>
V __shfl_xor_sync(unsigned, V value, int mask) {
  const int other = clip_cuda_on_host::lane() ^ mask;
  return clip_cuda_on_host::block().exchange(value)[other & 31];
}
inline unsigned __ballot_sync(unsigned, bool vote) {
  bool all[clip_cuda_on_host::warp_size];
  clip_cuda_on_host::gather_lanes(vote, all);
  unsigned votes = 0;
  for (unsigned i = 0; i < clip_cuda_on_host::warp_size; ++i) votes |= static_cast<unsigned>(all[i]) << i;
  return votes;
}
