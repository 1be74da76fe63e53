// Every operation on tower families, with two families that no header of the library mentions.
#include "toy_families.hpp"

#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/pairs.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/count.hpp>
#include <clip/model/flops.hpp>
#include <clip/model/model.hpp>
#include <clip/train/trainer.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/check_gradients.hpp"
#include "../support/names.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using Any = AnyModel<Cpu<>, ToyFamilies>;
using Config = AnyConfigOf<ToyFamilies>;

template <class M>
std::vector<float> weights(const M& model) {
  std::vector<float> all;
  visit_parameters(model, [&](std::string_view, const auto& p) { all.insert(all.end(), p.data, p.data + p.count()); });
  return all;
}

/// Images of a few kinds, each with the text that names its kind.
struct ToyPairs {
  using Batch = Pairs;
  Images images = random_images(Toy, 8, Rng{3});
  Texts texts = random_texts(Toy, 8, Rng{4});

  Index size() const { return 8; }
  void batch(std::span<const Index> items, Rng, Pairs& out) const {
    out.images.resize_for_reuse(static_cast<Index>(items.size()), 3, 4, 4);
    out.texts.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::ranges::copy(images.image(items[i]), out.images.image(static_cast<Index>(i)).begin());
      out.texts.append(texts, items[i]);
    }
  }
};

}  // namespace

TEST_CASE("a new family opens from its file, whatever the dialect") {
  const TemporaryFolder folder;
  Model<Toy> model{Rng{1}};
  save(model, folder / "toy.safetensors");
  save(model, folder / "hub", {.dialect = Dialect::huggingface});
  convert_file<ToyFamilies>(folder / "toy.safetensors", folder / "converted", {.dialect = Dialect::huggingface});
  convert_file<ToyFamilies>(folder / "converted", folder / "back.safetensors");
  CHECK(dialect_of<ToyFamilies>(open_tensors(folder / "converted")) == Dialect::huggingface);
  CHECK(open_tensors(folder / "converted").find("text_bag.embeddings.weight") != nullptr);

  const auto features = model.encode_text(random_texts(Toy, 4, Rng{2}));
  for (const char* const name : {"toy.safetensors", "hub", "converted", "back.safetensors"}) {
    CAPTURE(name);
    const Any opened = open<Cpu<>, ToyFamilies>(folder / name);
    Config found = opened.config();
    found.preprocessing().color_order = ColorOrder::openai;  // a folder of transformers states another
    CHECK(found == Config{Toy});
    CHECK(weights(opened) == weights(model));
    const auto again = opened.encode_text(random_texts(Toy, 4, Rng{2}));
    CHECK(std::ranges::equal(again.values(), features.values()));
  }
}

TEST_CASE("a new family is inferred from shapes, named by the catalogue and refused by a model of another family") {
  const TemporaryFolder folder;
  Model<Toy> model{Rng{1}};
  auto tensors = tensors_of(model);
  write_safetensors(folder / "bare.safetensors", tensors);
  const auto found = inspect<ToyFamilies>(folder / "bare.safetensors");
  CHECK(found.config == Config{Toy});
  CHECK(found.name == "toy/flat");
  CHECK(find_config<ToyFamilies>("toy/flat") == Config{Toy});

  Any vit{Config{Tiny}};
  const auto refused = try_load(vit, folder / "bare.safetensors");
  REQUIRE(!refused);
  CHECK(refused.error().message().find("; clip::Toy would fit") != std::string::npos);
  CHECK(!try_inspect(folder / "bare.safetensors"));  // not one of the library's own
}

TEST_CASE("a new family is read from JSON and written back, alone or with a tower of another family") {
  const Config mixed{ClipConfig<VitConfig, BagConfig>{6, Tiny.image, Toy.text}};
  for (const Config& c : {Config{Toy}, mixed}) {
    const auto again = try_parse_config<ToyFamilies>(json_text(to_json(c)), "toy.json");
    REQUIRE(again);
    CHECK(*again == c);
  }
  Json unknown = to_json(Config{Toy});
  unknown["text"]["kind"] = "sack";
  const auto refused = try_parse_config<ToyFamilies>(json_text(unknown), "toy.json");
  REQUIRE(!refused);
  CHECK(refused.error().message().find("text.kind: expected one of text, bag") != std::string::npos);
}

TEST_CASE("weights and FLOPs of a new family are counted") {
  const auto count = count_parameters(Config{Toy});
  CHECK(count.image == 48 * 10 + 10 + 10 * 6 + 6);
  CHECK(count.text == 20 * 5 + 7 * 5 + 5 * 6 + 6);
  CHECK(count.total() == count.image + count.text + 1);
  CHECK(count_flops(Config{Toy}).image == 2.0 * (48 * 10 + 10 * 6));
  CHECK(count_activations(Config{Toy}) == 64.0 * 4 * 4);  // what DescriptionDefaults says
}

TEST_CASE("a new family has the same bits and gradients with sizes in the type and at run time") {
  Model<Toy> fixed{Rng{5}};
  Any open{Config{Toy}, Rng{5}};
  const Images images = random_images(Toy, 5, Rng{6});
  const Texts texts = random_texts(Toy, 5, Rng{7});
  CHECK(named_shapes(open) == named_shapes(fixed));
  const auto of_type = fixed.encode_image(images);
  const auto at_run_time = open.encode_image(images);
  CHECK(std::ranges::equal(of_type.values(), at_run_time.values()));
  const auto loss = [&](const auto& model) {
    return [&](auto& tape) {
      return contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts), model.similarity,
                         texts.groups());
    };
  };
  Parameters of_fixed{fixed}, of_open{open};
  CHECK(gradients_of(of_fixed, loss(fixed)) == gradients_of(of_open, loss(open)));
}

TEST_CASE("a new family trains, saves, resumes and reloads") {
  const TemporaryFolder folder;
  ToyPairs pairs;
  const auto options = [&](const std::string& name) {
    return TrainOptions{.epochs = 2, .batch = 4, .checkpoint = folder / name};
  };
  Any whole{Config{Toy}, Rng{8}};
  CHECK(Trainer{whole, pairs, options("whole")}.run());
  Any interrupted{Config{Toy}, Rng{8}};
  CHECK_FALSE(Trainer{interrupted, pairs, options("part")}.run([](const TrainProgress& p) { return p.step < 2; }));
  Any resumed{Config{Toy}, Rng{8}};
  CHECK(Trainer{resumed, pairs, options("part")}.run());
  CHECK(weights(resumed) == weights(whole));
  CHECK(weights(whole) != weights(Any{Config{Toy}, Rng{8}}));

  save(whole, folder / "trained.safetensors");
  const Any again = open<Cpu<>, ToyFamilies>(folder / "trained.safetensors");
  CHECK(weights(again) == weights(whole));
}

TEST_CASE("a program can narrow the list of families") {
  using Mine = Families<List<FlatConfig>, List<TextConfig>>;
  AnyModel<Cpu<>, Mine> model{AnyConfigOf<Mine>{ClipConfig<FlatConfig, TextConfig>{6, Toy.image, Tiny.text}}, Rng{9}};
  CHECK(model.encode_image(random_images(Toy, 2, Rng{1})).size() == 2);
  CHECK(model.encode_text(random_texts(Tiny, 3, Rng{1})).width() == 6);
}
