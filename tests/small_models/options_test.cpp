// A small CLIPA and a small Meta CLIP 2 against OpenCLIP: features, each gradient, every naming that has them. Made by
// make_options.py.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include "../io/temporary_folder.hpp"
#include "trained.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

constexpr VitClipConfig small(Activation activation) {
  return {.embed_dim = 12,
          .image = {.image_size = 32,
                    .patch_size = 8,
                    .width = 16,
                    .layers = 2,
                    .heads = 2,
                    .activation = activation,
                    .epsilon = 1e-5f},
          .text = {.context = 12,
                   .vocabulary = 50,
                   .width = 16,
                   .layers = 2,
                   .heads = 2,
                   .activation = activation,
                   .epsilon = 1e-5f}};
}
inline constexpr VitClipConfig SmallClipa = [] {
  VitClipConfig c = small(Activation::gelu);
  c.image.mean_pooled = true;
  c.text.causal = false;
  c.text.end = 0;
  c.text.last_pooled = true;
  return c;
}();
inline constexpr VitClipConfig SmallWorldwide = [] {
  VitClipConfig c = small(Activation::quick_gelu);
  c.text.end = 2;
  c.text.pad = 1;
  return c;
}();
using Transformers = Families<List<VitConfig>, List<TextConfig>>;

const std::string options = CLIP_SOURCE_DIR "/tests/golden/options/";
Expected<Transformers> clipas() { return {options + "clipa_expected.safetensors", 0}; }
Expected<Transformers> worldwides() { return {options + "metaclip2_expected.safetensors", 2}; }

constexpr Assumptions two_heads(Activation activation) {
  return {.activation = activation, .image_heads = 2, .text_heads = 2};
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: a small CLIPA and a small Meta CLIP 2 of fixed sizes", B, Cpu<>, Naive<float>) {
  Model<SmallClipa, B> clipa;
  load(clipa, options + "clipa.safetensors");
  check_features(clipa, clipas());
  check_trained(clipa, clipas());
  Model<SmallWorldwide, B> worldwide;
  load(worldwide, options + "metaclip2.safetensors");
  check_features(worldwide, worldwides());
  check_trained(worldwide, worldwides());
}

TEST_CASE("CLIPA: a file without ln_pre is one, and keeps its features under every naming that has it") {
  const auto expected = clipas();
  const std::string path = options + "clipa.safetensors";
  auto model = open<Cpu<>, Transformers>(path, two_heads(Activation::gelu));
  CHECK(model.config() == AnyConfigOf<Transformers>{SmallClipa});
  check_features(model, expected);
  const TemporaryFolder folder;
  save(model, folder / "ours.safetensors");
  CHECK(open<Cpu<>, Transformers>(folder / "ours.safetensors").config() == model.config());
  save(model, folder / "openclip", {.dialect = Dialect::openclip});
  check_features(open<Cpu<>, Transformers>(folder / "openclip"), expected);
  const auto refused = try_save(model, folder / "transformers", {.dialect = Dialect::huggingface});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("transformers has no such CLIP") != std::string::npos);
  const auto single =
      try_convert_file<Transformers>(path, folder / "single.safetensors", {.dialect = Dialect::huggingface});
  REQUIRE_FALSE(single);
  CHECK(single.error().message().find("for a model without visual.ln_pre.weight") != std::string::npos);
  // The padding is part of a text; its number of tokens is not what is pooled.
  Texts one{0}, other{0};
  one.add(std::vector<std::int32_t>{40, 7, 0});
  other.add(std::vector<std::int32_t>{40, 7, 8, 0});
  CHECK(as_doubles(model.encode_text(one)) != as_doubles(model.encode_text(other)));
}

TEST_CASE("Meta CLIP 2: the text ends with the first id 2, in transformers' folder, OpenCLIP's and files of ours") {
  const auto expected = worldwides();
  auto model = open<Cpu<>, Transformers>(options + "metaclip2_transformers");
  AnyConfigOf<Transformers> config{SmallWorldwide};
  config.preprocessing() = model.config().preprocessing();
  CHECK(model.config() == config);
  check_features(model, expected);
  check_trained(model, expected);
  const TemporaryFolder folder;
  model = open<Cpu<>, Transformers>(options + "metaclip2_transformers");
  for (const Dialect dialect : {Dialect::openai, Dialect::openclip, Dialect::huggingface}) {
    CAPTURE(name_of(dialect));
    const std::string path = folder / std::string(name_of(dialect));
    save(model, dialect == Dialect::openai ? path + ".safetensors" : path, {.dialect = dialect});
    const auto again = open<Cpu<>, Transformers>(dialect == Dialect::openai ? path + ".safetensors" : path);
    CHECK(again.text_input().row == SmallWorldwide.text.row());
    check_features(again, expected);
  }
  convert_file<Transformers>(options + "metaclip2.safetensors", folder / "converted",
                             {.dialect = Dialect::huggingface, .config = SmallWorldwide});
  check_features(open<Cpu<>, Transformers>(folder / "converted"), expected);

  AnyModel<Cpu<>, Transformers> another{AnyConfigOf<Transformers>{small(Activation::quick_gelu)}};
  const auto refused = try_load(another, folder / "openai.safetensors");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("text end: expected -1 (the model's), found 2") != std::string::npos);
}

