// Weights in the mapped file: the same results, no read or copy before the first use, and the file is never written.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>

#include "../support/small_models.hpp"
#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

std::string saved(const TemporaryFolder& folder) {
  Model<Odd> model{Rng{3}};
  save(model, folder / "odd.safetensors");
  return folder / "odd.safetensors";
}

/// The weights in a mapped file: 0 none, 1 some, 2 all.
template <class M>
int in_file(const M& model, std::string_view ending = "") {
  Index there = 0, all = 0;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    if (p.shape.rank == 0 || !name.ends_with(ending)) return;
    ++all;
    there += p.in_file() ? 1 : 0;
  });
  return there == 0 ? 0 : there < all ? 1 : 2;
}

/// The number of mappings of a file in this process.
int mappings_of(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) count += line.ends_with(path) ? 1 : 0;
  return count;
}

/// All features of a few images and texts.
template <class M>
std::vector<float> features_of(const M& model) {
  const auto images = model.encode_image(random_images(Odd, 3, Rng{5}));
  const auto texts = model.encode_text(random_texts(Odd, 4, Rng{6}));
  std::vector<float> all(images.values().begin(), images.values().end());
  all.insert(all.end(), texts.values().begin(), texts.values().end());
  return all;
}

template <class M>
void train(M& model) {
  Parameters parameters{model, except("visual.*")};
  AdamW optimizer{parameters, {.learning_rate = 1e-2f}};
  Tape tape{parameters};
  const Texts texts = random_texts(Odd, 4, Rng{8});
  const auto loss = contrastive(tape, model.encode_image(tape, random_images(Odd, 4, Rng{7})),
                                model.encode_text(tape, texts), model.similarity, texts.groups());
  tape.backward(loss);
  optimizer.step();
}

}  // namespace

TEST_CASE("in place: a model encodes with the bits of a copied one, and copies no weight") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  Model<Odd> copied, model;
  load(copied, path);
  load(model, path, {.in_place = true});
  CHECK(in_file(copied) == 0);
  CHECK(in_file(model) == 2);
  CHECK(features_of(model) == features_of(copied));
  CHECK(model.similarity.temperature() == copied.similarity.temperature());
  const AnyModel<> opened =
      open(path, {.activation = Odd.image.activation, .image_heads = Odd.image.heads, .text_heads = Odd.text.heads}, {},
           {.in_place = true});
  CHECK(in_file(opened) == 2);
  CHECK(features_of(opened) == features_of(copied));
}

TEST_CASE("in place: the model keeps its mapping when the file is replaced or removed, also by the model's own save") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  Model<Odd> model;
  load(model, path, {.in_place = true});
  const auto before = features_of(model);
  Model<Odd> other{Rng{4}};
  save(other, path);
  CHECK(features_of(model) == before);
  CHECK(features_of(other) != before);
  save(model, path);
  std::filesystem::remove(path);
  const Model<Odd> moved{std::move(model)};
  CHECK(features_of(moved) == before);
}

TEST_CASE("in place: a model that is loaded repeatedly keeps only the files that hold its weights") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  if (!std::filesystem::exists("/proc/self/maps")) {
    MESSAGE("skipped: files mapped by this process: this system has no /proc/self/maps");
    return;
  }
  Model<Odd> model;
  for (int i = 0; i < 3; ++i) {
    load(model, path, {.in_place = true});
    CHECK(mappings_of(path) == 1);
  }
  const std::string other = folder / "other.safetensors";
  Model<Odd> second{Rng{4}};
  save(second.image, other);
  load_partial(model, other, {.in_place = true});  // the text tower stays in the first file
  CHECK(mappings_of(path) == 1);
  CHECK(mappings_of(other) == 1);
  load(model, path);
  CHECK(mappings_of(path) + mappings_of(other) == 0);
}

TEST_CASE("in place: after a load that fails half-way every weight has valid memory") {
  const TemporaryFolder folder;
  const std::string path = saved(folder), name = "transformer.resblocks.1.mlp.c_fc.weight";
  Model<Odd> copied, model;
  load(copied, path);
  load(model, path, {.in_place = true});
  {
    const TensorFile file = open_tensors(path);
    std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
    auto& broken = *std::ranges::find(tensors, name, &FileTensor::name);
    broken.dtype = Dtype::f64;  // requires conversion, which fails for these parts
    broken.parts[0].bytes = broken.parts[0].bytes.first(8);
    CHECK_THROWS_AS(static_cast<void>(try_load(model, file.with(tensors), {.in_place = true})), LoadError);
  }
  const auto all_but_it = [&](const Model<Odd>& m) {
    std::vector<float> values;
    visit_parameters(m, [&](std::string_view of, const auto& p) {
      values.insert(values.end(), p.data, p.data + (of == name ? 0 : p.count()));
    });
    return values;
  };
  CHECK(all_but_it(model) == all_but_it(copied));
  load(model, path, {.in_place = true});
  CHECK(features_of(model) == features_of(copied));
}

