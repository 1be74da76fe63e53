// clip/backend/cpu/gates.hpp: scaling of channels, one row of factors for all rows or for those of each image.
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct GatePrimitives {
  /// y = residual + x ⊙ s, one row of s for every x.rows / s.rows rows of x; the residual may be absent.
  void gate(In<T> x, In<T> s, In<T> residual, Out<T> y) {
    const Index height = x.rows / std::max<Index>(s.rows, 1);
    parallel_rows(workers(), y.rows, y.cols, [&](Index i) {
      const T* const factor = s.row(i / height);
      each_packet<T>(y.cols, [&](Index j, auto mask) {
        P value = P::load(x.row(i) + j, mask) * P::load(factor + j, mask);
        if (residual) value = P::load(residual.row(i) + j, mask) + value;
        value.store(y.row(i) + j, mask);
      });
    });
  }

  /// dx += dy ⊙ s,   ds += Σ over the rows of a gate of dy ⊙ x, as partial sums over blocks of rows.
  void gate_backward(In<T> x, In<T> s, In<T> dy, Acc<T> dx, Acc<T> ds) {
    if (x.count() == 0) return;
    const Index height = x.rows / s.rows;
    if (dx)
      parallel_rows(workers(), dx.rows, dx.cols, [&](Index i) {
        each_packet<T>(dx.cols, [&](Index j, auto mask) {
          accumulate(dx.row(i) + j, dx.fresh, P::load(dy.row(i) + j, mask) * P::load(s.row(i / height) + j, mask),
                     mask);
        });
      });
    if (!ds) return;
    const Index block = block_rows(height), blocks = ceil_div(height, block), stride = round_up(x.cols, P::size);
    ParallelRegion region{workers()};
    T* const partials = region.template shared<T>(ds.rows * blocks * stride);
    region.template parallel<T>(ds.rows * blocks, 0, [&](Index task, T*) {
      T* const sum = partials + task * stride;
      std::fill_n(sum, stride, T(0));
      const Index first = task / blocks * height, begin = first + task % blocks * block;
      for (Index i = begin; i < std::min(begin + block, first + height); ++i)
        each_packet<T>(x.cols, [&](Index j, auto mask) {
          fma(P::load(dy.row(i) + j, mask), P::load(x.row(i) + j, mask), P::load(sum + j)).store(sum + j);
        });
    });
    for (Index g = 0; g < ds.rows; ++g)
      sum_partials(partials + g * blocks * stride, blocks, stride, ds.middle_rows(g, 1));
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }
};

}  // namespace clip::inline CLIP_ABI::cpu
