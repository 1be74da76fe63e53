// clip/backend/slow_build.hpp: one-time warning that this build uses far less than the machine's SIMD width.
#pragma once

#include <clip/core/notice.hpp>

namespace clip::inline CLIP_ABI::cpu {

/// SIMD width: float lanes, and whether a multiply-add is one instruction (two operations per lane).
struct SimdWidth {
  int lanes = 4;
  bool fma = false;
  constexpr int rate() const { return lanes * (fma ? 2 : 1); }
};

/// The width this translation unit was compiled for.
constexpr SimdWidth compiled_width() {
#if defined(__AVX512F__)
  return {16, true};
#elif defined(__AVX2__) && defined(__FMA__)
  return {8, true};
#elif defined(__aarch64__)
  return {4, true};
#else
  return {};
#endif
}

/// The width this machine has.
inline SimdWidth machine_width() {
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports("avx512f")) return {16, true};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {8, true};
#endif
  return compiled_width();
}

/// The warning for a build of one width, optimised or not, on a machine of another; null if the build reaches half of
/// the machine's rate or more.
constexpr const char* slow_build_warning(bool optimised, SimdWidth compiled, SimdWidth machine) {
  if (!optimised) return "compiled without optimisation: tens of times slower than with -O2";
  if (2 * compiled.rate() >= machine.rate()) return nullptr;
  return machine.lanes == 16 ? "compiled for a much older machine than this one, which has AVX-512: several times "
                               "faster with -march=native or clip::precompiled"
                             : "compiled for a much older machine than this one, which has AVX2: several times faster "
                               "with -march=native or clip::precompiled";
}

/// Warns once per process if this build is slow on this machine.
inline void warn_slow_build() {
#if defined(__OPTIMIZE__)
  constexpr bool optimised = true;
#else
  constexpr bool optimised = false;
#endif
  if (const char* warning = slow_build_warning(optimised, compiled_width(), machine_width()))
    say_once(Topic::slow_build, warning);
}

/// Warns once per process that int8 weights save memory here, but no time.
inline void warn_slow_int8() {
  say_once(
      Topic::slow_int8,
      "int8 weights are slower than float weights on this processor, which has no products of integers for them: they "
      "are widened in every product, and save memory only");
}

}  // namespace clip::inline CLIP_ABI::cpu
