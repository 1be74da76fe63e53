#include <clip/checkpoint/model_file.hpp>

#include <clip/backend/naive.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {
inline constexpr ClipConfig<VitConfig, TextConfig> Micro{.embed_dim = 5,
                                                         .image = {.image_size = 4,
                                                                   .patch_size = 2,
                                                                   .width = 4,
                                                                   .layers = 1,
                                                                   .heads = 2,
                                                                   .activation = Activation::quick_gelu,
                                                                   .epsilon = 1e-5f},
                                                         .text = {.context = 4,
                                                                  .vocabulary = 7,
                                                                  .width = 6,
                                                                  .layers = 1,
                                                                  .heads = 2,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f}};

template <class T>
using Small = Model<Micro, Naive<T>>;

template <class M>
auto weights_of(const M& model) {
  std::map<std::string, std::vector<typename std::remove_cvref_t<decltype(model.backend())>::Scalar>> all;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    const auto v = p.view();
    for (Index i = 0; i < v.rows; ++i)
      all[std::string(name)].insert(all[std::string(name)].end(), v.row(i), v.row(i) + v.cols);
  });
  return all;
}

/// The content of a file, to modify and write again.
struct Contents {
  std::vector<TensorToWrite> tensors;
  std::vector<std::vector<std::byte>> bytes;

  explicit Contents(const std::string& path) {
    const Safetensors file = open_safetensors(path);
    for (const StoredTensor& t : file.tensors()) add(t.name, t.dtype, t.shape, {t.bytes.begin(), t.bytes.end()});
  }
  void add(std::string name, Dtype dtype, std::vector<Index> shape, std::vector<std::byte> values) {
    bytes.push_back(std::move(values));
    tensors.push_back({std::move(name), dtype, std::move(shape), {}, {}});
  }
  void add(std::string name, Dtype dtype, std::vector<Index> shape) {
    const std::size_t size = stored_size(dtype, shape).value();
    add(std::move(name), dtype, std::move(shape), std::vector<std::byte>(size));
  }
  TensorToWrite& at(const std::string& name) {
    for (TensorToWrite& t : tensors)
      if (t.name == name) return t;
    FAIL("no tensor " << name);
    return tensors.front();
  }
  void remove(const std::string& name) { at(name).name.clear(); }
  std::string write(const std::string& path) {
    std::vector<TensorToWrite> kept;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].name.empty()) continue;
      kept.push_back(tensors[i]);
      kept.back().bytes = bytes[i];
    }
    write_safetensors(path, kept);
    return path;
  }
};

/// A file of a model with seeded weights, all different from those of a new model.
template <class T = float>
std::string saved(const TemporaryFolder& folder, std::uint64_t seed = 8) {
  Small<T> model{Rng{seed}};
  Rng rng{seed};
  visit_parameters(model, [&](std::string_view, auto& p) {
    for (Index i = 0; i < p.count(); ++i) p.data[i] = static_cast<T>(rng.normal());
  });
  save(model, folder / "model.safetensors");
  return folder / "model.safetensors";
}

template <class M>
void check_refused(M& model, const std::string& path, const std::string& sentence) {
  const auto before = weights_of(model);
  const auto result = try_load(model, path);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(result.error().place() == path);
  CHECK(result.error().message() == path + ": " + sentence);
  CHECK(weights_of(model) == before);
}
}  // namespace

