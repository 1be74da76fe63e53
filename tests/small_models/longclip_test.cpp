// A small Long-CLIP against OpenCLIP, which computes with the fold of its two tables of positions: features, each
// gradient, every naming, stretched positions; and JettCLIP, which is trained here only. make_longclip.py made the
// numbers.
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/pairs.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/clip_vit/longclip.hpp>
#include <clip/tower/conv_vit/jettclip.hpp>
#include <clip/train/objective.hpp>

#include "../io/temporary_folder.hpp"
#include "trained.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

inline constexpr VitClipConfig SmallLong{.embed_dim = 12,
                                         .image = {.image_size = 32,
                                                   .patch_size = 8,
                                                   .width = 16,
                                                   .layers = 2,
                                                   .heads = 2,
                                                   .activation = Activation::quick_gelu,
                                                   .epsilon = 1e-5f},
                                         .text = {.context = 248,
                                                  .vocabulary = 60,
                                                  .width = 16,
                                                  .layers = 2,
                                                  .heads = 2,
                                                  .activation = Activation::quick_gelu,
                                                  .epsilon = 1e-5f,
                                                  .two_tables = true}};
using Transformers = Families<List<VitConfig, ConvVitConfig>, List<TextConfig>>;

std::string path_of(const std::string& name) { return CLIP_SOURCE_DIR "/tests/golden/" + name + ".safetensors"; }

Expected<Transformers> expected_of() { return {path_of("longclip/small_expected"), 59}; }

constexpr Assumptions two_heads{.image_heads = 2, .text_heads = 2};

/// The small Long-CLIP with its two tables of positions.
const std::string long_path = path_of("longclip/small_original");

}  // namespace

TEST_CASE_TEMPLATE(
    "reference numbers: a small Long-CLIP of fixed sizes, from files with two tables of positions and one", B, Cpu<>,
    Naive<float>) {
  const auto expected = expected_of();
  Model<SmallLong, B> model;
  load(model, long_path);
  check_features(model, expected);
  check_trained(model, expected);
  load(model, path_of("longclip/small_transformers"));
  check_features(model, expected);
}

TEST_CASE("reference numbers: a small Long-CLIP whose sizes are those of the file, under every naming") {
  const auto expected = expected_of();
  auto model = open<Cpu<>, Transformers>(long_path, two_heads);  // its activation follows from the second table
  CHECK(std::get<TextConfig>(model.config().text) == SmallLong.text);
  CHECK(std::get<VitConfig>(model.config().image) == SmallLong.image);
  check_features(model, expected);
  check_trained(model, expected);
  const TemporaryFolder folder;
  load(model, long_path);
  Assumptions assumed = two_heads;
  assumed.activation = Activation::quick_gelu;
  for (const Dialect dialect : dialects) {
    if (is_closed(dialect)) continue;  // has no such image tower
    CAPTURE(name_of(dialect));
    const std::string path = folder / (std::string(name_of(dialect)) + ".safetensors");
    save(model, path, {.dialect = dialect});
    const auto again = open<Cpu<>, Transformers>(path);
    CHECK(std::get<TextConfig>(again.config().text).two_tables == (dialect == Dialect::openai));
    check_features(again, expected);
    const std::string converted = folder / ("converted_" + std::string(name_of(dialect)) + ".safetensors");
    convert_file<Transformers>(long_path, converted, {.dialect = dialect});
    check_features(open<Cpu<>, Transformers>(converted, assumed), expected);
  }
}

TEST_CASE(
    "Long-CLIP: converted to one table of positions and back to two, it computes the same; inspect says what it cannot "
    "tell") {
  const auto expected = expected_of();
  const TemporaryFolder folder;
  const std::string one = path_of("longclip/small_transformers"), two = folder / "two.safetensors";
  convert_file<Transformers>(one, two, {.config = SmallLong});
  const TensorFile file = open_tensors(two);
  REQUIRE(file.find("positional_embedding_res") != nullptr);
  CHECK(file.find("positional_embedding_res")->shape == std::vector<Index>{248, 16});
  check_features(open<Cpu<>, Transformers>(two), expected);
  convert_file<Transformers>(two, folder / "fold.safetensors", {.dialect = Dialect::huggingface});
  const TensorFile fold = open_tensors(folder / "fold.safetensors"), given = open_tensors(one);
  CHECK(fold.tensors().size() == given.tensors().size());
  for (const FileTensor& t : given.tensors()) {
    REQUIRE(fold.find(t.name) != nullptr);
    CHECK(std::ranges::equal(fold.find(t.name)->parts[0].bytes, t.parts[0].bytes));
  }
  Assumptions assumed = two_heads;
  assumed.activation = Activation::quick_gelu;
  CHECK(inspect<Transformers>(one, assumed).remark.find("one table of positions") != std::string::npos);
  CHECK(inspect<Transformers>(long_path, assumed).remark.empty());
}

