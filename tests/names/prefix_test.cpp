#include <clip/checkpoint/infer.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/names/prefix.hpp>

#include "../checkpoint/stored_clip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
/// The model of the stored files by other names, of which each call gives one.
TensorFile renamed(const auto& name_of_tensor, const std::string& path = files + "wanted.safetensors") {
  const TensorFile file = open_tensors(path);
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  for (FileTensor& t : tensors) t.name = name_of_tensor(t.name);
  return file.with(std::move(tensors));
}
TensorFile behind(const std::string& prefix, const std::string& path = files + "wanted.safetensors") {
  return renamed([&](const std::string& name) { return prefix + name; }, path);
}
/// The same file with further tensors: those of `more`.
TensorFile joined(const TensorFile& file, const TensorFile& more) {
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  tensors.insert(tensors.end(), more.tensors().begin(), more.tensors().end());
  return file.with(std::move(tensors));
}
using Small = Model<Quick, Naive<float>>;

void check_loads(const TensorFile& file) {
  Small model{Rng{1}};
  const auto done = try_load(model, file);
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(weights_of(model) == wanted());
}
constexpr Assumptions assumed{.activation = Activation::quick_gelu, .image_heads = 4, .text_heads = 2};
}  // namespace

TEST_CASE("prefix: one before every name is removed, in every dialect, and inspect says which") {
  for (const std::string prefix : {"", "_orig_mod.", "module.", "module._orig_mod.", "model.", "clip.", "a.b.net."}) {
    CAPTURE(prefix);
    const TensorFile file = behind(prefix);
    check_loads(file);
    const auto found = try_inspect(file, assumed);
    REQUIRE(found);
    CHECK(found->prefix == prefix);
    CHECK(found->config == AnyConfig{Quick});
    CHECK(dialect_of(file) == Dialect::openai);

    const TensorFile theirs = behind(prefix, files + "huggingface");
    CHECK(dialect_of(theirs) == Dialect::huggingface);
    Model<Stored, Naive<float>> model{Rng{1}};
    CHECK(try_load(model, theirs));
    CHECK(weights_of(model) == wanted());
  }
}

TEST_CASE("prefix: wrappers inside names are removed") {
  check_loads(renamed([](const std::string& name) {
    const std::string wrapped = "visual._orig_mod.";
    return name.starts_with("visual.") ? wrapped + name.substr(7) : name;
  }));
  check_loads(renamed([](std::string name) {
    if (const auto at = name.find("transformer."); at != name.npos) name.insert(at + 12, "module._orig_mod.");
    return "model." + name;
  }));
}

TEST_CASE("prefix: of several models in a file the one is asked for; the model's own names take precedence") {
  const TensorFile both = joined(behind("student."), behind("teacher."));
  const auto result = try_inspect(both, assumed);
  REQUIRE(!result);
  CHECK(result.error().id() == "clip.load.ambiguous");
  CHECK(result.error().message().find("\"student.\", \"teacher.\"") != std::string::npos);
  Small model{Rng{1}};
  const auto loaded = try_load(model, both);
  REQUIRE(!loaded);
  CHECK(loaded.error().id() == "clip.load.ambiguous");

  const auto more = try_load(model, joined(behind(""), behind("ema.")));  // known as they are
  REQUIRE(!more);
  CHECK(more.error().message().find("not of this model (ema.") != std::string::npos);
}

TEST_CASE("prefix: names that are known, that would coincide or that belong to nothing known stay") {
  const auto same = [](const TensorFile& file) {
    const auto found = try_without_prefix(file);
    REQUIRE(found);
    return found->prefix.empty() &&
           std::equal(found->file.tensors().begin(), found->file.tensors().end(), file.tensors().begin(),
                      [](const auto& a, const auto& b) { return a.name == b.name; });
  };
  CHECK(same(behind("")));
  CHECK(same(renamed([](const std::string& name) { return "x." + name + ".y"; })));
  const TensorFile scale =
      renamed([](const std::string& name) { return name == "ln_final.bias" ? "logit_scale" : "m." + name; });
  CHECK(same(scale));
  std::size_t n = 0;
  CHECK(same(renamed([&](const std::string&) { return "head." + std::to_string(n++) + ".module.weight"; })));
}

TEST_CASE("prefix: a text tower in a module of its own is the same model") {
  const auto apart = [](const std::string& name) {
    return name.starts_with("visual.") || name.starts_with("logit_") ? name : "text." + name;
  };
  check_loads(renamed(apart));
  check_loads(renamed([&](const std::string& name) { return "model." + apart(name); }));
  CHECK(try_inspect(renamed(apart), assumed).value().config == AnyConfig{Quick});
  TextEncoder<Quick, Naive<float>> text;
  CHECK(try_load(text, renamed(apart)));

  TensorFile linear = renamed(apart);  // text_projection as a linear layer
  std::vector<FileTensor> tensors{linear.tensors().begin(), linear.tensors().end()};
  for (FileTensor& t : tensors)
    if (t.name == "text.text_projection") t.name += ".weight", std::swap(t.shape[0], t.shape[1]), t.transposed = true;
  CHECK(in_openai_names(linear.with(tensors)).find("text_projection") != nullptr);
  CHECK(in_openai_names(linear.with(tensors)).find("text_projection")->shape == std::vector<Index>{16, 8});
}

TEST_CASE("prefix: a tower of transformers loads alone, with its own prefix and without") {
  const TensorFile both = open_tensors(files + "huggingface");
  for (const bool bare : {false, true}) {
    CAPTURE(bare);
    const auto half = [&](std::string_view tower, std::string_view projection) {
      std::vector<FileTensor> tensors;
      for (const FileTensor& t : both.tensors())
        if (t.name.starts_with(tower) || t.name.starts_with(projection)) {
          tensors.push_back(t);
          if (bare && t.name.starts_with(tower)) tensors.back().name.erase(0, tower.size());
        }
      return both.with(std::move(tensors));
    };
    ImageEncoder<Stored, Naive<float>> image;
    const auto images = try_load(image, half("vision_model.", "visual_projection."));
    CHECK_MESSAGE(images, images.error().message());
    TextEncoder<Stored, Naive<float>> text;
    const auto texts = try_load(text, half("text_model.", "text_projection."));
    CHECK_MESSAGE(texts, texts.error().message());
  }
}

TEST_CASE("prefix: masks, position ids and a bias of all similarities are not missed in a model") {
  const TensorFile file = open_tensors(files + "wanted.safetensors");
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  const FileTensor* const table = file.find("positional_embedding");
  for (const char* const name : {"attn_mask", "text.causal_attention_mask", "visual.position_ids"}) {
    tensors.push_back(*table);
    tensors.back().name = name;
  }
  tensors.push_back(*file.find("logit_scale"));
  tensors.back().name = "logit_bias";
  check_loads(file.with(tensors));
  CHECK(try_inspect(file.with(tensors), assumed).value().config.logit_bias);
  tensors.back() = *table;
  tensors.back().name = "logit_bias";
  Small model;
  CHECK(!try_load(model, file.with(tensors)));
}
