// Which of the compiled instruction sets this machine runs. Compiled for the oldest of them, and includes nothing that
// computes.
#include <clip/backend/precompiled/choose.hpp>

#include <cstdlib>
#include <cstring>
#include <iterator>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define CLIP_CHOOSES_DOTPROD 1
#else
#define CLIP_CHOOSES_DOTPROD 0
#endif

using Set = CLIP_PRECOMPILED(set);

extern "C" {
#if defined(__x86_64__)
const Set* CLIP_PRECOMPILED(v4_dot)();
const Set* CLIP_PRECOMPILED(v4_vnni)();
const Set* CLIP_PRECOMPILED(v4)();
const Set* CLIP_PRECOMPILED(v3_vnni)();
const Set* CLIP_PRECOMPILED(v3)();
const Set* CLIP_PRECOMPILED(v2)();
#else
#if CLIP_CHOOSES_DOTPROD
const Set* CLIP_PRECOMPILED(native_dotprod)();
#endif
const Set* CLIP_PRECOMPILED(native)();
#endif
}

namespace {

struct Candidate {
  const char* name;  // in CLIP_CPU
  bool (*runs)();    // on this machine, its operating system included
  const Set* (*set)();
};

#if defined(__x86_64__)
// Those of the psABI's levels that were ever missing in a processor that has the others.
bool runs_v2() { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"); }
bool runs_v3() {
  return runs_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
/// The dot products of bytes that are encoded as AVX2 is (AVX-VNNI), which compilers have no common name for.
bool runs_v3_vnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return runs_v3() && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
}
bool runs_v4() {
  return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
bool runs_v4_vnni() { return runs_v4() && __builtin_cpu_supports("avx512vnni"); }
bool runs_v4_dot() { return runs_v4_vnni() && __builtin_cpu_supports("avx512bf16"); }

/// The best first.
constexpr Candidate candidates[] = {{"v4-dot", runs_v4_dot, CLIP_PRECOMPILED(v4_dot)},
                                    {"v4-vnni", runs_v4_vnni, CLIP_PRECOMPILED(v4_vnni)},
                                    {"v4", runs_v4, CLIP_PRECOMPILED(v4)},
                                    {"v3-vnni", runs_v3_vnni, CLIP_PRECOMPILED(v3_vnni)},
                                    {"v3", runs_v3, CLIP_PRECOMPILED(v3)},
                                    {"v2", runs_v2, CLIP_PRECOMPILED(v2)}};
constexpr const char* no_such_name = "expected v2, v3, v3-vnni, v4, v4-vnni or v4-dot";
constexpr const char* none_runs = "this machine has not even x86-64-v2";
#elif CLIP_CHOOSES_DOTPROD
constexpr unsigned long has_dotprod = 1UL << 20;  // HWCAP_ASIMDDP
constexpr Candidate candidates[] = {
    {"native-dotprod", [] { return (getauxval(AT_HWCAP) & has_dotprod) != 0; }, CLIP_PRECOMPILED(native_dotprod)},
    {"native", [] { return true; }, CLIP_PRECOMPILED(native)}};
constexpr const char* no_such_name = "expected native or native-dotprod";
constexpr const char* none_runs = "";
#else
constexpr Candidate candidates[] = {{"native", [] { return true; }, CLIP_PRECOMPILED(native)}};
constexpr const char* no_such_name = "expected native";
constexpr const char* none_runs = "";
#endif

struct Choice {
  const Set* set = nullptr;
  const char* problem = nullptr;
};

Choice choose() {
  const char* const wanted = std::getenv("CLIP_CPU");
  const bool any = !wanted || !*wanted;
  const char* problem = any ? none_runs : no_such_name;
  for (const Candidate& candidate : candidates) {
    if (!any && std::strcmp(wanted, candidate.name) != 0) continue;
    if (candidate.runs()) return {candidate.set(), nullptr};
    if (!any) problem = "this machine has no such instructions";
  }
  return {nullptr, problem};
}

}  // namespace

const Set* CLIP_PRECOMPILED(choose)(const char** problem) {
  static const Choice choice = choose();
  *problem = choice.problem;
  return choice.set;
}
