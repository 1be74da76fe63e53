// clip/backend/cpu/norms.hpp: layer norm and L2 normalisation of rows, forward and backward.
#pragma once

#include <clip/backend/cpu/threads/loops.hpp>
#include <clip/core/unit_row.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// y = (x - μ) r γ + β for one row of n values. Returns μ and r.
template <class T>
std::pair<T, T> layer_norm_row(const T* x, Index n, const T* gain, const T* bias, double epsilon, T* y) {
  using P = Simd<T>;
  const T count = static_cast<T>(n);
  const T mean = sum_packets<T>(n, [&](Index j, auto mask) { return P::load(x + j, mask); }) / count;
  const P m{mean};
  const T squares = sum_packets<T>(n, [&](Index j, auto mask) {
    const P d = P::load(x + j, mask, mean) - m;
    return d * d;
  });
  const T r = 1 / std::sqrt(squares / count + static_cast<T>(epsilon));
  const P scale{r};
  each_packet<T>(n, [&](Index j, auto mask) {
    fma((P::load(x + j, mask) - m) * scale, P::load(gain + j, mask), P::load(bias + j, mask)).store(y + j, mask);
  });
  return {mean, r};
}

template <class T, class Self>
struct NormPrimitives {
  /// y = (x - μ) r γ + β,  r = 1/√(σ² + ε).          saved = (μ, r)
  void layer_norm(In<T> x, In<T> gain, In<T> bias, double epsilon, Out<T> y, Saved<T> saved) {
    parallel_rows(workers(), x.rows, x.cols, [&](Index i) {
      const auto [mean, r] = layer_norm_row(x.row(i), x.cols, gain.row(0), bias.row(0), epsilon, y.row(i));
      if (saved) {
        saved(i, 0) = mean;
        saved(i, 1) = r;
      }
    });
  }

  /// With x̂ = (x - μ) r and g = γ dy:   dx += r (g - mean(g) - x̂ mean(g x̂)),   dγ += Σ dy x̂,   dβ += Σ dy
  void layer_norm_backward(In<T> x, In<T> gain, In<T> saved, In<T> dy, Acc<T> dx, Acc<T> dgain, Acc<T> dbias) {
    const T n = static_cast<T>(x.cols);
    const bool sums = dgain || dbias;
    const Index height = block_rows(x.rows), blocks = ceil_div(x.rows, height), stride = round_up(x.cols, P::size);
    ParallelRegion region{workers()};
    T* partials = region.template shared<T>(sums ? 2 * blocks * stride : 0);
    const auto add_block = [&](Index block) {
      T *gains = partials + block * stride, *biases = gains + blocks * stride;
      if (sums)
        for (Index j = 0; j < stride; ++j) {
          gains[j] = 0;
          biases[j] = 0;
        }
      for (Index i = block * height; i < std::min(x.rows, (block + 1) * height); ++i) {
        const T *row = x.row(i), *d = dy.row(i);
        const T mean = saved(i, 0), r = saved(i, 1);
        const P m{mean}, scale{r};
        P g_sum{0}, gx_sum{0};
        if (dx)
          each_packet<T>(x.cols, [&](Index j, auto mask) {
            const P g = P::load(gain.row(0) + j, mask) * P::load(d + j, mask);
            g_sum = g_sum + g;
            gx_sum = fma(g, (P::load(row + j, mask) - m) * scale, gx_sum);
          });
        const P g_mean{g_sum.sum() / n}, gx_mean{gx_sum.sum() / n};
        each_packet<T>(x.cols, [&](Index j, auto mask) {
          const P slope = P::load(d + j, mask), normal = (P::load(row + j, mask) - m) * scale;
          if (sums) {
            fma(slope, normal, P::load(gains + j)).store(gains + j);
            (P::load(biases + j) + slope).store(biases + j);
          }
          if (dx)
            accumulate(dx.row(i) + j, dx.fresh,
                       scale * (P::load(gain.row(0) + j, mask) * slope - g_mean - normal * gx_mean), mask);
        });
      }
    };
    const Index blocks_per_task = std::max<Index>(1, serial_limit / 2 / (height * std::max<Index>(x.cols, 1)));
    region.template parallel<T>(ceil_div(blocks, blocks_per_task), 0, [&](Index task, T*) {
      for (Index block = task * blocks_per_task; block < std::min(blocks, (task + 1) * blocks_per_task); ++block)
        add_block(block);
    });
    if (dgain) sum_partials(partials, blocks, stride, dgain);
    if (dbias) sum_partials(partials + blocks * stride, blocks, stride, dbias);
  }

  /// y = x / |x|.          saved = |x|
  void normalize(In<T> x, Out<T> y, Saved<T> saved) {
    parallel_rows(workers(), x.rows, x.cols, [&](Index i) {
      const T* row = x.row(i);
      const T squares = sum_packets<T>(x.cols, [&](Index j, auto mask) {
        const P value = P::load(row + j, mask);
        return value * value;
      });
      T length = std::sqrt(squares);
      if (detail::out_of_range(squares)) [[unlikely]]
        length = detail::scaled_unit_row(row, y.row(i), x.cols);
      else
        each_packet<T>(x.cols,
                       [&](Index j, auto mask) { (P::load(row + j, mask) / P(length)).store(y.row(i) + j, mask); });
      if (saved) saved(i, 0) = length;
    });
  }

  /// With u = x / |x|:   dx += (dy - u (u·dy)) / |x|
  void normalize_backward(In<T> x, In<T> saved, In<T> dy, Acc<T> dx) {
    parallel_rows(workers(), x.rows, x.cols, [&](Index i) {
      const T *row = x.row(i), *d = dy.row(i);
      const P length{saved(i, 0)};
      const P projection{sum_packets<T>(
          x.cols, [&](Index j, auto mask) { return P::load(row + j, mask) / length * P::load(d + j, mask); })};
      each_packet<T>(x.cols, [&](Index j, auto mask) {
        accumulate(dx.row(i) + j, dx.fresh,
                   (P::load(d + j, mask) - P::load(row + j, mask) / length * projection) / length, mask);
      });
    });
  }

 private:
  using P = Simd<T>;
  Workers& workers() { return static_cast<Self&>(*this).workers(); }
};

}  // namespace clip::inline CLIP_ABI::cpu
