// clip/backend/cpu/convolution/batch_norm.hpp: batch normalisation: forward, backward, folded.
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI::cpu {

template <class T, class Self>
struct BatchNormPrimitives {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε), with μ and σ² of the batch, in two passes.
  ///   saved : (2, n) = (μ, σ²)
  void batch_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    Sums sums{x.rows, x.cols, 1};
    ParallelRegion region{workers()};
    T* const memory = region.template shared<T>(sums.size() + 2 * sums.stride);
    const View<T> mean{memory + sums.size(), 1, x.cols}, variance{mean.data + sums.stride, 1, x.cols};
    const P m{x.rows};
    const auto average = [&](const View<T>& to) {
      sum_partials(memory, sums.blocks, sums.stride, Acc<T>{to, true});
      each_packet<T>(x.cols, [&](Index j, auto mask) { (P::load(to.data + j, mask) / m).store(to.data + j, mask); });
    };
    sums.add(region, memory,
             [&](Index i, Index j, auto mask, T* sum) { (P::load(sum) + P::load(x.row(i) + j, mask)).store(sum); });
    average(mean);
    sums.add(region, memory, [&](Index i, Index j, auto mask, T* sum) {
      const P d = P::load(x.row(i) + j, mask) - P::load(mean.data + j, mask);
      fma(d, d, P::load(sum)).store(sum);
    });
    average(variance);
    if (saved)
      for (Index j = 0; j < x.cols; ++j) {
        saved(0, j) = mean(0, j);
        saved(1, j) = variance(0, j);
      }
    normalise(region, memory, x, mean, variance, gain, bias, epsilon, y);
  }

  /// The same with given μ and σ².
  void batch_norm_with(In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    ParallelRegion region{workers()};
    normalise(region, region.template shared<T>(x.cols), x, mean, variance, gain, bias, epsilon, y);
  }

  /// With x̂ = (x - μ) r:   dγ += Σ dy x̂,   dβ += Σ dy,
  ///   dx += γ r (dy - mean(dy) - x̂ mean(dy x̂)) where μ and σ² are those of x (`of_batch`), otherwise dx += γ r dy
  void batch_norm_backward(In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy, bool of_batch,
                           Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    Sums sums{x.rows, x.cols, 2};
    ParallelRegion region{workers()};
    T* const memory = region.template shared<T>(sums.size() + 2 * sums.stride);
    const View<T> slopes{memory + sums.size(), 1, x.cols};       // Σ dy (x - μ)
    const View<T> biases{slopes.data + sums.stride, 1, x.cols};  // Σ dy
    if (of_batch || dgain || dbias) {
      sums.add(region, memory, [&](Index i, Index j, auto mask, T* sum) {
        const P slope = P::load(dy.row(i) + j, mask);
        fma(slope, P::load(x.row(i) + j, mask) - P::load(mean.row(0) + j, mask), P::load(sum)).store(sum);
        (P::load(sum + sums.stride) + slope).store(sum + sums.stride);
      });
      sum_partials(memory, sums.blocks, 2 * sums.stride, Acc<T>{slopes, true});
      sum_partials(memory + sums.stride, sums.blocks, 2 * sums.stride, Acc<T>{biases, true});
    }
    const P m{x.rows};
    each_packet<T>(x.cols, [&](Index j, auto mask) {
      const P r = inverse_deviation(variance, epsilon, j, mask);
      if (dgain) accumulate(dgain.row(0) + j, dgain.fresh, P::load(slopes.data + j, mask) * r, mask);
      if (dbias) accumulate(dbias.row(0) + j, dbias.fresh, P::load(biases.data + j, mask), mask);
    });
    if (!dx) return;
    T* const factor = memory;  // overwrites the partial sums. From here on: γ r, mean(dy), r² mean(dy (x - μ))
    each_packet<T>(x.cols, [&](Index j, auto mask) {
      const P r = inverse_deviation(variance, epsilon, j, mask);
      (P::load(gain.row(0) + j, mask) * r).store(factor + j, mask);
      (of_batch ? P::load(biases.data + j, mask) / m : P(0)).store(biases.data + j, mask);
      (of_batch ? P::load(slopes.data + j, mask) / m * r * r : P(0)).store(slopes.data + j, mask);
    });
    each_row_packet(region, x.rows, x.cols, [&](Index i, Index j, auto mask) {
      const P away = P::load(x.row(i) + j, mask) - P::load(mean.row(0) + j, mask);
      const P slope =
          P::load(dy.row(i) + j, mask) - P::load(biases.data + j, mask) - away * P::load(slopes.data + j, mask);
      accumulate(dx.row(i) + j, dx.fresh, P::load(factor + j, mask) * slope, mask);
    });
  }

  /// y = (scale, shift),  scale = γ/√(σ² + ε),  shift = β - μ scale
  void fold_batch_norm(In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    each_packet<T>(y.cols, [&](Index j, auto mask) {
      const P scale = P::load(gain.row(0) + j, mask) / sqrt(P::load(variance.row(0) + j, mask) + P(epsilon));
      scale.store(y.row(0) + j, mask);
      (P::load(bias.row(0) + j, mask) - P::load(mean.row(0) + j, mask) * scale).store(y.row(1) + j, mask);
    });
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }

  template <class Mask>
  static P inverse_deviation(In<T> variance, double epsilon, Index j, Mask mask) {
    return P(1) / sqrt(P::load(variance.row(0) + j, mask) + P(epsilon));
  }

  /// f(i, j, mask) for all packets of the rows, in parallel.
  template <class F>
  static void each_row_packet(ParallelRegion& region, Index m, Index n, F&& f) {
    const Index rows_per_task = std::max<Index>(1, serial_limit / 2 / std::max<Index>(n, 1));
    region.template parallel<T>(ceil_div(m, rows_per_task), 0, [&](Index task, T*) {
      for (Index i = task * rows_per_task; i < std::min(m, (task + 1) * rows_per_task); ++i)
        each_packet<T>(n, [&](Index j, auto mask) { f(i, j, mask); });
    });
  }

  static void normalise(ParallelRegion& region, T* scale, In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias,
                        double epsilon, Out<T> y) {
    each_packet<T>(x.cols, [&](Index j, auto mask) {
      (inverse_deviation(variance, epsilon, j, mask) * P::load(gain.row(0) + j, mask)).store(scale + j, mask);
    });
    each_row_packet(region, x.rows, x.cols, [&](Index i, Index j, auto mask) {
      fma(P::load(x.row(i) + j, mask) - P::load(mean.row(0) + j, mask), P::load(scale + j, mask),
          P::load(bias.row(0) + j, mask))
          .store(y.row(i) + j, mask);
    });
  }

  /// `count` sums of every column, as partial sums over blocks of rows.
  struct Sums {
    Index m, n, count;
    Index height = block_rows(m), blocks = ceil_div(m, height), stride = round_up(n, P::size);

    Index size() const { return blocks * count * stride; }

    /// f(i, j, mask, sum) adds the contribution of row i to the packet at `sum`; the `count` sums of a column are
    /// `stride` apart.
    template <class F>
    void add(ParallelRegion& region, T* partials, F&& f) const {
      const Index blocks_per_task = std::max<Index>(1, serial_limit / 2 / (height * std::max<Index>(n, 1)));
      region.template parallel<T>(ceil_div(blocks, blocks_per_task), 0, [&](Index task, T*) {
        for (Index block = task * blocks_per_task; block < std::min(blocks, (task + 1) * blocks_per_task); ++block) {
          T* const sum = partials + block * count * stride;
          std::fill_n(sum, count * stride, T(0));
          for (Index i = block * height; i < std::min(m, (block + 1) * height); ++i)
            each_packet<T>(n, [&](Index j, auto mask) { f(i, j, mask, sum + j); });
        }
      });
    }
  };
};

}  // namespace clip::inline CLIP_ABI::cpu