TEST_CASE(
    "Long-CLIP: positions of a CLIP are stretched on request, and the first of a Long-CLIP's taken for its context") {
  VitClipConfig c = SmallLong;
  c.text.context = 77;
  c.text.two_tables = false;
  const TemporaryFolder folder;
  const std::string path = folder / "77.safetensors";
  AnyModel<Cpu<>, Transformers> original{AnyConfigOf<Transformers>{c}, Rng{3}};
  save(original, path);

  AnyModel<Cpu<>, Transformers> stretched{AnyConfigOf<Transformers>{SmallLong}};
  const auto refused = try_load(stretched, path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("positional_embedding: shape (248, 16) expected, (77, 16) found (set "
                                       "LoadOptions::positions to interpolate it)") != std::string::npos);
  load(stretched, path, {.positions = Interpolate::longclip});
  Texts short_text{59};
  short_text.add(std::vector<std::int32_t>{58, 3, 4, 5, 59});
  CHECK(as_doubles(stretched.encode_text(short_text)) == as_doubles(original.encode_text(short_text)));
  const auto table = [](const auto& model, std::string_view name) {
    Values values;
    for (const auto& [found, p] : named_parameters<float>(model))
      if (found == name) values.assign(p->data, p->data + p->count());
    return values;
  };
  const Values before = table(original, "positional_embedding");
  const std::vector<float> expected = stretch_positions(std::vector<float>(before.begin(), before.end()), 16);
  CHECK(table(stretched, "positional_embedding") == Values(expected.begin(), expected.end()));
  CHECK(table(stretched, "positional_embedding_res") == Values(expected.begin(), expected.end()));

  load(original, long_path, {.positions = Interpolate::longclip});  // 77 positions of Long-CLIP's
  AnyModel<Cpu<>, Transformers> whole{AnyConfigOf<Transformers>{SmallLong}};
  load(whole, long_path);
  Texts texts{59};
  texts.add(std::vector<std::int32_t>{58, 3, 4, 5, 59});
  std::vector<std::int32_t> row(77, 7);
  row[0] = 58;
  row[76] = 59;
  texts.add(row);
  CHECK(as_doubles(original.encode_text(texts)) == as_doubles(whole.encode_text(texts)));
}

TEST_CASE(
    "JettCLIP: with MobileCLIP's text towers for 248 tokens, causal or not, a model trains, is saved and opened") {
  for (const bool causal : {true, false}) {
    CAPTURE(causal);
    ConvVitClipConfig c{.embed_dim = 12,
                        .image = {.image_size = 64,
                                  .width = 32,
                                  .layers = 2,
                                  .heads = 4,
                                  .activation = Activation::gelu,
                                  .epsilon = 1e-6f,
                                  .stem_padding = 0},
                        .text = SmallLong.text};
    c.text.activation = Activation::gelu;
    c.text.causal = causal;
    AnyModel<Cpu<>, Transformers> model{AnyConfigOf<Transformers>{c}, Rng{5}};
    const auto expected = expected_of();
    const Images images = Images::from_floats(2, 3, 64, 64, [] {
      std::vector<float> pixels(2 * 3 * 64 * 64);
      for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 17) / 8 - 1;
      return pixels;
    }());
    Texts texts{59};
    texts.add(expected.texts[0]);
    texts.add(expected.texts[1]);
    const Values before = as_doubles(model.encode_text(texts));
    Parameters parameters{model};
    CHECK(parameters.find("positional_embedding") == nullptr);
    Tape tape{parameters};
    AdamW optimizer{parameters, {.learning_rate = 1e-2f, .weight_decay = 0.5f}};
    tape.clear();
    const auto loss = Contrastive{}(tape, model, Pairs{images, texts});
    tape.backward(loss);
    tape.commit();
    const auto first_table = [&] {
      for (const auto& [name, p] : named_parameters<float>(model))
        if (name == "positional_embedding") return Values(p->data, p->data + p->count());
      return Values{};
    };
    const Values frozen = first_table();
    REQUIRE(frozen.size() == 248 * 16);
    optimizer.step();
    CHECK(first_table() == frozen);  // weight decay leaves it, too
    const Values after = as_doubles(model.encode_text(texts));
    CHECK(after != before);
    const TemporaryFolder folder;
    save(model, folder / "jett.safetensors");
    const auto again = open<Cpu<>, Transformers>(folder / "jett.safetensors");
    CHECK(again.config() == model.config());
    CHECK(as_doubles(again.encode_text(texts)) == after);
  }
}
