// clip/backend/cpu/training.hpp: optimiser steps (AdamW, SGD), gradient norm, and tests for NaN and infinity.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/threads/loops.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct TrainingPrimitives {
  bool all_finite(In<T> x) {
    return sum_over_blocks<T>(x, [&](Index i0, Index i1) {
             T total = 0;  // Σ 0 x is NaN if any x is NaN or infinite
             for (Index i = i0; i < i1; ++i)
               total += sum_packets<T>(x.cols, [&](Index j, auto mask) { return P(0) * P::load(x.row(i) + j, mask); });
             return total;
           }) == 0;
  }

  /// y = keep y + share x
  void blend(double keep, double share, In<T> x, Out<T> y) {
    const P keep_factor{keep}, share_factor{share};
    parallel_packets<T>(workers(), y.rows, y.cols, y.contiguous() && x.contiguous(), [&](Index i, Index j, auto mask) {
      (keep_factor * P::load(y.row(i) + j, mask) + share_factor * P::load(x.row(i) + j, mask))
          .store(y.row(i) + j, mask);
    });
  }

  void measure(const UpdateTable<T>& table, In<T> loss, double most, StepNumbers* numbers) {
    double squares = 0;
    for (const WeightUpdate<T>& w : table.weights) squares += sum_of_squares(w.gradient);
    *numbers = StepNumbers::of(loss ? static_cast<double>(loss(0, 0)) : 0, squares, most);
  }

  /// Coefficients are computed in double, as in PyTorch, and rounded once. A factor of 1 changes no bit.
  void adamw(const UpdateTable<T>& table, const AdamwStep& s, const StepNumbers* numbers) {
    if (numbers && !numbers->finite()) return;
    const P factor{numbers ? numbers->factor : 1.0}, root{std::sqrt(s.correction2)};
    const P b1{s.beta1}, c1{1 - s.beta1}, b2{s.beta2}, c2{1 - s.beta2}, epsilon{s.epsilon};
    for (const WeightUpdate<T>& w : table.weights) {
      const double rate = s.learning_rate * w.rate;
      const P keep{1 - rate * w.weight_decay}, step{rate / s.correction1};
      const View<T> p = w.value, g = w.gradient, m = w.first, v = w.second;
      parallel_packets<T>(workers(), p.rows, p.cols, true, [&](Index i, Index j, auto mask) {
        const P slope = factor * P::load(g.row(i) + j, mask);
        const P mean = fma(b1, P::load(m.row(i) + j, mask), c1 * slope);
        const P square = fma(b2, P::load(v.row(i) + j, mask), c2 * slope * slope);
        mean.store(m.row(i) + j, mask);
        square.store(v.row(i) + j, mask);
        (keep * P::load(p.row(i) + j, mask) - step * mean / (sqrt(square) / root + epsilon)).store(p.row(i) + j, mask);
      });
      clamp(w);
    }
  }

  void sgd(const UpdateTable<T>& table, const SgdStep& s, const StepNumbers* numbers) {
    if (numbers && !numbers->finite()) return;
    const P factor{numbers ? numbers->factor : 1.0}, momentum{s.first ? 0 : s.momentum};
    for (const WeightUpdate<T>& w : table.weights) {
      const P decay{w.weight_decay}, rate{s.learning_rate * w.rate};
      const View<T> p = w.value, g = w.gradient, velocity = w.first;
      parallel_packets<T>(workers(), p.rows, p.cols, true, [&](Index i, Index j, auto mask) {
        const P old = P::load(p.row(i) + j, mask);
        const P pull = fma(decay, old, factor * P::load(g.row(i) + j, mask));
        const P speed = s.first ? pull : fma(momentum, P::load(velocity.row(i) + j, mask), pull);
        speed.store(velocity.row(i) + j, mask);
        (old - rate * speed).store(p.row(i) + j, mask);
      });
      clamp(w);
    }
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  double sum_of_squares(In<T> x) {
    constexpr Index chains = 8;
    return sum_over_blocks<double>(x, [&](Index i0, Index i1) {
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

  void clamp(const WeightUpdate<T>& w) {
    if (!w.bounded()) return;
    const P least{w.low}, most{w.high};
    const View<T> x = w.value;
    parallel_packets<T>(workers(), x.rows, x.cols, true, [&](Index i, Index j, auto mask) {
      min(max(P::load(x.row(i) + j, mask), least), most).store(x.row(i) + j, mask);
    });
  }

  /// Σ f(i0, i1) over fixed blocks of rows, in order. A single long row is treated as rows of 4096.
  template <class S, class F>
  S sum_over_blocks(In<T>& x, F&& f) {
    if (x.contiguous() && x.cols > 4096 && x.count() % 4096 == 0) x = In<T>{x.data, x.count() / 4096, 4096};
    const Index height = block_rows(x.rows), blocks = ceil_div(x.rows, height);
    ParallelRegion region{workers()};
    S* partials = region.template shared<S>(blocks);
    const auto block = [&](Index n, T*) { partials[n] = f(n * height, std::min(x.rows, (n + 1) * height)); };
    if (x.count() <= serial_limit) {
      for (Index n = 0; n < blocks; ++n) block(n, nullptr);
    } else {
      region.template parallel<T>(blocks, 0, block);
    }
    S total = 0;
    for (Index n = 0; n < blocks; ++n) total += partials[n];
    return total;
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
