// clip/backend/cpu/training.hpp: optimiser steps and the sums that guard them.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuTraining {
  double sum_of_squares(In<T> x) {
    constexpr Index chains = 8;
    return in_blocks<double>(x, [&](Index i0, Index i1) {
      double total = 0;
      for (Index i = i0; i < i1; ++i) {
        const T* row = x.row(i);
        double sums[chains] = {};
        Index j = 0;
        for (; j + chains <= x.cols; j += chains)
          for (Index c = 0; c < chains; ++c)
            sums[c] += static_cast<double>(row[j + c]) * static_cast<double>(row[j + c]);
        for (; j < x.cols; ++j) sums[0] += static_cast<double>(row[j]) * static_cast<double>(row[j]);
        for (double sum : sums) total += sum;
      }
      return total;
    });
  }

  bool all_finite(In<T> x) {
    return in_blocks<T>(x, [&](Index i0, Index i1) {
             T total = 0;  // Σ 0 x: not a number as soon as one x is not finite
             for (Index i = i0; i < i1; ++i)
               total += sum_along<T>(x.cols, [&](Index j, auto part) { return P(0) * P::load(x.row(i) + j, part); });
             return total;
           }) == 0;
  }

  void clamp(Out<T> x, double low, double high) {
    const P least{low}, most{high};
    each_pack<T>(crew(), x.rows, x.cols, x.contiguous(), [&](Index i, Index j, auto part) {
      min(max(P::load(x.row(i) + j, part), least), most).store(x.row(i) + j, part);
    });
  }

  /// y = keep y + share x
  void blend(double keep, double share, In<T> x, Out<T> y) {
    const P old{keep}, part_of_x{share};
    each_pack<T>(crew(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto part) {
      (old * P::load(y.row(i) + j, part) + part_of_x * P::load(x.row(i) + j, part)).store(y.row(i) + j, part);
    });
  }

  /// The constants are formed in double, as PyTorch does, and rounded once.
  void adamw(Out<T> p, In<T> g, Out<T> m, Out<T> v, const AdamwStep& s) {
    const P keep{1 - s.learning_rate * s.weight_decay}, step{s.learning_rate / s.correction1},
        root{std::sqrt(s.correction2)};
    const P b1{s.beta1}, c1{1 - s.beta1}, b2{s.beta2}, c2{1 - s.beta2}, epsilon{s.epsilon};
    each_pack<T>(crew(), p.rows, p.cols, p.contiguous() && g.contiguous() && m.contiguous() && v.contiguous(),
                 [&](Index i, Index j, auto part) {
                   const P slope = P::load(g.row(i) + j, part);
                   const P mean = fma(b1, P::load(m.row(i) + j, part), c1 * slope);
                   const P square = fma(b2, P::load(v.row(i) + j, part), c2 * slope * slope);
                   mean.store(m.row(i) + j, part);
                   square.store(v.row(i) + j, part);
                   (keep * P::load(p.row(i) + j, part) - step * mean / (sqrt(square) / root + epsilon))
                       .store(p.row(i) + j, part);
                 });
  }

  void sgd(Out<T> p, In<T> g, Out<T> velocity, const SgdStep& s) {
    const P decay{s.weight_decay}, momentum{s.first ? 0 : s.momentum}, rate{s.learning_rate};
    each_pack<T>(crew(), p.rows, p.cols, p.contiguous() && g.contiguous() && velocity.contiguous(),
                 [&](Index i, Index j, auto part) {
                   const P old = P::load(p.row(i) + j, part);
                   const P pull = fma(decay, old, P::load(g.row(i) + j, part));
                   const P speed = s.first ? pull : fma(momentum, P::load(velocity.row(i) + j, part), pull);
                   speed.store(velocity.row(i) + j, part);
                   (old - rate * speed).store(p.row(i) + j, part);
                 });
  }

 private:
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  /// Σ f(i0, i1) over fixed blocks of rows, in order. One long row becomes rows of 4096 first.
  template <class S, class F>
  S in_blocks(In<T>& x, F&& f) {
    if (x.contiguous() && x.cols > 4096 && x.count() % 4096 == 0) x = In<T>{x.data, x.count() / 4096, 4096};
    const Index high = block_rows(x.rows), blocks = pieces(x.rows, high);
    Crew::Shift shift{crew()};
    S* partials = shift.template shared<S>(blocks);
    const auto block = [&](Index n, T*) { partials[n] = f(n * high, std::min(x.rows, (n + 1) * high)); };
    if (x.count() <= small_work) {
      for (Index n = 0; n < blocks; ++n) block(n, nullptr);
    } else {
      shift.template parallel<T>(blocks, 0, block);
    }
    S total = 0;
    for (Index n = 0; n < blocks; ++n) total += partials[n];
    return total;
  }
};

}  // namespace clip::inline CLIP_ABI
