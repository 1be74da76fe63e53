#include <clip/formats/dtype.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace clip;

namespace {
template <class U>
StoredTensor stored(Dtype dtype, const std::vector<U>& values) {
  return {"w", dtype, {static_cast<Index>(values.size())}, std::as_bytes(std::span{values})};
}
}  // namespace

TEST_CASE("dtype: every name maps to its type and back") {
  for (int i = 0; i <= static_cast<int>(Dtype::u64); ++i)
    CHECK(dtype_named(traits(static_cast<Dtype>(i)).name) == static_cast<Dtype>(i));
  CHECK(traits(Dtype::bf16).name == "BF16");
  CHECK(traits(Dtype::f6_e3m2).bits == 6);
  CHECK(traits(Dtype::c64).bits == 64);
  CHECK(!dtype_named("F128"));
  CHECK(!dtype_named("f32"));
}

TEST_CASE("half: all 65536 values match the definition of the format") {
  std::vector<float> all;
  for (std::uint32_t h = 0; h < 65536; ++h) {
    const float value = half_to_float(static_cast<std::uint16_t>(h));
    const int exponent = static_cast<int>((h >> 10) & 31);
    const double fraction = h & 1023, sign = h & 0x8000 ? -1 : 1;
    if (exponent == 31) CHECK((fraction == 0 ? std::isinf(value) && (value < 0) == (sign < 0) : std::isnan(value)));
    else
      CHECK(static_cast<double>(value) ==
            sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25)));
    CHECK(std::signbit(value) == (sign < 0));
    all.push_back(value);
  }
  CHECK(crc32(std::as_bytes(std::span{all})) == 0xE0C069F3U);  // numpy, including NaN payloads
}

TEST_CASE("bfloat16 is the upper half of a float") {
  CHECK(bfloat16_to_float(0x3F80) == 1.0f);
  CHECK(bfloat16_to_float(0xC0A0) == -5.0f);
  CHECK(bfloat16_to_float(0x0001) == std::ldexp(1.0f, -133));
  CHECK(std::isinf(bfloat16_to_float(0x7F80)));
}

TEST_CASE_TEMPLATE("convert reads the four floating-point types, also from unaligned addresses", T, float, double) {
  std::vector<T> out(3);
  const std::vector<T> expected{T(1.5), T(-2), T(0.25)};
  const auto check = [&](Dtype dtype, const auto& values) {
    std::ranges::fill(out, T(9));
    convert(stored(dtype, values), std::span{out});
    CHECK(out == expected);
    const auto bytes = std::as_bytes(std::span{values});
    std::vector<std::byte> shifted(bytes.size() + 1);
    std::ranges::copy(bytes, shifted.begin() + 1);
    std::ranges::fill(out, T(9));
    convert(StoredTensor{"w", dtype, {3, 1}, std::span<const std::byte>{shifted}.subspan(1)}, std::span{out});
    CHECK(out == expected);
  };
  check(Dtype::f16, std::vector<std::uint16_t>{0x3E00, 0xC000, 0x3400});
  check(Dtype::bf16, std::vector<std::uint16_t>{0x3FC0, 0xC000, 0x3E80});
  check(Dtype::f32, std::vector<float>{1.5f, -2.0f, 0.25f});
  check(Dtype::f64, std::vector<double>{1.5, -2.0, 0.25});
}

TEST_CASE("convert: counters are 64-bit integers") {
  std::vector<float> out(3);
  convert(stored(Dtype::i64, std::vector<std::int64_t>{0, 123456, -7}), std::span{out});
  CHECK(out == std::vector<float>{0, 123456, -7});
}

TEST_CASE("convert: a double keeps all its digits, a float rounds them") {
  std::vector<double> d(1);
  std::vector<float> f(1);
  const std::vector<double> third{1.0 / 3};
  convert(stored(Dtype::f64, third), std::span{d});
  convert(stored(Dtype::f64, third), std::span{f});
  CHECK(d[0] == 1.0 / 3);
  CHECK(f[0] == static_cast<float>(1.0 / 3));
}

TEST_CASE("convert: other types and lengths are errors that name the tensor, and nothing is written") {
  std::vector<float> out(2, 9.0f);
  const auto integers = try_convert(stored(Dtype::i32, std::vector<std::int32_t>{1, 2}), std::span{out});
  CHECK(integers.error().message() == "w: element type: expected F16, BF16, F32, F64 or I64, found I32");
  const auto length = try_convert(stored(Dtype::f32, std::vector<float>{1, 2, 3}), std::span{out});
  CHECK(length.error().message() == "w: values: expected 3, found 2");
  CHECK(!try_convert(StoredTensor{"w", Dtype::f32, {2}, {}}, std::span{out}));
  CHECK(out == std::vector<float>(2, 9.0f));
}

TEST_CASE("stored_size: nullopt unless the size is a whole number of bytes without overflow") {
  CHECK(stored_size(Dtype::f32, {}) == 4);
  CHECK(stored_size(Dtype::f16, std::vector<Index>{3, 5}) == 30);
  CHECK(stored_size(Dtype::f64, std::vector<Index>{0, 5}) == 0);
  CHECK(stored_size(Dtype::f4, std::vector<Index>{4}) == 2);
  CHECK(!stored_size(Dtype::f4, std::vector<Index>{3}));
  CHECK(stored_size(Dtype::f6_e2m3, std::vector<Index>{4}) == 3);
  CHECK(!stored_size(Dtype::u8, std::vector<Index>{-1}));
  constexpr Index huge = std::numeric_limits<Index>::max();
  CHECK(!stored_size(Dtype::u8, std::vector<Index>{huge, 2}));
  CHECK(!stored_size(Dtype::f32, std::vector<Index>{huge}));
  CHECK(!stored_size(Dtype::u8, std::vector<Index>{Index{1} << 32, Index{1} << 32}));
}
