// Tests of the linked backend: every primitive against Naive, results that do not depend on the threads, and errors
// that cross the library boundary. Compiled for the oldest CPU; runs once per instruction set (CLIP_CPU).
#include <clip/backend/cpu.hpp>
#include <clip/backend/cpu/peak.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "../support/same.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

using namespace clip;
using namespace clip::testing;

static_assert(PackingBackend<Cpu<float>>);

TEST_CASE("the kernels are those that CLIP_CPU selects") {
  const std::string found = Cpu<float>{{.threads = 2}}.describe();
  std::puts(found.c_str());
  CHECK(found.starts_with("cpu float32, "));
  CHECK(found.ends_with(", 2 threads"));
  const char* const wanted = std::getenv("CLIP_CPU");
  if (wanted && *wanted == 'v') CHECK(found.find("x86-64-" + std::string(wanted).substr(0, 2)) != std::string::npos);
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  if (wanted && *wanted == 'v') CHECK(has(found, "dot") == (has(wanted, "-dot") || has(wanted, "-vnni")));
}

namespace {

void check_like_naive(std::initializer_list<Setting> settings) {
  Naive<float> naive;
  Cpu<float> cpu{{.threads = 2}};
  for (const Setting& setting : settings)
    check_close(run_primitives(cpu, setting), run_primitives(naive, setting), setting);
}

}  // namespace

TEST_CASE("linked kernels and Naive agree on every primitive") {
  check_like_naive({{1, 1, 1, true, false, true}, {7, 17, 9, false, true, false}, {13, 33, 31, true, true, true}});
}

TEST_CASE("linked kernels and Naive agree on every primitive of many rows") {
  check_like_naive({{25, 64, 16, false, false, true}, {200, 147, 64, true, false, true}});
}

TEST_CASE("linked kernels give the same bits on any number of threads, and to concurrent callers") {
  const Setting setting{301, 147, 65, false, false, true};
  Cpu<float> one{{.threads = 1}}, three{{.threads = 3}};
  const auto alone = run_primitives(one, setting);
  for (const auto& result : run_by_three_callers(three, setting)) check_equal(alone, result);
}

TEST_CASE("linked kernels report the peak of the machine") { CHECK(peak_flops(CpuLayout::panels, 1) > 0); }

TEST_CASE("an error crosses the library boundary with its type and place") {
  Cpu<float> cpu{{.threads = 1}};
  float x[4] = {}, y[4] = {};
  try {
    cpu.average_pool({x, 4, 1}, Grid{1, 2, 2}, 3, {y, 1, 1});
    FAIL("a window larger than the image was accepted");
  } catch (const ShapeError& e) {
    CHECK(e.place() == "window");
    CHECK(e.message() == "window: pixels under it: expected 3, found 2");
  }
}

TEST_CASE("a packed model on linked kernels gives the same bits as unpacked, and Naive's features") {
  const Model<Odd, Naive<float>> naive{Rng{1}};
  const Model<Odd> rows{Rng{1}};
  const Images images = random_images(Odd, 5, Rng{2});
  const Texts texts = random_texts(Odd, 7, Rng{3});
  const auto image = rows.encode_image(images);
  const auto check_same = [&](const Model<Odd>& a, const Model<Odd>& b) {
    const auto a_image = a.encode_image(images), b_image = b.encode_image(images);
    const auto a_text = a.encode_text(texts), b_text = b.encode_text(texts);
    CHECK(std::ranges::equal(a_image.values(), b_image.values()));
    CHECK(std::ranges::equal(a_text.values(), b_text.values()));
  };
  for (const Storage storage : {Storage::full, Storage::half, Storage::bfloat16, Storage::int8}) {
    Model<Odd> packed{Rng{1}, Cpu<>{{.threads = 3}}}, other{Rng{1}, Cpu<>{{.threads = 1}}};
    packed.pack(storage);
    if (storage == Storage::full) check_same(packed, rows);
    other.pack(storage);
    check_same(packed, other);
    if (storage != Storage::half) continue;
    other.unpack();  // the same values, unpacked
    check_same(packed, other);
  }
  const auto expected = naive.encode_image(images);
  for (std::size_t i = 0; i < image.values().size(); ++i)
    CHECK(std::abs(image.values()[i] - expected.values()[i]) <= 1e-5f);
}
