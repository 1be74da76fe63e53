// clip/backend/cpu/convolution/winograd_transforms.hpp: Winograd F(2×2, 3×3) transforms of packets.
//
// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for a tile of 2×2 outputs from 4×4 pixels   (Winograd 1980; Lavin & Gray 2016)
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>

#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// f(0), f(1), … f(n - 1) with constants, so that small arrays of packets stay in registers.
template <int n, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, i>{}), ...);
  }
  (std::make_integer_sequence<int, n>{});
}

/// Bᵀ d along one dimension, in place, for values `step` apart.
template <int step, class P>
[[gnu::always_inline]] inline void winograd_pixels(P* d) {
  const P d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
  d[0] = d0 - d2;
  d[step] = d1 + d2;
  d[2 * step] = d2 - d1;
  d[3 * step] = d1 - d3;
}
/// G g along one dimension.
template <int step, class P>
[[gnu::always_inline]] inline void winograd_weights(const P* g, P* to) {
  const P half{0.5}, even = half * (g[0] + g[2 * step]), odd = half * g[step];
  to[0] = g[0];
  to[step] = even + odd;
  to[2 * step] = even - odd;
  to[3 * step] = g[2 * step];
}
/// Aᵀ m along one dimension.
template <int step, class P>
[[gnu::always_inline]] inline void winograd_sums(const P* m, P* to) {
  to[0] = m[0] + m[step] + m[2 * step];
  to[step] = m[step] - m[2 * step] - m[3 * step];
}

/// Line i of G g Gᵀ for a panel of 3×3 weights, (9, channels, width): four positions `plane` apart.
template <int i, class T>
void transform_weight_line(const T* from, Index channels, T* to, Index plane) {
  using P = Simd<T>;
  const Index n = channels * panel_width<T>;
  for (Index j = 0; j < n; j += P::size) {
    P g[9], lines[12], u[4];  // the compiler drops the lines that are not i
    unrolled<9>([&](auto tap) { g[tap] = P::load(from + tap * n + j); });
    unrolled<3>([&](auto column) { winograd_weights<3>(g + column, lines + column); });
    winograd_weights<1>(lines + 3 * i, u);
    unrolled<4>([&](auto position) { u[position].store(to + position * plane + j); });
  }
}

}  // namespace clip::inline CLIP_ABI::cpu
