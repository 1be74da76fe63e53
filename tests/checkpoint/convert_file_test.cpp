#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/core/stop.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/json.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Type, shape and bytes of every tensor.
using Content = std::map<std::string, std::pair<std::pair<Dtype, std::vector<Index>>, std::vector<std::byte>>>;
Content content(const TensorFile& file) {
  Content all;
  for (const FileTensor& t : file.tensors()) {
    REQUIRE(!t.transposed);
    auto& [kind, bytes] = all[t.name];
    kind = {t.dtype, t.shape};
    for (const StoredTensor& part : t.parts) bytes.insert(bytes.end(), part.bytes.begin(), part.bytes.end());
  }
  return all;
}
Content content(const std::string& path) { return content(open_tensors(path)); }

Content without_notes(Content all) {
  for (const char* note : {"input_resolution", "context_length", "vocab_size"}) all.erase(note);
  return all;
}

constexpr Assumptions assumed{.activation = Activation::gelu, .image_heads = 4, .text_heads = 2};

}  // namespace

TEST_CASE("convert: every format becomes safetensors with the same bytes and element types") {
  const TemporaryFolder folder;
  for (const char* name : {"state.pt", "half.pt", "bfloat16.pt", "nested.pt", "script.pt", "wanted.safetensors"}) {
    CAPTURE(name);
    convert_file(files + name, folder / "out");
    CHECK(content(folder / "out") == without_notes(content(files + name)));
  }
  // The statements of the folder or of OpenAI's integers are now in the file's metadata.
  convert_file(files + "huggingface", folder / "out");
  AnyConfig stated = try_inspect(folder / "out").value().config;
  stated.preprocessing().color_order = ColorOrder::openai;
  CHECK(stated == AnyConfig{Stored});
  const Content mixed = content(files + "script.pt");
  CHECK(mixed.at("visual.proj").first.first == Dtype::f16);
  CHECK(mixed.at("visual.ln_pre.weight").first.first == Dtype::f32);
}

TEST_CASE("convert: to Hugging Face and back gives the same file, byte for byte") {
  const TemporaryFolder folder;
  for (const char* name : {"script.pt", "bfloat16.pt", "wanted.safetensors"}) {
    CAPTURE(name);
    convert_file(files + name, folder / "theirs.safetensors", {.dialect = Dialect::huggingface});
    CHECK(dialect_of(open_tensors(folder / "theirs.safetensors")) == Dialect::huggingface);
    convert_file(folder / "theirs.safetensors", folder / "back");
    CHECK(content(folder / "back") == without_notes(content(files + name)));
  }
  convert_file(files + "huggingface", folder / "ours");
  convert_file(folder / "ours", folder / "theirs.safetensors", {.dialect = Dialect::huggingface});
  CHECK(content(folder / "theirs.safetensors") == content(files + "huggingface"));
  convert_file(files + "huggingface", folder / "joined.safetensors", {.dialect = Dialect::huggingface});
  CHECK(content(folder / "joined.safetensors") == content(files + "huggingface"));
}

TEST_CASE("convert: a file can replace itself") {
  const TemporaryFolder folder;
  std::filesystem::copy(files + "wanted.safetensors", folder / "a.safetensors");
  convert_file(folder / "a.safetensors", folder / "a.safetensors", {.dialect = Dialect::huggingface});
  convert_file(folder / "a.safetensors", folder / "a.safetensors");
  CHECK(content(folder / "a.safetensors") == content(files + "wanted.safetensors"));
}