TEST_CASE("model file: the names and shapes are OpenAI's") {
  const TemporaryFolder folder;
  const std::map<std::string, std::vector<Index>> expected{
      {"logit_scale", {}},
      {"positional_embedding", {4, 6}},
      {"token_embedding.weight", {7, 6}},
      {"ln_final.weight", {6}},
      {"ln_final.bias", {6}},
      {"text_projection", {6, 5}},
      {"transformer.resblocks.0.attn.in_proj_weight", {18, 6}},
      {"transformer.resblocks.0.attn.in_proj_bias", {18}},
      {"transformer.resblocks.0.attn.out_proj.weight", {6, 6}},
      {"transformer.resblocks.0.attn.out_proj.bias", {6}},
      {"transformer.resblocks.0.ln_1.weight", {6}},
      {"transformer.resblocks.0.ln_1.bias", {6}},
      {"transformer.resblocks.0.mlp.c_fc.weight", {24, 6}},
      {"transformer.resblocks.0.mlp.c_fc.bias", {24}},
      {"transformer.resblocks.0.mlp.c_proj.weight", {6, 24}},
      {"transformer.resblocks.0.mlp.c_proj.bias", {6}},
      {"transformer.resblocks.0.ln_2.weight", {6}},
      {"transformer.resblocks.0.ln_2.bias", {6}},
      {"visual.class_embedding", {4}},
      {"visual.positional_embedding", {5, 4}},
      {"visual.conv1.weight", {4, 3, 2, 2}},
      {"visual.ln_pre.weight", {4}},
      {"visual.ln_pre.bias", {4}},
      {"visual.ln_post.weight", {4}},
      {"visual.ln_post.bias", {4}},
      {"visual.proj", {4, 5}},
      {"visual.transformer.resblocks.0.attn.in_proj_weight", {12, 4}},
      {"visual.transformer.resblocks.0.attn.in_proj_bias", {12}},
      {"visual.transformer.resblocks.0.attn.out_proj.weight", {4, 4}},
      {"visual.transformer.resblocks.0.attn.out_proj.bias", {4}},
      {"visual.transformer.resblocks.0.ln_1.weight", {4}},
      {"visual.transformer.resblocks.0.ln_1.bias", {4}},
      {"visual.transformer.resblocks.0.mlp.c_fc.weight", {16, 4}},
      {"visual.transformer.resblocks.0.mlp.c_fc.bias", {16}},
      {"visual.transformer.resblocks.0.mlp.c_proj.weight", {4, 16}},
      {"visual.transformer.resblocks.0.mlp.c_proj.bias", {4}},
      {"visual.transformer.resblocks.0.ln_2.weight", {4}},
      {"visual.transformer.resblocks.0.ln_2.bias", {4}},
  };
  const Safetensors file = open_safetensors(saved(folder));
  std::map<std::string, std::vector<Index>> found;
  for (const StoredTensor& t : file.tensors()) {
    found[t.name] = t.shape;
    CHECK(t.dtype == Dtype::f32);
  }
  CHECK(found == expected);
  CHECK(file.metadata().at("format") == "pt");
}

TEST_CASE_TEMPLATE("model file: saving and loading keeps every bit", T, float, double) {
  const TemporaryFolder folder;
  const std::string path = saved<T>(folder);
  Small<T> model{Rng{1}};
  load(model, path);
  save(model, folder / "again", {.metadata = {{"made by", "a test"}}});
  save(model, folder / "plain");
  CHECK(get(folder / "plain") == get(path));
  CHECK(open_safetensors(folder / "again").metadata().at("made by") == "a test");
  Small<T> fresh;
  load(fresh, folder / "again");
  CHECK(weights_of(fresh) == weights_of(model));
  CHECK(weights_of(fresh).at("visual.conv1.weight")[47] != 0);
}

TEST_CASE("model file: special values are preserved") {
  const TemporaryFolder folder;
  Small<float> model{Rng{1}}, other;
  float* const p = model.image.tower.proj.data;
  p[0] = -0.0f, p[1] = 1e-42f, p[2] = std::bit_cast<float>(0x7FC12345U), p[3] = INFINITY;
  save(model, folder / "a");
  load(other, folder / "a");
  for (int i = 0; i < 4; ++i)
    CHECK(std::bit_cast<std::uint32_t>(other.image.tower.proj.data[i]) == std::bit_cast<std::uint32_t>(p[i]));
}

TEST_CASE("model file: float models read double files and vice versa") {
  const TemporaryFolder folder;
  Small<double> wide, back;
  load(wide, saved<float>(folder));
  save(wide, folder / "wide");
  Small<float> narrow, first;
  load(narrow, folder / "wide");
  load(first, folder / "model.safetensors");
  CHECK(weights_of(narrow) == weights_of(first));
  CHECK(open_safetensors(folder / "wide").find("visual.proj")->dtype == Dtype::f64);
}

TEST_CASE("model file: one error lists missing, unknown and misshapen names, and the model is unchanged") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  contents.remove("visual.proj");
  contents.remove("ln_final.bias");
  contents.add("visual.projection", Dtype::f32, {4, 5});
  contents.at("text_projection").shape = {5, 6};
  contents.at("visual.conv1.weight").shape = {4, 12};
  Small<float> model{Rng{1}};
  check_refused(model, contents.write(folder / "bad"),
                "names: 2 missing (visual.proj, ln_final.bias); 1 not of this model (visual.projection); "
                "2 that do not fit (visual.conv1.weight: shape (4, 3, 2, 2) expected, (4, 12) found, text_projection: "
                "shape (6, 5) expected, (5, 6) found)");
}

