#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>
#include <clip/backend/slow_build.hpp>
#include <clip/core/notice.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace clip::cpu;

TEST_CASE("a build is called slow below half of its machine, or without optimisation") {
  constexpr SimdWidth plain{4, false}, neon{4, true}, avx2{8, true}, avx512{16, true};
  for (const SimdWidth machine : {plain, neon, avx2, avx512}) {
    CHECK(slow_build_warning(true, machine, machine) == nullptr);
    CHECK(slow_build_warning(false, machine, machine) != nullptr);
  }
  CHECK(slow_build_warning(true, avx2, avx512) == nullptr);
  CHECK(std::string_view{slow_build_warning(true, plain, avx2)}.find("AVX2") != std::string_view::npos);
  CHECK(std::string_view{slow_build_warning(true, plain, avx512)}.find("AVX-512") != std::string_view::npos);
}

TEST_CASE("this machine has the width these tests were compiled for") {
  CHECK(machine_width().rate() >= compiled_width().rate());
}

TEST_CASE("int8 weights are called slow once, and only where products of integers are missing") {
  static int said;
  said = 0;
  clip_process::said = 0;
  clip::set_notice([](const char*) { ++said; });
  clip::Cpu<float>::warn_slow_layout(clip::CpuLayout::panels);
  clip::Cpu<float>::warn_slow_layout(clip::CpuLayout::bfloat16_panels);
  CHECK(said == 0);
  for (int i = 0; i < 3; ++i) clip::Cpu<float>::warn_slow_layout(clip::CpuLayout::int8_panels);
  clip::set_notice(nullptr);
  const bool fast = clip::Cpu<float>::multiplies_int8();
  CHECK((fast || !is_avx2));
  CHECK(said == (fast ? 0 : 1));
  CHECK((clip::Cpu<float>{}.describe().find("int8 products") == std::string::npos) == fast);
}