TEST_CASE("convert: the element type of weights changes on request, that of counters and other integers never") {
  const TemporaryFolder folder;
  const std::vector<float> values{0.1f, 2};
  const std::vector<std::int64_t> count{7}, ids{0, 1};
  const auto bytes = [](const auto& v) { return std::as_bytes(std::span{v}); };
  write_safetensors(folder / "in", std::vector<TensorToWrite>{
                                       {"visual.bn1.weight", Dtype::f32, {2}, bytes(values), {}},
                                       {"visual.bn1.num_batches_tracked", Dtype::i64, {}, bytes(count), {}},
                                       {"input_resolution", Dtype::i64, {}, bytes(count), {}},
                                       {"text_model.embeddings.position_ids", Dtype::i64, {1, 2}, bytes(ids), {}},
                                       {"logit_scale", Dtype::f32, {}, bytes(values).first(4), {}}});
  convert_file(folder / "in", folder / "out.safetensors",
               {.dialect = Dialect::openclip, .dtype = Dtype::bf16, .metadata = {{"made by", "a test"}}});
  const TensorFile out = open_tensors(folder / "out.safetensors");
  CHECK(out.tensors().size() == 3);
  CHECK(out.find("visual.bn1.weight")->dtype == Dtype::bf16);
  CHECK(out.find("visual.bn1.num_batches_tracked")->dtype == Dtype::i64);
  CHECK(out.find("visual.bn1.num_batches_tracked")->parts[0].bytes[0] == std::byte{7});
  CHECK(out.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"made by", "a test"}});
}

TEST_CASE("convert: a folder is described by the given configuration or by the file; otherwise it is an error") {
  const TemporaryFolder folder;
  convert_file(files + "script.pt", folder / "given", {.dialect = Dialect::huggingface, .config = AnyConfig{Quick}});
  Model<Quick, Naive<float>> quick;
  load(quick, folder / "given");
  CHECK(weights_of(quick) == wanted());
  convert_file(files + "half.pt", folder / "assumed", {.dialect = Dialect::openclip, .assumed = assumed});
  Model<Stored, Naive<float>> model;
  load(model, folder / "assumed");
  CHECK(weights_of(model) == wanted());
  convert_file(files + "huggingface", folder / "inferred", {.dialect = Dialect::openclip});
  load(model, folder / "inferred");

  const auto refused = [&](const std::string& in, const ConvertOptions& options) {
    const auto result = try_convert_file(in, folder / "no", options);
    REQUIRE(!result);
    CHECK(!std::filesystem::exists(folder / "no"));
    return result.error().message();
  };
  CHECK(refused(files + "half.pt", {.dialect = Dialect::huggingface, .assumed = {.image_heads = 4, .text_heads = 2}})
            .find("does not state its activation") != std::string::npos);
  CHECK(refused(files + "nothing", {}).find("no such file") != std::string::npos);
  CHECK(refused(folder.path, {}).find("no weights in this folder") != std::string::npos);
}

TEST_CASE("convert: a residual network in Hugging Face's dialect is one clear error") {
  const TemporaryFolder folder;
  const std::vector<float> values(1);
  write_safetensors(
      folder / "in",
      std::vector<TensorToWrite>{
          {"visual.attnpool.positional_embedding", Dtype::f32, {1, 1}, std::as_bytes(std::span{values}), {}}});
  const auto result = try_convert_file(folder / "in", folder / "out.safetensors", {.dialect = Dialect::huggingface});
  REQUIRE(!result);
  CHECK(result.error().message().find("transformers has no such CLIP") != std::string::npos);
  CHECK(folder.entries() == 1);
}