TEST_CASE("model file: an error with many names lists the first ones and their number") {
  const TemporaryFolder folder;
  write_safetensors(folder / "empty", {});
  Small<float> model{Rng{1}};
  const auto result = try_load(model, folder / "empty");
  REQUIRE(!result);
  CHECK(result.error().message().find("names: 38 missing (visual.class_embedding, visual.positional_embedding, ") !=
        std::string::npos);
  CHECK(result.error().message().ends_with(", …)"));
}

TEST_CASE("model file: integer weights are an error") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  contents.at("visual.class_embedding").dtype = Dtype::i32;
  Small<float> model{Rng{1}};
  check_refused(model, contents.write(folder / "bad"),
                "names: 1 that do not fit (visual.class_embedding: F16, BF16, F32 or F64 expected, I32 found)");
}

TEST_CASE("model file: only a scalar may be stored as one value of any rank") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  Small<float> expected, model{Rng{1}};
  load(expected, folder / "model.safetensors");
  for (const std::vector<Index>& shape : {std::vector<Index>{1}, std::vector<Index>{1, 1}}) {
    contents.at("logit_scale").shape = shape;
    load(model, contents.write(folder / "one"));
    CHECK(weights_of(model) == weights_of(expected));
  }
  contents.at("ln_final.bias").shape = {1, 6};
  check_refused(model, contents.write(folder / "bad"),
                "names: 1 that do not fit (ln_final.bias: shape (6) expected, (1, 6) found)");
}

TEST_CASE("model file: half-precision values are read exactly") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  const auto halves = [&](const std::string& name, Dtype dtype, std::uint16_t first) {
    for (std::size_t i = 0; i < contents.tensors.size(); ++i) {
      if (contents.tensors[i].name != name) continue;
      contents.tensors[i].dtype = dtype;
      contents.bytes[i].resize(contents.bytes[i].size() / 2);
      for (std::size_t k = 0; k < contents.bytes[i].size() / 2; ++k)
        store_little(contents.bytes[i].data() + 2 * k, static_cast<std::uint16_t>(first + k));
    }
  };
  halves("visual.proj", Dtype::f16, 0x3C00);
  halves("visual.conv1.weight", Dtype::f16, 0x8000);
  halves("text_projection", Dtype::bf16, 0xBF80);
  Small<float> model{Rng{1}};
  load(model, contents.write(folder / "half"));
  for (Index k = 0; k < 20; ++k) CHECK(model.image.tower.proj.data[k] == 1 + static_cast<float>(k) * 0x1p-10f);
  for (Index k = 0; k < 48; ++k) CHECK(model.image.tower.conv1.data[k] == -static_cast<float>(k) * 0x1p-24f);
  for (Index k = 0; k < 30; ++k)
    CHECK(model.text.tower.text_projection.data[k] == -1 - static_cast<float>(k) * 0x1p-7f);
}

TEST_CASE("model file: the integers of OpenAI's archives are ignored") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  for (const char* name : {"input_resolution", "context_length", "vocab_size"}) contents.add(name, Dtype::i64, {});
  Small<float> model{Rng{1}}, expected;
  load(model, contents.write(folder / "notes"));
  load(expected, folder / "model.safetensors");
  CHECK(weights_of(model) == weights_of(expected));
  CHECK(load_partial(model, folder / "notes").unused.empty());
}

TEST_CASE("model file: a partial load fills the names in the file and reports the others") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  contents.remove("visual.proj");
  contents.remove("logit_scale");
  contents.add("classifier.weight", Dtype::i32, {2});
  Small<float> model{Rng{1}}, whole;
  const auto before = weights_of(model);
  const LoadReport report = load_partial(model, contents.write(folder / "part"));
  CHECK(report.missing == std::vector<std::string>{"visual.proj", "logit_scale"});
  CHECK(report.unused == std::vector<std::string>{"classifier.weight"});
  load(whole, folder / "model.safetensors");
  for (const auto& [name, values] : weights_of(model))
    CHECK(values == (name == "visual.proj" || name == "logit_scale" ? before : weights_of(whole)).at(name));

  contents.at("text_projection").shape = {30};
  const auto unchanged = weights_of(model);
  const auto refused = try_load_partial(model, contents.write(folder / "bad"));
  REQUIRE(!refused);
  CHECK(refused.error().message() ==
        folder / "bad" + ": names: 1 that do not fit (text_projection: shape (6, 5) expected, (30) found)");
  CHECK(weights_of(model) == unchanged);
}

