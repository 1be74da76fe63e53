#include <clip/formats/flax.hpp>

#include "tensors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// 0, 1, 2, …
std::vector<float> counted(std::size_t n) {
  std::vector<float> all(n);
  std::iota(all.begin(), all.end(), 0.f);
  return all;
}

StoredTensor array(const std::string& name, std::vector<Index> shape, const std::vector<float>& values) {
  return {name, Dtype::f32, std::move(shape), std::as_bytes(std::span{values})};
}

std::vector<float> values_of(const FileTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.count()));
  convert(tensor, std::span<float>(values));
  return values;
}

FlaxTensors from(std::vector<StoredTensor> arrays) {
  return try_from_flax({"x.npz", 1 << 20, std::move(arrays)}).value();
}

}  // namespace

TEST_CASE("Flax: kernels become PyTorch's weights, each element in its place") {
  const std::vector<float> six = counted(6), n = counted(12), image = counted(2 * 3 * 4 * 5);
  const FlaxTensors t = from({array("a/kernel", {2, 3}, six), array("a/bias", {3}, n), array("ln/scale", {6}, six),
                              array("at/query/kernel", {3, 2, 2}, n), array("at/query/bias", {2, 2}, n),
                              array("at/out/kernel", {2, 2, 3}, n), array("conv/kernel", {2, 3, 4, 5}, image),
                              array("pos_embedding", {1, 2, 3}, six)});
  REQUIRE(t.tensors.size() == 8);
  CHECK(t.tensors[0].name == "a.weight");
  CHECK(t.tensors[0].shape == std::vector<Index>{3, 2});
  CHECK(values_of(t.tensors[0]) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(t.tensors[2].name == "ln.weight");
  CHECK(t.tensors[3].shape == std::vector<Index>{4, 3});
  for (std::size_t head = 0; head < 2; ++head)
    for (std::size_t d = 0; d < 2; ++d)
      for (std::size_t w = 0; w < 3; ++w) {
        CHECK(values_of(t.tensors[3])[(head * 2 + d) * 3 + w] == n[(w * 2 + head) * 2 + d]);
        CHECK(values_of(t.tensors[5])[w * 4 + head * 2 + d] == n[(head * 2 + d) * 3 + w]);
      }
  CHECK(t.tensors[4].shape == std::vector<Index>{4});
  CHECK(t.tensors[5].shape == std::vector<Index>{3, 4});
  CHECK(t.tensors[6].shape == std::vector<Index>{5, 4, 2, 3});
  for (std::size_t y = 0; y < 2; ++y)
    for (std::size_t x = 0; x < 3; ++x)
      for (std::size_t in = 0; in < 4; ++in)
        for (std::size_t out = 0; out < 5; ++out)
          CHECK(values_of(t.tensors[6])[((out * 4 + in) * 2 + y) * 3 + x] == image[((y * 3 + x) * 4 + in) * 5 + out]);
  CHECK(t.tensors[7].shape == std::vector<Index>{1, 2, 3});
  CHECK(t.heads.at("at") == 2);
}

TEST_CASE("Flax: writing is the inverse of reading") {
  const std::vector<float> n = counted(120);
  const auto part = [&](std::size_t count) { return std::vector<float>(n.begin(), n.begin() + std::ptrdiff_t(count)); };
  const std::vector<float> twelve = part(12), six = part(6), three = part(3);
  const std::vector<StoredTensor> arrays{array("at/x/key/kernel", {3, 2, 2}, twelve),
                                         array("at/x/key/bias", {3, 2}, six),
                                         array("at/x/out/kernel", {2, 2, 3}, twelve),
                                         array("at/x/out/bias", {3}, three),
                                         array("at/kernel", {2, 3}, six),
                                         array("at/conv/kernel", {2, 3, 4, 5}, n),
                                         array("at/ln/scale", {3}, three),
                                         array("t", {3}, three)};
  std::vector<TensorToWrite> tensors;
  std::vector<std::vector<float>> kept;
  for (const FileTensor& t : from(arrays).tensors) {
    kept.push_back(values_of(t));
    tensors.push_back({t.name, Dtype::f32, t.shape, std::as_bytes(std::span{kept.back()})});
  }
  tensors[1].shape = {6};
  const auto back = in_flax(tensors, {{"at", 2}});
  REQUIRE(back.size() == arrays.size());
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    CAPTURE(arrays[i].name);
    CHECK(back[i].name == arrays[i].name);
    if (i != 1) CHECK(back[i].shape == arrays[i].shape);
    std::vector<float> expected(static_cast<std::size_t>(arrays[i].count()));
    convert(arrays[i], std::span<float>(expected));
    CHECK(read<float>(back[i]) == expected);
  }
  CHECK(back[1].shape == std::vector<Index>{2, 3});
}

TEST_CASE("Flax: scanned blocks are single blocks") {
  const std::vector<float> n = counted(24), six = counted(6);
  const FlaxTensors t = from({array("img/Transformer/encoderblock/Dense_0/kernel", {4, 2, 3}, n),
                              array("img/Transformer/encoderblock/LayerNorm_0/bias", {2, 3}, six),
                              array("img/Transformer/encoderblock/none", {0, 3}, {})});
  REQUIRE(t.tensors.size() == 7);
  CHECK(t.tensors[0].name == "img.Transformer.encoderblock_0.Dense_0.weight");
  CHECK(t.tensors[3].name == "img.Transformer.encoderblock_3.Dense_0.weight");
  CHECK(values_of(t.tensors[3]) == std::vector<float>{18, 21, 19, 22, 20, 23});
  CHECK(t.tensors[5].name == "img.Transformer.encoderblock_1.LayerNorm_0.bias");
  CHECK(t.tensors[5].shape == std::vector<Index>{3});
}

TEST_CASE("Flax: contradictions and lists beyond the budget are errors") {
  const std::vector<float> n = counted(12), two = counted(2), many = counted(5000);
  const auto message = [](std::vector<StoredTensor> arrays, std::size_t budget = 1 << 20) {
    return try_from_flax({"x.npz", budget, std::move(arrays)}).error().message();
  };
  CHECK(message({array("a/query/kernel", {3, 2, 2}, n), array("a/key/kernel", {3, 1, 4}, n)}) ==
        "x.npz: a/key/kernel: heads: expected 2, found 1");
  CHECK(message({array("a/b", {2}, two), array("a.b", {2}, two)}) == "x.npz: a.b: occurs twice");
  CHECK(message({array("a/encoderblock/bias", {5000}, many)}) ==
        "x.npz: a/encoderblock/bias: blocks: expected at most 4096, found 5000");
  CHECK(
      message({array("a/encoderblock/bias", {12}, n)}, 4000).find("x.npz: its list of tensors takes more than 4000") ==
      0);
}
