// clip/backend/cpu/pointwise.hpp: elementwise primitives, their derivatives, and the dot product.
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct PointwisePrimitives {
  void fill(Out<T> y, T value) {
    parallel_packets<T>(workers(), y.rows, y.cols, y.contiguous(),
                        [&](Index i, Index j, auto mask) { P(value).store(y.row(i) + j, mask); });
  }

  void add(In<T> x, Acc<T> y) {
    parallel_packets<T>(workers(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto mask) {
      accumulate(y.row(i) + j, y.fresh, P::load(x.row(i) + j, mask), mask);
    });
  }

  template <class F>
  void map(F f, In<T> x, Out<T> y) {
    parallel_packets<T>(workers(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto mask) {
      apply(f, P::load(x.row(i) + j, mask)).store(y.row(i) + j, mask);
    });
  }

  template <class F>
  void map_slope(F f, In<T> x, In<T> dy, Acc<T> dx) {
    parallel_packets<T>(workers(), dx.rows, dx.cols, dx.contiguous() && x.contiguous() && dy.contiguous(),
                        [&](Index i, Index j, auto mask) {
                          accumulate(dx.row(i) + j, dx.fresh,
                                     P::load(dy.row(i) + j, mask) * apply_slope(f, P::load(x.row(i) + j, mask)), mask);
                        });
  }

  void exp_scale(In<T> s, In<T> x, Acc<T> y) {
    const P factor{std::exp(s(0, 0))};
    parallel_packets<T>(workers(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto mask) {
      accumulate(y.row(i) + j, y.fresh, factor * P::load(x.row(i) + j, mask), mask);
    });
  }

  void dot(In<T> a, In<T> b, Acc<T> sum) {
    const Index height = block_rows(a.rows), blocks = ceil_div(a.rows, height);
    ParallelRegion region{workers()};
    T* partials = region.template shared<T>(blocks);
    const auto block = [&](Index n, T*) {
      T total = 0;
      for (Index i = n * height; i < std::min(a.rows, (n + 1) * height); ++i)
        total += sum_packets<T>(
            a.cols, [&](Index j, auto mask) { return P::load(a.row(i) + j, mask) * P::load(b.row(i) + j, mask); });
      partials[n] = total;
    };
    if (a.count() <= serial_limit) {
      for (Index n = 0; n < blocks; ++n) block(n, nullptr);
    } else {
      region.template parallel<T>(blocks, 0, block);
    }
    T total = 0;
    for (Index n = 0; n < blocks; ++n) total += partials[n];
    sum.add(0, 0, total);
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }
};

}  // namespace clip::inline CLIP_ABI::cpu
