// clip/backend/slow_build.hpp: says once that a program was compiled to be far slower than its machine.
#pragma once

#include <clip/core/notice.hpp>

namespace clip::inline CLIP_ABI {

/// Floats a machine, or what was compiled for it, computes side by side; with `fma`, two operations on each.
struct Width {
  int lanes = 4;
  bool fma = false;
  constexpr int rate() const { return lanes * (fma ? 2 : 1); }
};

/// What this unit was compiled for.
constexpr Width compiled_width() {
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

/// What this machine has.
inline Width machine_width() {
#if defined(__x86_64__) || defined(__i386__)
  if (__builtin_cpu_supports("avx512f")) return {16, true};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {8, true};
#endif
  return compiled_width();
}

/// The sentence for a build of that width, optimised or not, on a machine of another; null where the machine is used at half its width
/// or better.
constexpr const char* slow_build(bool optimised, Width compiled, Width machine) {
  if (!optimised) return "compiled without optimisation: tens of times slower than with -O2";
  if (2 * compiled.rate() >= machine.rate()) return nullptr;
  return machine.lanes == 16 ? "compiled for a much older machine than this one, which has AVX-512: several times "
                               "faster with -march=native or clip::precompiled"
                             : "compiled for a much older machine than this one, which has AVX2: several times faster "
                               "with -march=native or clip::precompiled";
}

/// Tells of the build at hand.
inline void notice_slow_build() {
#if defined(__OPTIMIZE__)
  constexpr bool optimised = true;
#else
  constexpr bool optimised = false;
#endif
  if (const char* sentence = slow_build(optimised, compiled_width(), machine_width()))
    say_once(Topic::slow_build, sentence);
}

}  // namespace clip::inline CLIP_ABI