TEST_CASE(
    "both: the same bits alone and in a batch, packed, of sizes known at run time, and with any number of threads") {
  const auto compare = [](const auto& one_thread, const auto& three, const auto& expected) {
    const auto images = one_thread.encode_image(expected.images), same = three.encode_image(expected.images);
    const auto texts = one_thread.encode_text(expected.texts), same_texts = three.encode_text(expected.texts);
    CHECK(std::ranges::equal(images.values(), same.values()));
    CHECK(std::ranges::equal(texts.values(), same_texts.values()));
    for (Index i = 0; i < 3; ++i) {
      Texts alone{expected.texts.eot_id()};
      alone.append(expected.texts, i);
      const auto one = one_thread.encode_text(alone);
      CHECK(std::ranges::equal(one[0], texts[i]));
    }
    for (Index i = 0; i < 2; ++i) {
      const auto pixels = expected.images.image(i);
      const Images alone = Images::from_floats(1, 3, 32, 32, {pixels.begin(), pixels.end()});
      const auto one = one_thread.encode_image(alone);
      CHECK(std::ranges::equal(one[0], images[i]));
    }
  };
  const auto compare_all = [&](const auto& one, auto three, const auto& config, const auto& expected) {
    compare(one, three, expected);
    three.pack();
    compare(one, three, expected);
    compare(one, AnyModel<Cpu<>, Transformers>{AnyConfigOf<Transformers>{config}, Rng{1}}, expected);
    for (const Storage storage : {Storage::bfloat16, Storage::int8}) {
      three.unpack();
      three.pack(storage);
      const auto cosine = [](std::span<const float> a, std::span<const float> b) {
        double ab = 0, aa = 0, bb = 0;
        for (std::size_t i = 0; i < a.size(); ++i) {
          ab += double{a[i]} * double{b[i]};
          aa += double{a[i]} * double{a[i]};
          bb += double{b[i]} * double{b[i]};
        }
        return ab / std::sqrt(aa * bb);
      };
      const auto images = one.encode_image(expected.images), narrow = three.encode_image(expected.images);
      const auto texts = one.encode_text(expected.texts), narrow_texts = three.encode_text(expected.texts);
      CHECK(cosine(images[0], narrow[0]) > 0.995);
      CHECK(cosine(texts[0], narrow_texts[0]) > 0.995);
    }
  };
  compare_all(Model<SmallClipa>{Rng{1}, Cpu<>{{.threads = 1}}}, Model<SmallClipa>{Rng{1}, Cpu<>{{.threads = 3}}},
              SmallClipa, clipas());
  compare_all(Model<SmallWorldwide>{Rng{1}, Cpu<>{{.threads = 1}}},
              Model<SmallWorldwide>{Rng{1}, Cpu<>{{.threads = 3}}}, SmallWorldwide, worldwides());
}

TEST_CASE("a Perception Encoder's text tower opens alone from OpenCLIP's folder, whose image tower is not built") {
  const TemporaryFolder folder;
  const TensorFile given = open_tensors(options + "metaclip2.safetensors");
  std::vector<TensorToWrite> tensors;
  for (const FileTensor& t : given.tensors())
    if (!t.name.starts_with("visual.") && t.name != "logit_scale")
      tensors.push_back({"text." + t.name, t.dtype, t.shape, t.parts[0].bytes, {}});
  const std::vector<std::byte> zeros(2 * 16);
  for (const char* const name : {"visual.trunk.cls_token", "visual.trunk.attn_pool.latent"})
    tensors.push_back({name, Dtype::f16, {1, 1, 16}, zeros, {}});
  tensors.push_back({"visual.trunk.norm_pre.weight", Dtype::f16, {16}, zeros, {}});
  write_safetensors(folder / "open_clip_model.safetensors", tensors);
  put(folder / "open_clip_config.json", R"({"model_cfg": {"embed_dim": 12, "quick_gelu": true,
    "custom_text": true, "vision_cfg": {"image_size": 224, "timm_model_name": "vit_pe_core_base_patch16_224"},
    "text_cfg": {"context_length": 12, "vocab_size": 50, "width": 16, "heads": 2, "layers": 2, "pool_type": "eos"}}})");
  const auto encoder = open_text_encoder<Cpu<>, Transformers>(folder.path);
  check_near("text features", as_doubles(encoder.encode_text(worldwides().texts)), worldwides()("text_features"));
}
