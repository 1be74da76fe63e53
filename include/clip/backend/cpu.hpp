// clip/backend/cpu.hpp: CPU backend: SIMD packets, register tiles and a thread pool.
#pragma once

#if defined(CLIP_WITH_PRECOMPILED)
#include <clip/backend/precompiled/cpu.hpp>  // the same class with linked kernels
#else

#include <clip/backend/concept.hpp>
#include <clip/backend/convolving.hpp>
#include <clip/backend/cpu/attention/attention.hpp>
#include <clip/backend/cpu/attention/backward.hpp>
#include <clip/backend/cpu/attention/query.hpp>
#include <clip/backend/cpu/convolution/batch_norm.hpp>
#include <clip/backend/cpu/convolution/convolution.hpp>
#include <clip/backend/cpu/convolution/depthwise.hpp>
#include <clip/backend/cpu/convolution/pooling.hpp>
#include <clip/backend/cpu/gates.hpp>
#include <clip/backend/cpu/gemm/feed_forward.hpp>
#include <clip/backend/cpu/gemm/outer.hpp>
#include <clip/backend/cpu/gemm/products.hpp>
#include <clip/backend/cpu/handle.hpp>
#include <clip/backend/cpu/losses.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/cpu/pointwise.hpp>
#include <clip/backend/cpu/tables.hpp>
#include <clip/backend/cpu/training.hpp>
#include <clip/backend/fusing.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/packing.hpp>
#include <clip/backend/slow_build.hpp>
#include <clip/core/scalar.hpp>

#include <string>
#include <type_traits>

namespace clip::inline CLIP_ABI {

/// A handle: copies share worker threads and scratch. Several host threads may call primitives at once: the first gets
/// the pool, the others run serially, with the same bits.
template <class T = float>
class Cpu : public CpuHandle,
            public HostMemory<T>,
            public cpu::PointwisePrimitives<T, Cpu<T>>,
            public cpu::ProductPrimitives<T, Cpu<T>>,
            public cpu::FeedForwardPrimitives<T, Cpu<T>>,
            public cpu::OuterPrimitives<T, Cpu<T>>,
            public cpu::ConvolutionPrimitives<T, Cpu<T>>,
            public cpu::DepthwisePrimitives<T, Cpu<T>>,
            public cpu::GatePrimitives<T, Cpu<T>>,
            public cpu::PoolingPrimitives<T, Cpu<T>>,
            public cpu::NormPrimitives<T, Cpu<T>>,
            public cpu::BatchNormPrimitives<T, Cpu<T>>,
            public cpu::TablePrimitives<T, Cpu<T>>,
            public cpu::AttentionPrimitives<T, Cpu<T>>,
            public cpu::AttentionBackwardPrimitives<T, Cpu<T>>,
            public cpu::QueryAttentionPrimitives<T, Cpu<T>>,
            public cpu::LossPrimitives<T, Cpu<T>>,
            public cpu::TrainingPrimitives<T, Cpu<T>> {
 public:
  using Scalar = T;

  Cpu() : Cpu{CpuOptions{}} {}
  Cpu(CpuOptions options) : CpuHandle{options} { cpu::warn_slow_build(); }
  explicit Cpu(const CpuHandle& handle) : CpuHandle{handle} {}

  using CpuHandle::workers;

  /// The same threads with products in full precision, for results that must not be rounded, such as a loss.
  Cpu in_full() const {
    Cpu other{*this};
    other.compute_in(Arithmetic::full);
    return other;
  }

  /// Arithmetic in words: "float32", or "float32, products in bfloat16" if this build has the instructions.
  std::string numbers() const { return CpuHandle::numbers(ScalarTraits<T>::name, cpu::has_dot<cpu::Bfloat16Dot, T>); }
  /// Whether products with int8 weights are products of integers; otherwise the weights are widened on the way, which
  /// is slower than float weights.
  static constexpr bool multiplies_int8() { return cpu::has_dot<cpu::Int8Dot, T>; }
  /// "cpu float32, avx512, 2 threads", "cpu float32, avx2 without bfloat16 products, 2 threads"
  std::string describe() const {
    constexpr bool other = !std::is_same_v<T, float>;  // weights of fewer bits are for float
    return CpuHandle::describe(numbers(), CLIP_STRING(CLIP_ABI_SET), other || cpu::has_dot<cpu::Bfloat16Dot, T>,
                               other || multiplies_int8());
  }
  /// Warns once per process if weights in this layout are slower than float weights here.
  static void warn_slow_layout(Layout layout) {
    if (layout == CpuLayout::int8_panels && !multiplies_int8()) cpu::warn_slow_int8();
  }
};

static_assert(ConvolvingBackend<Cpu<float>> && FusingBackend<Cpu<float>> && PackingBackend<Cpu<float>>);
static_assert(ConvolvingBackend<Cpu<double>> && FusingBackend<Cpu<double>> && PackingBackend<Cpu<double>>);

}  // namespace clip::inline CLIP_ABI

#endif
