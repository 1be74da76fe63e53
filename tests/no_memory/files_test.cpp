// Loading, converting, saving and reading ahead where memory runs out.
#include "failing_allocator.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/io/json.hpp>
#include <clip/io/text_list.hpp>
#include <clip/model/config_json.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../checkpoint/stored_clip.hpp"
#include "../support/small_models.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

struct Nothing {};
std::unique_ptr<Nothing> none() { return std::make_unique<Nothing>(); }

template <class M>
std::vector<float> features(const M& model) {
  const auto found = model.encode_image(random_images(Stored, 2, Rng{7}));
  return {found.values().begin(), found.values().end()};
}

}  // namespace

TEST_CASE("loading without memory, then with it, into the same model") {
  const TemporaryFolder folder;
  const auto make = [] { return std::make_unique<Model<Stored>>(Cpu<>{{.threads = 1}}); };
  for (const std::string& path : {files + "wanted.safetensors", files + "half.pt", copy_folder(folder)}) {
    INFO(path);
    check_without_memory(make, [&](Model<Stored>& model) {
      load(model, path);
      return features(model);
    });
  }
}

TEST_CASE("opening a folder without memory") {
  const TemporaryFolder folder;
  const std::string path = copy_folder(folder);
  check_without_memory(none, [&](Nothing&) { return features(open<Cpu<>>(path, {}, Cpu<>{{.threads = 1}})); });
}

TEST_CASE("converting and saving without memory leave the old file or the new one, and no other") {
  const TemporaryFolder folder;
  const ConvertOptions options{.dialect = Dialect::huggingface,
                               .dtype = Dtype::f16,
                               .assumed = {.activation = Activation::gelu, .image_heads = 4, .text_heads = 2}};
  const std::string out = folder / "out", one = folder / "one.safetensors";
  check_without_memory(
      none,
      [&](Nothing&) {
        convert_file(files + "state.pt", out, options);
        return get(out + "/model.safetensors") + get(out + "/config.json") + get(out + "/preprocessor_config.json");
      },
      40);  // every run waits for the disk
  CHECK(std::distance(std::filesystem::directory_iterator(out), std::filesystem::directory_iterator()) == 3);
  Model<Stored> model{Cpu<>{{.threads = 1}}};
  load(model, files + "wanted.safetensors");
  check_without_memory(
      none,
      [&](Nothing&) {
        save(model, one, {.metadata = {{"a", "b"}, {"note", "a longer text than fits a string of its own"}}});
        return get(one);
      },
      40);
  CHECK(folder.entries() == 2);
}

TEST_CASE("JSON, configurations, lists and vocabularies without memory") {
  std::string nested = "{\"a\": [1, 2, [3, {\"b\": [4, 5, 6]}]], \"text\": \"longer than a small string can hold it\"";
  for (int i = 0; i < 40; ++i) nested += ", \"key " + std::to_string(i) + "\": [[1, 2], {\"x\": [3]}]";
  nested += "}";
  const std::string config = config_text(AnyConfig{Stored});
  check_without_memory(none, [&](Nothing&) { return config_text(AnyConfig{Stored}); });
  check_without_memory(none, [&](Nothing&) {
    JsonTree tree = json_object("list", std::vector<int>{1, 2, 3}, "inner", json_object("deep", json_object("x", 1.5)));
    JsonTree list;
    for (int i = 0; i < 20; ++i) list.push_back(json_object("text", std::string(40, 'a'), "i", i));
    tree.put("trees", std::move(list), "number", 4);
    tree.put("another", json_object("x", 1));
    return json_text(tree);
  });
  check_without_memory(none, [&](Nothing&) { return json_text(parse_json(nested, "nested.json")); });
  check_without_memory(none,
                       [&](Nothing&) { return try_parse_config<KnownFamilies>(config, "x.json").value().embed_dim; });
  check_without_memory(none, [&](Nothing&) {
    return try_parse_text_list("{\"cat\": [\"a cat with a long, long tail\", \"a kitten\"], \"dog\": [\"a dog\"]}",
                               "x.json", {})
        .value()
        .prompts;
  });
  const TemporaryFolder folder;
  put(folder / "merges.txt", "#version: 0.2\nt h\nth e</w>\na n\nd o\ndo g</w>\n");
  check_without_memory(none,
                       [&](Nothing&) { return open_tokenizer(folder / "merges.txt").encode("the dog and the thing"); });
}

TEST_CASE("a list of images is read to its end, whatever allocation fails") {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (int i = 0; i < 7; ++i) {
    paths.push_back(folder / (std::to_string(i) + ".ppm"));
    put(paths.back(), "P6 " + std::to_string(20 + i) + " 24 255\n" +
                          std::string(static_cast<std::size_t>((20 + i) * 24 * 3), static_cast<char>(10 * i)));
  }
  const ImageInput input = Model<Stored>{}.input();
  struct Reading {
    std::vector<float> values;
    int exceptions = 0, files = 0, failed = 0;
  };
  const auto read = [&](bool failing, long at, bool lasting) {
    Reading all;
    ReadAhead reader{paths, input, {.batch = 2, .readers = 2}};
    const auto next = [&]() -> const ImageBatch* {
      const auto fails = failing ? std::make_unique<FailingAllocation>(at, lasting) : nullptr;
      return reader.next();
    };
    for (bool more = true; more;) {
      try {
        const ImageBatch* const batch = next();
        more = batch != nullptr;
        if (!more) break;
        for (const auto& error : batch->errors) {
          ++all.files;
          if (!error) continue;
          CHECK(error->id() == "clip.system.memory");
          ++all.failed;
        }
        all.values.insert(all.values.end(), batch->images.values().begin(), batch->images.values().end());
      } catch (const std::bad_alloc&) { ++all.exceptions; }
      if (all.exceptions > 0) failing = false;
    }
    return all;
  };
  const Reading whole = read(false, 0, false);
  REQUIRE(whole.files == 7);
  REQUIRE(whole.failed == 0);
  int exceptions = 0, failed = 0;
  for (const bool lasting : {false, true})
    for (long at = 0; at < 60; ++at) {
      INFO("allocation ", at);
      const Reading found = read(true, at, lasting);
      CHECK(found.files == 7);
      if (found.failed == 0) CHECK(found.values == whole.values);
      exceptions += found.exceptions;
      failed += found.failed;
    }
  CHECK(exceptions > 0);
  MESSAGE(exceptions, " exceptions, ", failed, " files that failed");
}
