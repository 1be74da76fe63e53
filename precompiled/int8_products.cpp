// A set that differs from another in its products of integers: the other's tables with the primitives that multiply by
// int8 weights, and their peak, replaced. CLIP_KERNELS is the only symbol of its object, CLIP_KERNELS_NAME the set's
// name, and CLIP_KERNELS_BASE the symbol of the other set, whose CPU flags this file is compiled with, and one more.
#include "calls.hpp"

#include <clip/backend/composed.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/peak.hpp>
#include <clip/backend/precompiled/choose.hpp>

extern "C" {
const CLIP_PRECOMPILED(set) * CLIP_KERNELS_BASE();
const CLIP_PRECOMPILED(set) * CLIP_KERNELS();
}

namespace clip::inline CLIP_ABI::detail {
namespace {

static_assert(cpu::Int8Dot::native, "the set must be compiled for a dot product of bytes");

const Kernels& base() { return *static_cast<const Kernels*>(CLIP_KERNELS_BASE()->backend); }

bool is_int8(const Weights<T>& w) { return w.layout == CpuLayout::int8_panels; }

/// y = epilogue(x wᵀ) for the rows of a source and packed int8 weights.
template <class F, class Source>
void multiply(CpuHandle& cpu, const Source& x, const Weights<T>& w, const Epilogue<T, F>& epilogue, const Out<T>& y) {
  if (y.count() == 0) return;
  const cpu::Product<cpu::Int8Dot, T, F, Source> product{x, epilogue, y, w.first};
  product.multiply_packed(cpu.workers(), w.data);
}

/// The steps of a feed-forward block that is not fused.
struct Steps {
  CpuHandle& cpu;
  void layer_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    Failure failure;
    base().layer_norm(cpu, failure, x, gain, bias, epsilon, y, saved);
    check(failure);
  }
  template <class F>
  void linear(In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
    multiply(cpu, cpu::DirectRows<T>{x}, w, epilogue, y);
  }
};

void linear(CpuHandle& cpu, Failure& failure, In<T> x, Weights<T> w, const Epilogue<T, F>& epilogue, Out<T> y) {
  if (!is_int8(w)) return base().linear(cpu, failure, x, w, epilogue, y);
  guarded(failure, [&] { run([&](const auto& e) { multiply(cpu, cpu::DirectRows<T>{x}, w, e, y); }, epilogue); });
}

void project(CpuHandle& cpu, Failure& failure, In<T> x, Weights<T> p, const Epilogue<T, F>& epilogue, Out<T> y) {
  if (!is_int8(p)) return base().project(cpu, failure, x, p, epilogue, y);
  linear(cpu, failure, x, p, epilogue, y);  // packed weights of both are the same panels
}

void convolve(CpuHandle& cpu, Failure& failure, In<T> x, Weights<T> w, Grid grid, Window window,
              const Epilogue<T, F>& epilogue, Out<T> y) {
  if (!is_int8(w)) return base().convolve(cpu, failure, x, w, grid, window, epilogue, y);
  if (window.pointwise()) return linear(cpu, failure, x, w, epilogue, y);
  guarded(failure, [&] {
    run([&](const auto& e) { multiply(cpu, cpu::Windows<T>::forward(x, grid, window), w, e, y); }, epilogue);
  });
}

void feed_forward(CpuHandle& cpu, Failure& failure, In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed,
                  Out<T> hidden, Out<T> y) {
  if (!is_int8(mlp.w1) || !is_int8(mlp.w2)) return base().feed_forward(cpu, failure, x, mlp, f, normed, hidden, y);
  guarded(failure, [&] {
    run(
        [&](const auto& function) {
          if (cpu::feed_forward_in_blocks<cpu::Int8Dot>(cpu.workers(), CpuLayout::int8_panels, x, mlp, function, y))
            return;
          Steps steps{cpu};
          composed::feed_forward(steps, x, mlp, function, normed, hidden, y);
        },
        f);
  });
}

double peak(Failure& failure, Layout weights, int threads) {
  if (weights != CpuLayout::int8_panels) return base().peak_flops(failure, weights, threads);
  return guarded(failure, [&] { return clip::peak_flops(weights, threads); });
}

Kernels replaced(Kernels table) {
  table.takes_int8 = true;
  table.peak_flops = peak;
  table.linear = linear;
  table.project = project;
  table.convolve = convolve;
  table.feed_forward = feed_forward;
  return table;
}

}  // namespace
}  // namespace clip::inline CLIP_ABI::detail

const CLIP_PRECOMPILED(set) * CLIP_KERNELS() {
  static const auto kernels = clip::detail::replaced(clip::detail::base());
  static const CLIP_PRECOMPILED(set)
      set{.name = CLIP_KERNELS_NAME, .backend = &kernels, .images = CLIP_KERNELS_BASE()->images};
  return &set;
}