TEST_CASE("in place: packing copies the weights of products into memory, and unpacking keeps them there") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  for (const Storage storage : {Storage::full, Storage::bfloat16}) {
    Model<Odd> copied, model;
    load(copied, path);
    load(model, path, {.in_place = true});
    copied.pack(storage);
    model.pack(storage);
    CHECK(in_file(model, "c_fc.weight") == 0);
    CHECK(in_file(model, "token_embedding.weight") == 2);
    CHECK(features_of(model) == features_of(copied));
    copied.unpack();
    model.unpack();
    CHECK(in_file(model, "c_fc.weight") == 0);
    CHECK(features_of(model) == features_of(copied));
  }
}

TEST_CASE("in place: a parameter table copies its weights into memory, the others stay, and the file is unchanged") {
  const TemporaryFolder folder;
  const std::string path = saved(folder), bytes = get(path);
  Model<Odd> copied, model;
  load(copied, path);
  load(model, path, {.in_place = true});
  train(copied);
  train(model);
  CHECK(in_file(model.image) == 2);
  CHECK(in_file(model.text) == 0);
  CHECK(features_of(model) == features_of(copied));
  CHECK(get(path) == bytes);
}

TEST_CASE("in place: a model can be loaded or initialised again") {
  const TemporaryFolder folder;
  const std::string path = saved(folder), bytes = get(path);
  Model<Odd> model, copied;
  load(copied, path);
  load(model, path, {.in_place = true});
  initialise(model, Rng{9});
  CHECK(in_file(model) == 0);
  CHECK(features_of(model) == features_of(Model<Odd>{Rng{9}}));
  load(model, path, {.in_place = true});
  model.pack();
  load(model, path, {.in_place = true});
  CHECK(in_file(model) == 2);
  CHECK(features_of(model) == features_of(copied));
  load(model, path);
  CHECK(in_file(model) == 0);
  CHECK(features_of(model) == features_of(copied));
  CHECK(get(path) == bytes);
}

TEST_CASE("in place: one encoder uses its half of a file") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  TextEncoder<Odd> copied, text;
  load(copied, path);
  load(text, path, {.in_place = true});
  CHECK(in_file(text) == 2);
  const Texts texts = random_texts(Odd, 4, Rng{6});
  const auto a = text.encode_text(texts), b = copied.encode_text(texts);
  CHECK(std::ranges::equal(a.values(), b.values()));
}

TEST_CASE("in place: values in another layout or type are converted") {
  const TemporaryFolder folder;
  const std::string path = saved(folder);
  Model<Odd> copied;
  load(copied, path);

  std::string file = get(path);  // one more blank in the header misaligns every value
  const auto length = load_little<std::uint64_t>(reinterpret_cast<const std::byte*>(file.data()));
  file.insert(8 + static_cast<std::size_t>(length), 1, ' ');
  store_little(reinterpret_cast<std::byte*>(file.data()), length + 1);
  put(folder / "odd.address", file);
  Model<Odd> shifted;
  load(shifted, folder / "odd.address", {.in_place = true});
  CHECK(in_file(shifted) == 0);
  CHECK(features_of(shifted) == features_of(copied));

  Model<Odd, Naive<double>> wide;
  load(wide, path, {.in_place = true});
  CHECK(in_file(wide) == 0);

  Model<Quick> half, archive;
  load(half, files + "half.pt", {.in_place = true});
  CHECK(in_file(half) == 0);
  load(archive, files + "state.pt", {.in_place = true});
  CHECK(in_file(archive) == 1);  // strided tensors are copied into memory
  CHECK(weights_of(archive) == wanted());

  save(copied, folder / "parted", {.dialect = Dialect::huggingface});  // separate q, k and v, transposed projections
  Model<Odd> joined;
  load(joined, folder / "parted", {.in_place = true});
  CHECK(in_file(joined, "in_proj_weight") == 0);
  CHECK(in_file(joined, "text_projection") == 0);
  CHECK(in_file(joined, "c_fc.weight") == 2);
  CHECK(features_of(joined) == features_of(copied));
}

TEST_CASE("in place: threads encode concurrently, with the same bits") {
  const TemporaryFolder folder;
  Model<Odd> model{Cpu<>{{.threads = 2}}};
  load(model, saved(folder), {.in_place = true});
  const auto expected = features_of(model);
  std::vector<float> found[3];
  std::thread workers[3];
  for (int t = 0; t < 3; ++t)
    workers[t] = std::thread{[&, t] {
      for (int repeat = 0; repeat < 5; ++repeat) found[t] = features_of(model);
    }};
  for (std::thread& worker : workers) worker.join();
  for (const auto& features : found) CHECK(features == expected);
}
