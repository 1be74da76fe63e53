// A residual network in every dialect that has one: names, counters, and files without counters.
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/model/model.hpp>

#include <clip/backend/naive.hpp>
#include <clip/tower/clip_resnet/openai.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using namespace clip;

namespace {

inline constexpr ClipConfig<ResNetConfig, TextConfig> TinyResNet{
    .embed_dim = 6,
    .image = {.image_size = 32, .layers = {1, 1, 1, 2}, .width = 2},
    .text = {.context = 4,
             .vocabulary = 7,
             .width = 64,
             .layers = 1,
             .heads = 1,
             .activation = Activation::quick_gelu,
             .epsilon = 1e-5f}};
using Tiny = Model<TinyResNet, Naive<float>>;

template <class M>
std::map<std::string, std::vector<float>> weights_of(const M& model) {
  std::map<std::string, std::vector<float>> all;
  visit_parameters(
      model, [&](std::string_view name, const auto& p) { all[std::string(name)].assign(p.data, p.data + p.count()); });
  return all;
}

/// Random weights; counters are integers.
Tiny made() {
  Tiny model{Rng{4}};
  visit_parameters(model, [](std::string_view, auto& p) {
    if (p.kind == ParameterKind::counter) *p.data = 12345;
  });
  return model;
}

bool is_counter(std::string_view name) { return name.ends_with(".num_batches_tracked"); }

}  // namespace

TEST_CASE("residual network: counters are integers in files and are preserved") {
  const TemporaryFolder folder;
  Tiny model = made(), again;
  for (const std::optional<Dtype> dtype : {std::optional<Dtype>{}, std::optional{Dtype::f32}}) {
    save(model, folder / "a", {.dtype = dtype});
    const Safetensors file = open_safetensors(folder / "a");
    int counters = 0;
    for (const StoredTensor& t : file.tensors()) {
      CHECK((t.dtype == Dtype::i64) == is_counter(t.name));
      if (!is_counter(t.name)) continue;
      ++counters;
      CHECK(t.shape.empty());
      CHECK(load_little<std::uint64_t>(t.bytes.data()) == 12345);
    }
    CHECK(counters == 3 + 3 * 5 + 4);
    load(again, folder / "a");
    CHECK(weights_of(again) == weights_of(model));
  }
}

TEST_CASE("residual network: a file without counters loads, one with invalid counters does not") {
  const TemporaryFolder folder;
  Tiny model = made();
  save(model, folder / "a");
  const Safetensors file = open_safetensors(folder / "a");
  std::vector<TensorToWrite> kept;
  for (const StoredTensor& t : file.tensors())
    if (!is_counter(t.name)) kept.push_back({t.name, t.dtype, t.shape, t.bytes, {}});
  write_safetensors(folder / "without", kept);
  Tiny again;
  load(again, folder / "without");
  for (const auto& [name, values] : weights_of(again))
    CHECK(values == (is_counter(name) ? std::vector<float>{0} : weights_of(model).at(name)));
  CHECK(load_partial(again, folder / "without").missing.empty());

  const std::vector<std::int32_t> number{3};
  kept.push_back({"visual.bn1.num_batches_tracked", Dtype::i32, {}, std::as_bytes(std::span{number}), {}});
  write_safetensors(folder / "wrong", kept);
  CHECK(try_load(again, folder / "wrong")
            .error()
            .message()
            .find("visual.bn1.num_batches_tracked: F16, BF16, F32 or F64 expected, I32 found") != std::string::npos);
}

TEST_CASE("residual network: OpenCLIP's folder opens as the same model; Hugging Face's dialect is an error") {
  const TemporaryFolder folder;
  Tiny model = made();
  save(model, folder / "clip", {.dialect = Dialect::openclip});
  const AnyModel again = clip::open<Naive<float>>(folder / "clip");
  CHECK(again.config() == AnyConfig{TinyResNet});
  CHECK(weights_of(again) == weights_of(model));
  for (const char* path : {"theirs", "theirs.safetensors"}) {
    const auto refused = try_save(model, folder / path, {.dialect = Dialect::huggingface});
    REQUIRE(!refused);
    CHECK(refused.error().kind() == ErrorKind::option);
    CHECK(refused.error().message().find("transformers has no such CLIP") != std::string::npos);
  }
  CHECK(folder.entries() == 1);
}

TEST_CASE("residual network: conversion without a model keeps every byte") {
  const TemporaryFolder folder;
  Tiny model = made();
  save(model, folder / "a");
  convert_file(folder / "a", folder / "b");
  CHECK(get(folder / "a") == get(folder / "b"));
  convert_file(folder / "a", folder / "half.safetensors", {.dialect = Dialect::openclip, .dtype = Dtype::f16});
  const Safetensors half = open_safetensors(folder / "half.safetensors");
  for (const StoredTensor& t : half.tensors()) CHECK(t.dtype == (is_counter(t.name) ? Dtype::i64 : Dtype::f16));
}
