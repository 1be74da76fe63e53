// clip/backend/cpu/norms.hpp: layer norm and rows of unit length; a row is read twice while it is in cache.
#pragma once

#include <clip/backend/cpu/simd/loops.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// y = (x - μ) r γ + β for a row of n. Returns μ and r.
template <class T>
std::pair<T, T> layer_norm_row(const T* x, Index n, const T* gain, const T* bias, double epsilon, T* y) {
  using P = Pack<T>;
  const T count = static_cast<T>(n),
          mean = sum_along<T>(n, [&](Index j, auto part) { return P::load(x + j, part); }) / count;
  const P m{mean};
  const T squares = sum_along<T>(n, [&](Index j, auto part) {
    const P d = P::load(x + j, part, mean) - m;
    return d * d;
  });
  const T r = 1 / std::sqrt(squares / count + static_cast<T>(epsilon));
  const P scale{r};
  along<T>(n, [&](Index j, auto part) {
    fma((P::load(x + j, part) - m) * scale, P::load(gain + j, part), P::load(bias + j, part)).store(y + j, part);
  });
  return {mean, r};
}

}  // namespace detail

template <class T, class Self>
struct CpuNorms {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε).          saved = (μ, r)
  void layer_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    each_row(crew(), x.rows, x.cols, [&](Index i) {
      const auto [mean, r] = detail::layer_norm_row(x.row(i), x.cols, gain.row(0), bias.row(0), epsilon, y.row(i));
      if (saved) saved(i, 0) = mean, saved(i, 1) = r;
    });
  }

  /// With x̂ = (x - μ) r and g = γ dy:   dx += r (g - mean(g) - x̂ mean(g x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
  void layer_norm_backward(In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    const T n = static_cast<T>(x.cols);
    const bool sums = dgain || dbias;
    const Index high = block_rows(x.rows), blocks = pieces(x.rows, high), stride = round_up(x.cols, P::size);
    Crew::Shift shift{crew()};
    T* partials = shift.template shared<T>(sums ? 2 * blocks * stride : 0);
    const auto block = [&](Index number) {
      T *gains = partials + number * stride, *biases = gains + blocks * stride;
      if (sums)
        for (Index j = 0; j < stride; ++j) gains[j] = biases[j] = 0;
      for (Index i = number * high; i < std::min(x.rows, (number + 1) * high); ++i) {
        const T *row = x.row(i), *d = dy.row(i);
        const T mean = saved(i, 0), r = saved(i, 1);
        const P m{mean}, scale{r};
        P g_sum{0}, gx_sum{0};
        if (dx)
          along<T>(x.cols, [&](Index j, auto part) {
            const P g = P::load(gain.row(0) + j, part) * P::load(d + j, part);
            g_sum = g_sum + g;
            gx_sum = fma(g, (P::load(row + j, part) - m) * scale, gx_sum);
          });
        const P g_mean{g_sum.sum() / n}, gx_mean{gx_sum.sum() / n};
        along<T>(x.cols, [&](Index j, auto part) {
          const P slope = P::load(d + j, part), normal = (P::load(row + j, part) - m) * scale;
          if (sums) {
            fma(slope, normal, P::load(gains + j)).store(gains + j);
            (P::load(biases + j) + slope).store(biases + j);
          }
          if (dx)
            accumulate(dx.row(i) + j, dx.fresh,
                       scale * (P::load(gain.row(0) + j, part) * slope - g_mean - normal * gx_mean), part);
        });
      }
    };
    const Index together = std::max<Index>(1, small_work / 2 / (high * std::max<Index>(x.cols, 1)));
    shift.template parallel<T>(pieces(blocks, together), 0, [&](Index task, T*) {
      for (Index number = task * together; number < std::min(blocks, (task + 1) * together); ++number) block(number);
    });
    if (dgain) add_partials(partials, blocks, stride, dgain);
    if (dbias) add_partials(partials + blocks * stride, blocks, stride, dbias);
  }

  /// y = x / |x|.          saved = |x|
  void normalize(In<T> x, Out<T> y, Saved<T> saved) {
    each_row(crew(), x.rows, x.cols, [&](Index i) {
      const T* row = x.row(i);
      const T squares = sum_along<T>(x.cols, [&](Index j, auto part) {
        const P value = P::load(row + j, part);
        return value * value;
      });
      const T length = std::sqrt(squares);
      along<T>(x.cols, [&](Index j, auto part) { (P::load(row + j, part) / P(length)).store(y.row(i) + j, part); });
      if (saved) saved(i, 0) = length;
    });
  }

  /// With u = x / |x|:   dx += (dy - u (u·dy)) / |x|
  void normalize_backward(In<T> x, In<T> saved, In<T> dy, Acc<T> dx) {
    each_row(crew(), x.rows, x.cols, [&](Index i) {
      const T *row = x.row(i), *d = dy.row(i);
      const P length{saved(i, 0)};
      const P projection{sum_along<T>(
          x.cols, [&](Index j, auto part) { return P::load(row + j, part) / length * P::load(d + j, part); })};
      along<T>(x.cols, [&](Index j, auto part) {
        accumulate(dx.row(i) + j, dx.fresh,
                   (P::load(d + j, part) - P::load(row + j, part) / length * projection) / length, part);
      });
    });
  }

 private:
  using P = Pack<T>;
  Crew& crew() { return static_cast<Self&>(*this).crew(); }
};

}  // namespace clip::inline CLIP_ABI
