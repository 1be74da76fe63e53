// Resident memory while weights are read: the pages of a tensor are released once it is copied.
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/families.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

using namespace clip;

namespace {

/// 8 MB of text tower, 3 MB of image tower.
inline constexpr ClipConfig<VitConfig, TextConfig> Unequal{.embed_dim = 8,
                                                           .image = {.image_size = 16,
                                                                     .patch_size = 8,
                                                                     .width = 256,
                                                                     .layers = 1,
                                                                     .heads = 4,
                                                                     .activation = Activation::gelu,
                                                                     .epsilon = 1e-5f},
                                                           .text = {.context = 8,
                                                                    .vocabulary = 20000,
                                                                    .width = 96,
                                                                    .layers = 1,
                                                                    .heads = 2,
                                                                    .activation = Activation::gelu,
                                                                    .epsilon = 1e-5f}};

/// Resident bytes of this process's mappings of a file; nullopt if the system does not report them.
std::optional<std::size_t> resident(const std::string& path) {
  std::ifstream maps("/proc/self/smaps");
  if (!maps) return std::nullopt;
  std::string line;
  bool here = false;
  std::size_t bytes = 0;
  while (std::getline(maps, line)) {
    if (line.find('-') < line.find(' ') && line.find(':') > line.find('-')) here = line.ends_with(path);
    std::istringstream words(line);
    std::string key;
    std::size_t kilobytes = 0;
    if (here && words >> key && key == "Rss:" && words >> kilobytes) bytes += kilobytes * 1024;
  }
  return bytes;
}

#define RESIDENT_OR_RETURN(path)                                                      \
  if (!resident(path)) {                                                              \
    MESSAGE("skipped: memory of a mapped file: this system has no /proc/self/smaps"); \
    return;                                                                           \
  }

std::string saved(const TemporaryFolder& folder) {
  Model<Unequal, Naive<float>> model{Rng{1}};
  save(model, folder / "model.safetensors");
  return folder / "model.safetensors";
}

void touch(const TensorFile& file) {
  std::size_t sum = 0;
  for (const FileTensor& t : file.tensors())
    for (const std::byte b : t.parts[0].bytes) sum += std::to_integer<std::size_t>(b);
  REQUIRE(sum > 0);
}

}  // namespace

TEST_CASE("memory: almost no page of a file is resident after loading") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  const TensorFile file = open_tensors(path);
  RESIDENT_OR_RETURN(path);
  const std::size_t size = get(path).size();
  touch(file);
  CHECK(*resident(path) > size / 2);
  Model<Unequal, Naive<float>> model;
  try_load(model, file).value();
  CHECK(*resident(path) < size / 10);
  touch(file);  // the contents are unchanged
}

TEST_CASE("memory: one encoder reads only its own tensors") {
  const TemporaryFolder folder;
  const TensorFile file = open_tensors(saved(folder));
  // Reading a page of the other tower would crash here.
  const auto lock = [&](const char* name, int protection) {
    const std::span<const std::byte> bytes = file.find(name)->parts[0].bytes;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE)),
               begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    const std::uintptr_t from = (begin + page - 1) / page * page, to = (begin + bytes.size()) / page * page;
    REQUIRE(from < to);
    REQUIRE(::mprotect(reinterpret_cast<void*>(from), to - from, protection) == 0);
  };
  lock("token_embedding.weight", PROT_NONE);
  ImageEncoder<Unequal, Naive<float>> image;
  CHECK(try_load(image, file));
  lock("token_embedding.weight", PROT_READ);
  lock("visual.conv1.weight", PROT_NONE);
  TextEncoder<Unequal, Naive<float>> text;
  CHECK(try_load(text, file));
  lock("visual.conv1.weight", PROT_READ);
}

TEST_CASE("memory: weights used in place are neither copied nor read before their first use") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  RESIDENT_OR_RETURN(path);
  Model<Unequal, Naive<float>> model;
  load(model, path, {.in_place = true});
  CHECK(*resident(path) < get(path).size() / 4);  // the header and the system's read-ahead
  const Texts texts = [] {
    Texts t{1};
    t.add(std::vector<std::int32_t>{0, 1});
    return t;
  }();
  const auto features = model.encode_text(texts);
  const std::size_t used = *resident(path);
  CHECK(used < get(path).size() / 2);  // the blocks, without the table of 20,000 tokens
  release_pages(model.text);
  CHECK(*resident(path) < used);
  const auto again = model.encode_text(texts);
  CHECK(std::ranges::equal(again.values(), features.values()));
}

TEST_CASE("memory: packing releases the pages of weights in a file") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  RESIDENT_OR_RETURN(path);
  TextEncoder<Unequal> text;
  ImageEncoder<Unequal> image;
  load(image, path, {.in_place = true});
  image.pack();
  CHECK(*resident(path) < get(path).size() / 4);
}

TEST_CASE("memory: conversion releases every tensor after writing it") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  RESIDENT_OR_RETURN(path);
  const auto file = std::make_shared<const TensorFile>(open_tensors(path));
  touch(*file);
  const std::size_t before = *resident(path);
  for (const FileTensor& t : file->tensors()) {
    const TensorToWrite copy = in_dtype(detail::copy_of(file, t), Dtype::f16);
    CHECK(try_produce(copy, [](std::span<const std::byte>) {}));
  }
  CHECK(*resident(path) < before / 10);
}
