// clip/backend/cpu/handle.hpp: state of the CPU backend: options, worker threads and arithmetic of products.
#pragma once

#include <clip/backend/arithmetic.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>
#include <clip/backend/packing.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

struct CpuOptions {
  int threads = 0;                           // 0: available_cores()
  Arithmetic arithmetic = Arithmetic::full;  // of products with weights in rows, as in training
};

/// Copies share worker threads and scratch.
class CpuHandle {
 public:
  static constexpr Index rows_at_once = 400;  // their activations stay in the last-level cache
  static constexpr bool grouping_keeps_bits = true;

  explicit CpuHandle(CpuOptions options)
      : workers_{std::make_shared<cpu::Workers>(options.threads > 0 ? options.threads : available_cores())},
        arithmetic_{options.arithmetic} {}

  int threads() const { return workers_->threads(); }
  Arithmetic arithmetic() const { return arithmetic_; }
  cpu::Workers& workers() { return *workers_; }
  ThreadPool& pool() { return workers_->pool(); }

  /// The layout that weights of a storage type are packed into.
  static constexpr Layout layout_of(Storage storage) {
    switch (storage) {
      case Storage::half: return CpuLayout::half_panels;
      case Storage::bfloat16: return CpuLayout::bfloat16_panels;
      case Storage::int8: return CpuLayout::int8_panels;
      default: return CpuLayout::panels;
    }
  }
  /// Gradients pass through panels of the type of the products, except those of a convolution.
  static constexpr bool differentiable(Layout layout, Use use) {
    return layout == CpuLayout::panels && use != Use::convolution;
  }

 protected:
  void compute_in(Arithmetic arithmetic) { arithmetic_ = arithmetic; }

  /// "float32", or "float32, products in bfloat16" if that is requested and supported.
  std::string numbers(std::string_view scalar, bool has_bfloat16) const {
    return std::string(scalar) + (has_bfloat16 && arithmetic_ == Arithmetic::bfloat16 ? ", products in bfloat16" : "");
  }
  /// "cpu float32, avx512, 2 threads", "cpu float32, avx2 without bfloat16 products, 2 threads": weights in a type
  /// without products of its own save memory and no time, but where reading them takes most of it.
  std::string describe(const std::string& numbers, std::string_view set, bool has_bfloat16, bool has_int8) const {
    std::string missing;
    if (!has_bfloat16) missing = has_int8 ? " without bfloat16 products" : " without bfloat16 and int8 products";
    else if (!has_int8) missing = " without int8 products";
    return "cpu " + numbers + ", " + std::string(set) + missing + ", " + std::to_string(threads()) +
           (threads() == 1 ? " thread" : " threads");
  }

 private:
  std::shared_ptr<cpu::Workers> workers_;
  Arithmetic arithmetic_ = Arithmetic::full;
};

}  // namespace clip::inline CLIP_ABI
