#include <clip/checkpoint/rewrite.hpp>

#include <clip/core/rng.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace clip;

namespace {

template <class T>
TensorToWrite tensor(std::string name, Dtype dtype, std::vector<Index> shape, const std::vector<T>& values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(std::span{values}), {}};
}

/// Comes in pieces of 7 bytes, which no element fits.
TensorToWrite in_pieces(const TensorToWrite& whole) {
  TensorToWrite t{whole.name, whole.dtype, whole.shape, {}, {}};
  t.produce = [bytes = whole.bytes](const ByteSink& sink) {
    for (std::size_t at = 0; at < bytes.size(); at += 7)
      sink(bytes.subspan(at, std::min<std::size_t>(7, bytes.size() - at)));
  };
  return t;
}

template <class T>
std::vector<T> read(const TensorToWrite& t) {
  const auto bytes = detail::try_bytes_of(t).value();
  std::vector<T> values(static_cast<std::size_t>(StoredTensor{"", t.dtype, t.shape, {}}.count()));
  convert(StoredTensor{t.name, t.dtype, t.shape, bytes}, std::span<T>(values));
  return values;
}

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

TEST_CASE("rewrite: q, k and v are the thirds of their rows, projections are transposed") {
  std::vector<float> values(18);
  std::iota(values.begin(), values.end(), 0.0f);
  std::vector<TensorToWrite> tensors{
      in_pieces(tensor("transformer.resblocks.3.attn.in_proj_weight", Dtype::f32, {6, 3}, values)),
      in_pieces(tensor("text_projection", Dtype::f32, {9, 2}, values))};
  const auto theirs = try_in_dialect(tensors, Dialect::huggingface).value();
  REQUIRE(theirs.size() == 4);
  for (std::size_t part = 0; part < 3; ++part) {
    CHECK(theirs[part].name == std::string("text_model.encoder.layers.3.self_attn.") + "qkv"[part] + "_proj.weight");
    CHECK(theirs[part].shape == std::vector<Index>{2, 3});
    const auto found = read<float>(theirs[part]);
    for (std::size_t i = 0; i < 6; ++i) CHECK(found[i] == static_cast<float>(6 * part + i));
  }
  CHECK(theirs[3].shape == std::vector<Index>{2, 9});
  const auto columns = read<float>(theirs[3]);
  for (std::size_t i = 0; i < 18; ++i) CHECK(columns[i] == static_cast<float>(i % 9 * 2 + i / 9));
}

TEST_CASE("rewrite: Hugging Face has no residual networks") {
  const std::vector<float> values(4);
  const std::vector<TensorToWrite> tensors{tensor("visual.layer1.0.conv1.weight", Dtype::f32, {2, 2, 1, 1}, values)};
  CHECK(try_in_dialect(tensors, Dialect::openclip).value().size() == 1);
  const auto refused = try_in_dialect(tensors, Dialect::huggingface);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::option);
  CHECK(refused.error().message().find("expected openai or openclip, found huggingface") != std::string::npos);
}