TEST_CASE("model file: one encoder loads its half of a file and saves a file of its own") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  Small<float> whole;
  load(whole, path);
  const auto all = weights_of(whole);

  ImageEncoder<Micro, Naive<float>> image;
  load(image, path);
  CHECK(load_partial(image, path).unused.empty());
  for (const auto& [name, values] : weights_of(image)) CHECK(values == all.at(name));
  save(image, folder / "image");

  TextEncoder<Micro, Naive<float>> text;
  load(text, path);
  save(text, folder / "text");

  Small<float> joined{Rng{2}};
  CHECK(load_partial(joined, folder / "image").missing.size() == 18);
  CHECK(load_partial(joined, folder / "text").missing.size() == 21);
  joined.similarity.logit_scale.data[0] = whole.similarity.logit_scale.data[0];
  CHECK(weights_of(joined) == all);
  ImageEncoder<Micro, Naive<float>> again;
  load(again, folder / "image");
  CHECK(weights_of(again) == weights_of(image));
  CHECK(!try_load(text, folder / "image"));
}

TEST_CASE("model file: a missing or invalid file is an error with its name") {
  const TemporaryFolder folder;
  Small<float> model{Rng{1}};
  const auto before = weights_of(model);
  CHECK(try_load(model, folder / "nothing").error().place() == folder / "nothing");
  CHECK(try_load_partial(model, folder / "nothing").error().kind() == ErrorKind::load);
  put(folder / "text", "not a file of tensors, though it is long enough");
  CHECK(try_load(model, folder / "text").error().kind() == ErrorKind::load);
  CHECK_THROWS_AS(load(model, folder / "text"), LoadError);
  CHECK_THROWS_AS(load_partial(model, folder / "text"), LoadError);
  CHECK(weights_of(model) == before);
  CHECK(try_save(model, folder / "no folder/file").error().kind() != ErrorKind::numeric);
  CHECK(folder.entries() == 1);
}

namespace {
/// Micro with a grid of 3 instead of 2, and 6 positions of text instead of 4.
inline constexpr auto Larger = [] {
  auto c = Micro;
  c.image.image_size = 6;
  c.text.context = 6;
  return c;
}();
}  // namespace

TEST_CASE("model file: position tables of another size are an error that names the option, which interpolates them") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  Model<Larger, Naive<double>> model{Rng{1}};
  const auto before = weights_of(model);
  const auto refused = try_load(model, path);
  REQUIRE(!refused);
  CHECK(refused.error().message().find("visual.positional_embedding: shape (10, 4) expected, (5, 4) found "
                                       "(set LoadOptions::positions to interpolate it)") != std::string::npos);
  CHECK(refused.error().message().find("positional_embedding: shape (6, 6) expected, (4, 6) found "
                                       "(set LoadOptions::positions to interpolate it)") != std::string::npos);
  CHECK(weights_of(model) == before);

  load(model, path, {.positions = Interpolate::openclip});
  Small<double> small;
  load(small, path);
  const auto whole = weights_of(small);
  for (const auto& [name, values] : weights_of(model)) {
    if (name == "visual.positional_embedding")
      CHECK(values == try_interpolate_grid(whole.at(name), 4, 10, Interpolate::openclip).value());
    else if (name == "positional_embedding")
      CHECK(values == try_interpolate_line(whole.at(name), 6, 6, Interpolate::openclip).value());
    else CHECK(values == whole.at(name));
  }

  // The image tower alone, by another library's rule, which does not exist for text tables.
  ImageEncoder<Larger, Naive<float>> image;
  load(image, path, {.positions = Interpolate::huggingface});
  CHECK(static_cast<double>(image.tower.positional_embedding.data[5]) ==
        doctest::Approx(
            try_interpolate_grid(whole.at("visual.positional_embedding"), 4, 10, Interpolate::huggingface).value()[5]));
  const auto no_rule = try_load(model, path, {.positions = Interpolate::tinyclip});
  REQUIRE(!no_rule);
  CHECK(no_rule.error().message() == path +
                                         ": positional_embedding: positions: interpolation of a text's table: expected "
                                         "openclip (linear) or longclip, found another");
  // The option has no effect on tables of the right size.
  load(small, path, {.positions = Interpolate::tinyclip});
  CHECK(weights_of(small) == whole);
}

TEST_CASE("model file: only the number of positions may differ") {
  const TemporaryFolder folder;
  Contents contents{saved(folder)};
  contents.at("visual.positional_embedding").shape = {4, 5};
  Small<float> model{Rng{1}};
  const std::string path = contents.write(folder / "bad");
  const auto result = try_load(model, path, {.positions = Interpolate::openclip});
  REQUIRE(!result);
  CHECK(result.error().message() ==
        path + ": names: 1 that do not fit (visual.positional_embedding: shape (5, 4) expected, (4, 5) found)");
}
