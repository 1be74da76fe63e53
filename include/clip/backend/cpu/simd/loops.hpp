// clip/backend/cpu/simd/loops.hpp: loops over the packets of a row, the last one masked.
#pragma once

#include <clip/backend/cpu/simd/functions.hpp>
#include <clip/backend/cpu/simd/simd.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// f(j, mask) for the packets of a row of n values: whole packets, then a masked one for the remainder.
template <class T, class F>
[[gnu::always_inline]] inline void each_packet(Index n, F&& f) {
  Index j = 0;
  for (; j + Simd<T>::size <= n; j += Simd<T>::size) f(j, AllLanes{});
  if (j < n) f(j, FirstLanes{n - j});
}

/// Σ of the packets f(j, mask), where f returns zeros past the end. Four running sums in a fixed pattern: the order of
/// additions depends on n alone.
template <class T, class F>
[[gnu::always_inline]] inline T sum_packets(Index n, F&& f) {
  constexpr Index size = Simd<T>::size;
  Simd<T> s0{0}, s1{0}, s2{0}, s3{0};
  Index j = 0;
  for (; j + 4 * size <= n; j += 4 * size) {
    s0 = s0 + f(j, AllLanes{});
    s1 = s1 + f(j + size, AllLanes{});
    s2 = s2 + f(j + 2 * size, AllLanes{});
    s3 = s3 + f(j + 3 * size, AllLanes{});
  }
  for (; j + size <= n; j += size) s0 = s0 + f(j, AllLanes{});
  if (j < n) s1 = s1 + f(j, FirstLanes{n - j});
  return ((s0 + s1) + (s2 + s3)).sum();
}

/// target += value; a fresh target is overwritten.
template <class T, class Mask>
void accumulate(T* target, bool fresh, Simd<T> value, Mask mask) {
  (fresh ? value : Simd<T>::load(target, mask) + value).store(target, mask);
}

}  // namespace clip::inline CLIP_ABI::cpu
