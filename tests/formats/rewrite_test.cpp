#include <clip/formats/rewrite.hpp>

#include <clip/core/rng.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>

#include "../io/temporary_folder.hpp"
#include "tensors.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

std::vector<double> numbers(std::size_t n) {
  Rng rng{3};
  std::vector<double> all(n);
  for (double& x : all) x = rng.normal() * std::exp2(rng.uniform(12));
  return all;
}

}  // namespace

TEST_CASE("rewrite: another type rounds to the nearest, and comes out the same in any pieces") {
  const std::vector<double> values = numbers(100'000);
  const TensorToWrite wide = tensor("w", Dtype::f64, {100, 1000}, values);
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32}) {
    CAPTURE(traits(dtype).name);
    const TensorToWrite narrow = in_dtype(wide, dtype);
    CHECK(narrow.dtype == dtype);
    CHECK(narrow.shape == wide.shape);
    const auto found = read<double>(narrow);
    CHECK(found == read<double>(in_dtype(in_pieces(wide), dtype)));
    const double step = dtype == Dtype::f16 ? 0x1p-11 : dtype == Dtype::bf16 ? 0x1p-8 : 0x1p-24;
    double most = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      most = std::max(most, std::abs(found[i] - values[i]) / std::max(std::abs(values[i]), 0x1p-14));
    CHECK(most <= step * (1 + 1e-12));
    CHECK(most > step / 2);
  }
}

TEST_CASE("rewrite: what a type holds comes back bit for bit") {
  std::vector<std::uint16_t> halves(0x7C00);
  std::iota(halves.begin(), halves.end(), std::uint16_t{0});
  const TensorToWrite t = tensor("w", Dtype::f16, {0x7C00}, halves);
  const auto bytes = [](const TensorToWrite& x) { return detail::try_bytes_of(x).value(); };
  CHECK(bytes(in_dtype(in_dtype(t, Dtype::f32), Dtype::f16)) == bytes(t));
  CHECK(bytes(in_dtype(in_dtype(t, Dtype::f64), Dtype::f16)) == bytes(t));
  CHECK(bytes(in_dtype(t, Dtype::f16)) == bytes(t));
}

TEST_CASE("rewrite: a double is rounded once, not by way of a float") {
  // Just above the middle of two halves: a float is the middle itself, whose even neighbour is below.
  const std::vector<double> values{1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1 + 3 * 0x1p-11 - 0x1p-40,
                                   -(1 + 0x1p-11 + 0x1p-40)};
  CHECK(read<double>(in_dtype(tensor("w", Dtype::f64, {4}, values), Dtype::f16)) ==
        std::vector<double>{1 + 0x1p-10, 1, 1 + 0x1p-10, -1 - 0x1p-10});
}

TEST_CASE(
    "rewrite: infinity and NaN stay what they are, and a finite value that would become infinite is an error with its "
    "name") {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> special{infinity, -infinity, std::nanf(""), 65504, -65519};
  const auto kept = read<float>(in_dtype(tensor("w", Dtype::f32, {5}, special), Dtype::f16));
  CHECK(kept[0] == infinity);
  CHECK(kept[1] == -infinity);
  CHECK(std::isnan(kept[2]));
  CHECK(kept[3] == 65504);
  CHECK(kept[4] == -65504);
  const TemporaryFolder folder;
  const auto refused = [&](Dtype from, const auto& values, Dtype to) {
    const std::vector<TensorToWrite> one{in_dtype(tensor("visual.proj", from, {1}, values), to)};
    const auto result = try_write_safetensors(folder / "a", one);
    REQUIRE(!result);
    CHECK(result.error().kind() == ErrorKind::numeric);
    CHECK(folder.entries() == 0);
    return result.error().message();
  };
  CHECK(refused(Dtype::f32, std::vector<float>{65520}, Dtype::f16) == "visual.proj: 65520 is too large for F16");
  CHECK(refused(Dtype::f32, std::vector<float>{-3.4e38f}, Dtype::bf16) ==
        "visual.proj: -3.4e+38 is too large for BF16");
  CHECK(refused(Dtype::f64, std::vector<double>{1e39}, Dtype::f32) == "visual.proj: 1e+39 is too large for F32");
}

TEST_CASE("rewrite: integers are not converted, counters become integers") {
  const std::vector<std::int64_t> ids{1, 2};
  CHECK(in_dtype(tensor("ids", Dtype::i64, {2}, ids), Dtype::f16).dtype == Dtype::i64);
  const std::vector<float> counter{123456};
  const TensorToWrite whole = in_integers(tensor("n", Dtype::f32, {}, counter));
  CHECK(whole.dtype == Dtype::i64);
  CHECK(read<double>(whole) == std::vector<double>{123456});
}

TEST_CASE("rewrite: some rows of a matrix are those rows, in any pieces") {
  const std::vector<double> values = numbers(70 * 13);
  const TensorToWrite whole = tensor("w", Dtype::f64, {70, 13}, values);
  const std::vector<std::int32_t> rows{0, 1, 17, 42, 69};
  std::vector<double> expected;
  for (const std::int32_t row : rows)
    expected.insert(expected.end(), values.begin() + row * 13, values.begin() + (row + 1) * 13);
  for (const TensorToWrite& from : {whole, in_pieces(whole)}) {
    const TensorToWrite some = detail::rows_of(from, rows);
    CHECK(some.shape == std::vector<Index>{5, 13});
    CHECK(read<double>(some) == expected);
    CHECK(read<double>(in_dtype(in_dtype(some, Dtype::f64), Dtype::f64)) == expected);
  }
}
