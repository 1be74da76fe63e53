// clip/backend/cpu/convolution/batch_norm.hpp: columns normalised over all rows; sums over rows run in fixed blocks.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <cmath>

namespace clip::inline CLIP_ABI {

template <class T, class Self>
struct CpuBatchNorm {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε), the batch's μ and σ² in two passes.          saved : (2, n) = (μ, σ²)
  void batch_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    Sums sums{x.rows, x.cols, 1};
    Crew::Shift shift{crew()};
    T* const memory = shift.template shared<T>(sums.room() + 2 * sums.stride);
    const View<T> mean{memory + sums.room(), 1, x.cols}, variance{mean.data + sums.stride, 1, x.cols};
    const P m{x.rows};
    const auto average = [&](const View<T>& to) {
      add_partials(memory, sums.blocks, sums.stride, Acc<T>{to, true});
      along<T>(x.cols, [&](Index j, auto part) { (P::load(to.data + j, part) / m).store(to.data + j, part); });
    };
    sums.add(shift, memory,
             [&](Index i, Index j, auto part, T* sum) { (P::load(sum) + P::load(x.row(i) + j, part)).store(sum); });
    average(mean);
    sums.add(shift, memory, [&](Index i, Index j, auto part, T* sum) {
      const P d = P::load(x.row(i) + j, part) - P::load(mean.data + j, part);
      fma(d, d, P::load(sum)).store(sum);
    });
    average(variance);
    if (saved)
      for (Index j = 0; j < x.cols; ++j) saved(0, j) = mean(0, j), saved(1, j) = variance(0, j);
    normalise(shift, memory, x, mean, variance, gain, bias, epsilon, y);
  }

  /// The same with given statistics.
  void batch_norm_with(In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    Crew::Shift shift{crew()};
    normalise(shift, shift.template shared<T>(x.cols), x, mean, variance, gain, bias, epsilon, y);
  }

  /// With x̂ = (x - μ) r:   dγ += Σ dy x̂,   dβ += Σ dy,
  ///   dx += γ r (dy - mean(dy) - x̂ mean(dy x̂)) where μ and σ² are those of x (`of_batch`), otherwise dx += γ r dy
  void batch_norm_backward(In<T> x, In<T> mean, In<T> variance, In<T> gain, double epsilon, In<T> dy, bool of_batch,
                           Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    Sums sums{x.rows, x.cols, 2};
    Crew::Shift shift{crew()};
    T* const memory = shift.template shared<T>(sums.room() + 2 * sums.stride);
    const View<T> slopes{memory + sums.room(), 1, x.cols},
        biases{slopes.data + sums.stride, 1, x.cols};  // Σ dy (x - μ), Σ dy
    if (of_batch || dgain || dbias) {
      sums.add(shift, memory, [&](Index i, Index j, auto part, T* sum) {
        const P slope = P::load(dy.row(i) + j, part);
        fma(slope, P::load(x.row(i) + j, part) - P::load(mean.row(0) + j, part), P::load(sum)).store(sum);
        (P::load(sum + sums.stride) + slope).store(sum + sums.stride);
      });
      add_partials(memory, sums.blocks, 2 * sums.stride, Acc<T>{slopes, true});
      add_partials(memory + sums.stride, sums.blocks, 2 * sums.stride, Acc<T>{biases, true});
    }
    const P m{x.rows};
    along<T>(x.cols, [&](Index j, auto part) {
      const P r = inverse_deviation(variance, epsilon, j, part);
      if (dgain) accumulate(dgain.row(0) + j, dgain.fresh, P::load(slopes.data + j, part) * r, part);
      if (dbias) accumulate(dbias.row(0) + j, dbias.fresh, P::load(biases.data + j, part), part);
    });
    if (!dx) return;
    T* const factor = memory;  // the partial sums are not needed any more: γ r, mean(dy), r² mean(dy (x - μ))
    along<T>(x.cols, [&](Index j, auto part) {
      const P r = inverse_deviation(variance, epsilon, j, part);
      (P::load(gain.row(0) + j, part) * r).store(factor + j, part);
      (of_batch ? P::load(biases.data + j, part) / m : P(0)).store(biases.data + j, part);
      (of_batch ? P::load(slopes.data + j, part) / m * r * r : P(0)).store(slopes.data + j, part);
    });
    rows(shift, x.rows, x.cols, [&](Index i, Index j, auto part) {
      const P away = P::load(x.row(i) + j, part) - P::load(mean.row(0) + j, part);
      const P slope =
          P::load(dy.row(i) + j, part) - P::load(biases.data + j, part) - away * P::load(slopes.data + j, part);
      accumulate(dx.row(i) + j, dx.fresh, P::load(factor + j, part) * slope, part);
    });
  }

  /// y = (scale, shift),  scale = γ/√(σ² + ε),  shift = β - μ scale
  void fold_batch_norm(In<T> mean, In<T> variance, In<T> gain, In<T> bias, double epsilon, Out<T> y) {
    along<T>(y.cols, [&](Index j, auto part) {
      const P scale = P::load(gain.row(0) + j, part) / sqrt(P::load(variance.row(0) + j, part) + P(epsilon));
      scale.store(y.row(0) + j, part);
      (P::load(bias.row(0) + j, part) - P::load(mean.row(0) + j, part) * scale).store(y.row(1) + j, part);
    });
  }

 private:
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }

  template <class Part>
  static P inverse_deviation(In<T> variance, double epsilon, Index j, Part part) {
    return P(1) / sqrt(P::load(variance.row(0) + j, part) + P(epsilon));
  }

  /// f(i, j, part) for all packets of the rows, shared among threads.
  template <class F>
  static void rows(Crew::Shift& shift, Index m, Index n, F&& f) {
    const Index high = std::max<Index>(1, small_work / 2 / std::max<Index>(n, 1));
    shift.template parallel<T>(pieces(m, high), 0, [&](Index task, T*) {
      for (Index i = task * high; i < std::min(m, (task + 1) * high); ++i)
        along<T>(n, [&](Index j, auto part) { f(i, j, part); });
    });
  }

  static void normalise(Crew::Shift& shift, T* scale, In<T> x, In<T> mean, In<T> variance, In<T> gain, In<T> bias,
                        double epsilon, Out<T> y) {
    along<T>(x.cols, [&](Index j, auto part) {
      (inverse_deviation(variance, epsilon, j, part) * P::load(gain.row(0) + j, part)).store(scale + j, part);
    });
    rows(shift, x.rows, x.cols, [&](Index i, Index j, auto part) {
      fma(P::load(x.row(i) + j, part) - P::load(mean.row(0) + j, part), P::load(scale + j, part),
          P::load(bias.row(0) + j, part))
          .store(y.row(i) + j, part);
    });
  }

  /// `count` sums of every column, in blocks of rows.
  struct Sums {
    Index m, n, count;
    Index high = block_rows(m), blocks = pieces(m, high), stride = round_up(n, P::size);

    Index room() const { return blocks * count * stride; }

    /// f(i, j, part, sum) adds what row i gives to the packet at `sum`; the next sum's lies `stride` further.
    template <class F>
    void add(Crew::Shift& shift, T* partials, F&& f) const {
      const Index together = std::max<Index>(1, small_work / 2 / (high * std::max<Index>(n, 1)));
      shift.template parallel<T>(pieces(blocks, together), 0, [&](Index task, T*) {
        for (Index block = task * together; block < std::min(blocks, (task + 1) * together); ++block) {
          T* const sum = partials + block * count * stride;
          std::fill_n(sum, count * stride, T(0));
          for (Index i = block * high; i < std::min(m, (block + 1) * high); ++i)
            along<T>(n, [&](Index j, auto part) { f(i, j, part, sum + j); });
        }
      });
    }
  };
};

}  // namespace clip::inline CLIP_ABI
