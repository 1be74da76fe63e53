// clip/backend/cpu.hpp: the list of backend/concept.hpp for processors: Eigen's packets, register tiles, a pool of threads.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/attention.hpp>
#include <clip/backend/cpu/attention_backward.hpp>
#include <clip/backend/cpu/batch_norm.hpp>
#include <clip/backend/cpu/convolution.hpp>
#include <clip/backend/cpu/losses.hpp>
#include <clip/backend/cpu/norms.hpp>
#include <clip/backend/cpu/outer.hpp>
#include <clip/backend/cpu/pointwise.hpp>
#include <clip/backend/cpu/pooling.hpp>
#include <clip/backend/cpu/products.hpp>
#include <clip/backend/cpu/query_attention.hpp>
#include <clip/backend/cpu/tables.hpp>
#include <clip/backend/cpu/training.hpp>
#include <clip/backend/naive/memory.hpp>
#include <clip/core/scalar.hpp>

#include <memory>
#include <string>

namespace clip::inline CLIP_ABI {

struct CpuOptions {
  int threads = 0;                           // 0: the cores this process may use
  Arithmetic arithmetic = Arithmetic::full;  // of products with weights in rows, as in training
};

/// A handle: copies share threads and scratch. Several host threads may call primitives at once; the first has the pool,
/// the others compute alone, with the same bits.
template <class T = float>
class Cpu : public HostMemory<T>,
            public CpuPointwise<T, Cpu<T>>,
            public CpuProducts<T, Cpu<T>>,
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
  Cpu(CpuOptions options) : crew_{std::make_shared<Crew>(options.threads > 0 ? options.threads : available_cores())}, arithmetic_{options.arithmetic} {}

  int threads() const { return crew_->threads(); }
  Arithmetic arithmetic() const { return arithmetic_; }
  Crew& crew() { return *crew_; }

  /// The same threads, products computed in T: for what must not be rounded, a loss.
  Cpu in_full() const {
    Cpu other{*this};
    other.arithmetic_ = Arithmetic::full;
    return other;
  }

  /// What it computes in: "float32", or "float32, products in bfloat16"; where the machine cannot, it does not say so.
  std::string numbers() const {
    return std::string(ScalarTraits<T>::name) + (detail::takes<detail::Pairs, T> && arithmetic_ == Arithmetic::bfloat16 ? ", products in bfloat16" : "");
  }
  /// "cpu float32, avx512, 2 threads"
  std::string describe() const {
    return "cpu " + numbers() + ", " CLIP_STRING(CLIP_ABI_SET) ", " + std::to_string(threads()) + (threads() == 1 ? " thread" : " threads");
  }

 private:
  std::shared_ptr<Crew> crew_;
  Arithmetic arithmetic_ = Arithmetic::full;
};

static_assert(Backend<Cpu<float>> && Backend<Cpu<double>>);

}  // namespace clip::inline CLIP_ABI