TEST_CASE("convert: names that no rule translates are an error; a scale of one element is written as a scalar") {
  const TemporaryFolder folder;
  const std::vector<float> one(1);
  const auto tensor = [&](const char* name, std::vector<Index> shape) {
    return TensorToWrite{name, Dtype::f32, std::move(shape), std::as_bytes(std::span{one}), {}};
  };
  write_safetensors(folder / "in", std::vector<TensorToWrite>{tensor("blocks.0.norm", {1}), tensor("head", {1}),
                                                              tensor("logit_scale", {1}), tensor("attn_mask", {1, 1})});
  for (const Dialect dialect : dialects) {
    if (dialect == Dialect::big_vision) continue;  // needs a whole model, of which these tensors are no part
    const auto result = try_convert_file(folder / "in", folder / "out.safetensors", {.dialect = dialect});
    REQUIRE(!result);
    CHECK(result.error().id() == "clip.load.names");
    CHECK(result.error().message().find("2 that no rule translates (blocks.0.norm, head)") != std::string::npos);
  }
  write_safetensors(
      folder / "in",
      std::vector<TensorToWrite>{tensor("model.visual.class_embedding", {1}), tensor("model.visual.ln_pre.weight", {1}),
                                 tensor("model.logit_scale", {1}), tensor("model.attn_mask", {1, 1})});
  convert_file(folder / "in", folder / "out.safetensors", {.dialect = Dialect::huggingface});
  const TensorFile out = open_tensors(folder / "out.safetensors");
  CHECK(out.tensors().size() == 3);
  CHECK(out.find("logit_scale")->shape.empty());
  CHECK(out.find("vision_model.embeddings.class_embedding") != nullptr);
}

TEST_CASE("convert: a configuration is compared with what the file and its folder state, in one sentence") {
  const TemporaryFolder folder;
  std::filesystem::copy(files + "huggingface", folder / "in", std::filesystem::copy_options::recursive);
  put(folder / "in/preprocessor_config.json", R"({"size": 8, "crop_size": 8, "image_mean": [0.5, 0.5, 0.5]})");
  const auto refused = try_convert_file(folder / "in", folder / "out.safetensors", {.config = AnyConfig{Quick}});
  REQUIRE(!refused);
  CHECK(refused.error().id() == "clip.load.settings");
  for (const char* const part :
       {"image activation: expected quick_gelu (the model's), found gelu", "text activation: expected quick_gelu",
        "mean: expected 0.48145467, 0.4578275, 0.40821072 (the model's), found 0.5, 0.5, 0.5"})
    CHECK(refused.error().message().find(part) != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "out.safetensors"));
  std::filesystem::remove(folder / "in/preprocessor_config.json");
  CHECK(try_convert_file(folder / "in", folder / "out.safetensors", {.config = AnyConfig{Stored}}).has_value());
  CHECK(try_convert_file(files + "script.pt", folder / "o.safetensors", {.config = AnyConfig{Stored}}).error().id() ==
        "clip.load.settings");
}

TEST_CASE("convert: a stop ends it with an error of its own and writes nothing, neither a file nor a folder") {
  const TemporaryFolder folder;
  request_stop();
  const auto file = try_convert_file(files + "wanted.safetensors", folder / "out.safetensors"),
             whole = try_convert_file(files + "script.pt", folder / "out",
                                      {.dialect = Dialect::huggingface, .config = AnyConfig{Quick}});
  withdraw_stop();
  for (const auto* result : {&file, &whole}) {
    REQUIRE_FALSE(result->has_value());
    CHECK(result->error().id() == "clip.system.stopped");
  }
  CHECK(folder.entries() == 0);
  CHECK(try_convert_file(files + "wanted.safetensors", folder / "out.safetensors").has_value());
}

TEST_CASE("convert: there and back, tensors are byte-equal, and so is the file, but through transformers") {
  const TemporaryFolder folder;
  Model<Stored, Naive<float>> model;
  load(model, files + "huggingface");
  save(model, folder / "first.safetensors");
  for (const Dialect dialect : {Dialect::openai, Dialect::openclip, Dialect::huggingface}) {
    CAPTURE(name_of(dialect));
    const std::string there =
        folder / std::string(name_of(dialect)) + (dialect == Dialect::openai ? ".safetensors" : "");
    convert_file(folder / "first.safetensors", there, {.dialect = dialect});
    convert_file(there, folder / "back.safetensors");
    CHECK(content(folder / "back.safetensors") == content(folder / "first.safetensors"));
    // A folder of transformers states another order of colours, which the metadata then have.
    CHECK((get(folder / "back.safetensors") == get(folder / "first.safetensors")) == (dialect != Dialect::huggingface));
  }
}
