#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/formats/safetensors_write.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace clip;

namespace {
const std::string files = CLIP_SOURCE_DIR "/tests/checkpoint/files/";
const std::vector<float> three{1, 2, 3};

void write(const std::string& path, const std::vector<std::string>& names) {
  std::vector<TensorToWrite> tensors;
  for (const auto& name : names) tensors.push_back({name, Dtype::f32, {3}, std::as_bytes(std::span{three}), {}});
  write_safetensors(path, tensors, {{"format", "pt"}});
}
std::string names(const TensorFile& file) {
  std::string all;
  for (const FileTensor& t : file.tensors()) all += t.name + " ";
  return all;
}
std::string message(const std::string& path) {
  const auto result = try_open_tensors(path);
  REQUIRE(!result);
  return result.error().message();
}
}  // namespace

TEST_CASE("tensors: every format is recognised by its content, not by its file name") {
  const TemporaryFolder folder;
  for (const auto& [name, format] : {std::pair{"wanted.safetensors", FileFormat::safetensors},
                                     {"half.pt", FileFormat::torch},
                                     {"script.pt", FileFormat::torchscript}}) {
    std::filesystem::copy(files + name, folder / "file", std::filesystem::copy_options::overwrite_existing);
    const TensorFile file = open_tensors(folder / "file");
    CHECK(file.format() == format);
    CHECK(file.place() == folder / "file");
    REQUIRE(file.find("visual.proj") != nullptr);
    CHECK(file.find("visual.proj")->shape == std::vector<Index>{16, 8});
    CHECK(file.find("visual.pro") == nullptr);
    CHECK(!file.description());
  }
  put(folder / "text", "neither the one nor the other");
  CHECK(message(folder / "text") ==
        folder / "text" + ": neither a safetensors file nor one of torch.save or numpy.savez (29 bytes)");
  put(folder / "empty", "");
  CHECK(message(folder / "empty") ==
        folder / "empty" + ": neither a safetensors file nor one of torch.save or numpy.savez (0 bytes)");
  CHECK(message(files + "legacy.pt").find("before 1.6") != std::string::npos);
}

TEST_CASE("tensors: copies outlive the object that opened the file") {
  std::optional<TensorFile> first = open_tensors(files + "half.pt");
  const TensorFile second = first->with({first->tensors().begin(), first->tensors().end()});
  first.reset();
  std::vector<float> values(128);
  convert(*second.find("visual.proj"), std::span<float>(values));
  CHECK(values[1] - values[0] == 7 / 16.0f);
}

TEST_CASE("tensors: of several models in a file, or in shards, state_dict chooses by what stands before the names") {
  const TemporaryFolder folder;
  write(folder / "both", {"student.a", "student.b.c", "teacher.a", "students.d", "student."});
  for (const char* const asked_for : {"student", "student."})
    CHECK(names(open_tensors(folder / "both", asked_for)) == "a b.c ");
  CHECK(names(open_tensors(folder / "both", "student.b")) == "c ");
  const auto none = try_open_tensors(folder / "both", "ema");
  REQUIRE(!none);
  CHECK(none.error().id() == "clip.load.state_dict");
  CHECK(none.error().message() == folder / "both" + ": no state dict \"ema\": no name begins so");
  const TensorFile shards = open_tensors(files + "huggingface", "vision_model");
  CHECK(shards.find("pre_layrnorm.weight") != nullptr);
  CHECK(shards.find("text_model.final_layer_norm.bias") == nullptr);
  CHECK(shards.description() != nullptr);
}

TEST_CASE("folder: shards and the folder's description open as one file") {
  const TensorFile file = open_tensors(files + "huggingface");
  CHECK(file.tensors().size() == 46);
  CHECK(file.find("vision_model.pre_layrnorm.weight") != nullptr);
  CHECK(file.find("text_model.final_layer_norm.bias") != nullptr);
  REQUIRE(file.description());
  CHECK(file.description()->config.at("projection_dim") == 8);
  CHECK(file.description()->preprocessing.is_null());
  CHECK(file.place() == files + "huggingface");
  const TensorFile same = open_tensors(files + "huggingface/model.safetensors.index.json");
  CHECK(same.tensors().size() == 46);
}

TEST_CASE("folder: one file is enough; without any, the error lists the names tried") {
  const TemporaryFolder folder;
  CHECK(message(folder.path) == folder.path +
                                    ": no weights in this folder (looked for open_clip_model.safetensors, "
                                    "model.safetensors.index.json, model.safetensors, "
                                    "open_clip_pytorch_model.bin, " +
                                    "pytorch_model.bin.index.json, pytorch_model.bin)");
  CHECK(message(folder / "nothing").find("no such file (looked for ") != std::string::npos);
  std::filesystem::copy(files + "half.pt", folder / "pytorch_model.bin");
  CHECK(open_tensors(folder.path).format() == FileFormat::torch);
  write(folder / "model.safetensors", {"a"});
  CHECK(names(open_tensors(folder.path)) == "a ");
  put(folder / "config.json", "{} x");
  CHECK(message(folder.path).find("config.json: not valid JSON") != std::string::npos);
}

TEST_CASE("folder: an index names files in its folder, and each tensor is in the named file, once") {
  const TemporaryFolder folder;
  write(folder / "1", {"a", "b"});
  write(folder / "2", {"c"});
  const std::string index = folder / "model.safetensors.index.json";
  const auto with = [&](const std::string& map) {
    put(index, "{\"weight_map\": " + map + "}");
    return try_open_tensors(folder.path);
  };
  CHECK(names(with(R"({"a": "1", "b": "1", "c": "2"})").value()) == "a b c ");
  CHECK(with(R"({"a": "1", "d": "2"})").error().message() == index + ": weight_map: d: no shard has it");
  CHECK(with(R"({"a": "3"})").error().message().find("no such file") != std::string::npos);
  for (const char* map : {R"({"a": "../1"})", R"({"a": "/etc/passwd"})", R"({"a": "x/1"})", R"({"a": ".."})",
                          R"({"a": ""})", R"({"a": 1})"})
    CHECK(with(map).error().message().find("weight_map: a: expected the name of a file in its folder, found ") !=
          std::string::npos);
  for (const char* map : {"{}", "[]", "1"})
    CHECK(with(map).error().message() ==
          index + ": weight_map: expected an object: tensor names and their files, found none");
  write(folder / "2", {"b"});
  CHECK(with(R"({"a": "1", "b": "2"})").error().message() == folder / "2" + ": b: another shard has it too");
}

TEST_CASE("tensors: the one variant of the weights in a folder is taken where no other weights are") {
  const TemporaryFolder folder;
  write(folder / "model.fp16.safetensors", {"half"});
  write(folder / "pytorch_model.fp16.bin", {"bin"});
  CHECK(names(open_tensors(folder.path)) == "half ");
  write(folder / "model.non_ema.safetensors", {"other"});
  const auto result = try_open_tensors(folder.path);
  REQUIRE(!result);
  CHECK(result.error().id() == "clip.load.ambiguous");
  CHECK(result.error().message().find("model.fp16.safetensors, model.non_ema.safetensors") != std::string::npos);
  write(folder / "model.safetensors", {"whole"});
  CHECK(names(open_tensors(folder.path)) == "whole ");
}
