#include <clip/backend/slow_build.hpp>

#include <doctest/doctest.h>

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
