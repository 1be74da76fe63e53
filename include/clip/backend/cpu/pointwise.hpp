// clip/backend/cpu/pointwise.hpp: elementary primitives in packets.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>

#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuPointwise {
  void fill(Out<T> y, T value) {
    each_pack<T>(crew(), y.rows, y.cols, y.contiguous(),
                 [&](Index i, Index j, auto part) { P(value).store(y.row(i) + j, part); });
  }

  void add(In<T> x, Acc<T> y) {
    each_pack<T>(crew(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto part) {
      accumulate(y.row(i) + j, y.fresh, P::load(x.row(i) + j, part), part);
    });
  }

  template <class F>
  void map(F f, In<T> x, Out<T> y) {
    each_pack<T>(crew(), y.rows, y.cols, y.contiguous() && x.contiguous(),
                 [&](Index i, Index j, auto part) { apply(f, P::load(x.row(i) + j, part)).store(y.row(i) + j, part); });
  }

  template <class F>
  void map_slope(F f, In<T> x, In<T> dy, Acc<T> dx) {
    each_pack<T>(crew(), dx.rows, dx.cols, dx.contiguous() && x.contiguous() && dy.contiguous(),
                 [&](Index i, Index j, auto part) {
                   accumulate(dx.row(i) + j, dx.fresh,
                              P::load(dy.row(i) + j, part) * apply_slope(f, P::load(x.row(i) + j, part)), part);
                 });
  }

  void exp_scale(In<T> s, In<T> x, Acc<T> y) {
    const P factor{std::exp(s(0, 0))};
    each_pack<T>(crew(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto part) {
      accumulate(y.row(i) + j, y.fresh, factor * P::load(x.row(i) + j, part), part);
    });
  }

  void dot(In<T> a, In<T> b, Acc<T> sum) {
    const Index high = block_rows(a.rows), blocks = pieces(a.rows, high);
    Crew::Shift shift{crew()};
    T* partials = shift.template shared<T>(blocks);
    const auto block = [&](Index n, T*) {
      T total = 0;
      for (Index i = n * high; i < std::min(a.rows, (n + 1) * high); ++i)
        total += sum_along<T>(
            a.cols, [&](Index j, auto part) { return P::load(a.row(i) + j, part) * P::load(b.row(i) + j, part); });
      partials[n] = total;
    };
    if (a.count() <= small_work) {
      for (Index n = 0; n < blocks; ++n) block(n, nullptr);
    } else {
      shift.template parallel<T>(blocks, 0, block);
    }
    T total = 0;
    for (Index n = 0; n < blocks; ++n) total += partials[n];
    sum.add(0, 0, total);
  }

 private:
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }
};

}  // namespace clip::inline CLIP_ABI
