// clip/backend/cpu.hpp: the list of backend/concept.hpp for processors: Eigen's packets, register tiles, a pool of threads.
#pragma once

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/backend/precompiled/cpu.hpp>  // the same class, its kernels linked
#else

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/attention/attention.hpp>
#include <clip/backend/cpu/attention/backward.hpp>
#include <clip/backend/cpu/attention/query.hpp>
#include <clip/backend/cpu/convolution/batch_norm.hpp>
#include <clip/backend/cpu/convolution/convolution.hpp>
#include <clip/backend/cpu/convolution/pooling.hpp>
#include <clip/backend/cpu/gemm/feed_forward.hpp>
#include <clip/backend/cpu/gemm/outer.hpp>
#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/cpu/losses.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/cpu/pointwise.hpp>
#include <clip/backend/cpu/tables.hpp>
#include <clip/backend/cpu/training.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/slow_build.hpp>
#include <clip/core/scalar.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

/// A handle: copies share threads and scratch. Several host threads may call primitives at once; the first has the pool,
/// the others compute alone, with the same bits.
template <class T = float>
class Cpu : public CpuHandle,
            public HostMemory<T>,
            public CpuPointwise<T, Cpu<T>>,
            public CpuProducts<T, Cpu<T>>,
            public CpuFeedForward<T, Cpu<T>>,
            public CpuOuter<T, Cpu<T>>,
            public CpuConvolution<T, Cpu<T>>,
            public CpuPooling<T, Cpu<T>>,
            public CpuNorms<T, Cpu<T>>,
            public CpuBatchNorm<T, Cpu<T>>,
            public CpuTables<T, Cpu<T>>,
            public CpuAttention<T, Cpu<T>>,
            public CpuAttentionBackward<T, Cpu<T>>,
            public CpuQueryAttention<T, Cpu<T>>,
            public CpuLosses<T, Cpu<T>>,
            public CpuTraining<T, Cpu<T>> {
 public:
  using Scalar = T;

  Cpu() : Cpu{CpuOptions{}} {}
  Cpu(CpuOptions options) : CpuHandle{options} { notice_slow_build(); }
  explicit Cpu(const CpuHandle& handle) : CpuHandle{handle} {}

  using CpuHandle::crew;

  /// The same threads, products computed in T: for what must not be rounded, a loss.
  Cpu in_full() const {
    Cpu other{*this};
    other.compute_in(Arithmetic::full);
    return other;
  }

  /// What it computes in: "float32", or "float32, products in bfloat16"; where the machine cannot, it does not say so.
  std::string numbers() const { return CpuHandle::numbers(ScalarTraits<T>::name, detail::takes<detail::Pairs, T>); }
  /// "cpu float32, avx512, 2 threads"
  std::string describe() const { return CpuHandle::describe(numbers(), CLIP_STRING(CLIP_ABI_SET)); }
};

static_assert(Backend<Cpu<float>> && Backend<Cpu<double>>);

}  // namespace clip::inline CLIP_ABI

#endif
