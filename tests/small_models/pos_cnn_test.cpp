// A vision transformer with PosCNNs between its blocks as an option of the family: begun from a plain one, trained, saved,
// reopened, refused.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/pairs.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/flops.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/train/objective.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/names.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

inline constexpr VitClipConfig Plain{.embed_dim = 12,
                                     .image = {.image_size = 35,
                                               .patch_size = 5,
                                               .width = 16,
                                               .layers = 4,
                                               .heads = 2,
                                               .activation = Activation::quick_gelu,
                                               .epsilon = 1e-5f},
                                     .text = Tiny.text};
inline constexpr VitClipConfig Reduced = [] {
  auto c = Plain;
  c.image.pos_cnn = PosCnnConfig::after({0}, 1);
  c.image.pos_cnn.strides[1] = 2;
  return c;
}();
using Transformers = Families<List<VitConfig>, List<TextConfig>>;
using B = Cpu<>;

std::vector<float> values(const auto& features) { return {features.values().begin(), features.values().end()}; }

std::string error_of(auto f) {
  try {
    f();
  } catch (const Error& e) { return e.what(); }
  return {};
}

}  // namespace

TEST_CASE("a ViT with PosCNNs: begun from a plain one, trained, saved, and reopened with its places and strides") {
  const TemporaryFolder folder;
  const Model<Plain> plain{Rng{1}};
  const std::string begin = folder / "plain.safetensors", end = folder / "reduced.safetensors";
  save(plain, begin);

  Model<Reduced> model{Rng{2}};
  const LoadReport report = load_partial(model, begin);
  CHECK(report.unused.empty());
  REQUIRE(report.missing.size() == 16);  // two modules of eight weights
  CHECK(std::ranges::all_of(report.missing,
                            [](const auto& name) { return name.starts_with("visual.transformer.between."); }));
  CHECK(error_of([&] { load(model, begin); }).find("visual.transformer.between.0.proj.0.weight") != std::string::npos);

  const Pairs pairs{random_images(Reduced, 8, Rng{4}), random_texts(Reduced, 8, Rng{5})};
  Parameters parameters{model};
  Tape tape{parameters};
  AdamW optimizer{parameters, {.learning_rate = 2e-3f}};
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    tape.clear();
    const auto loss = Contrastive{}(tape, model, pairs);
    tape.backward(loss);
    last = value_of(tape, loss);
    if (step == 0) first = last;
    if (step == 0)
      for (const auto& e : parameters.entries()) CHECK_MESSAGE(!e.fresh, e.name);  // every weight has a gradient
    optimizer.step();
  }
  CHECK(last < 0.8 * first);

  save(model, end);
  const auto again = open<B, Transformers>(end);
  CHECK(std::get<VitConfig>(again.config().image) == Reduced.image);
  CHECK(values(again.encode_image(pairs.images)) == values(model.encode_image(pairs.images)));
  Model<Reduced> loaded;
  load(loaded, end);
  CHECK(values(loaded.encode_image(pairs.images)) == values(model.encode_image(pairs.images)));
  CHECK(error_of([&] {
          load(*std::make_unique<Model<Plain>>(), end);
        }).find("visual.transformer.between.0.proj.0.weight") != std::string::npos);

  auto other = Reduced;
  other.image.pos_cnn.strides[0] = 2;
  AnyModel<B, Transformers> halved{AnyConfigOf<Transformers>{other}, Rng{1}};
  CHECK(error_of([&] { load(halved, end); })
            .find("image PosCNN: expected after block 0, stride 2; after block 1, stride "
                  "2 (the model's), found after block 0, stride 1") != std::string::npos);
}

TEST_CASE("a ViT with PosCNNs gives the same bits for any batch and any number of threads") {
  const Model<Reduced> one{Rng{3}, B{{.threads = 1}}}, two{Rng{3}, B{{.threads = 2}}};
  const AnyModel<B, Transformers> any{AnyConfigOf<Transformers>{VitClipConfig{Reduced}}, Rng{3}};
  const Images images = random_images(Reduced, 13, Rng{6});
  const auto all = values(one.encode_image(images));
  CHECK(values(two.encode_image(images)) == all);
  CHECK(values(any.encode_image(images)) == all);
  const auto side = static_cast<std::size_t>(3 * 35 * 35);
  for (const std::size_t i : {std::size_t{0}, std::size_t{12}}) {
    const auto pixels = images.values().subspan(i * side, side);
    const auto single = values(one.encode_image(Images::from_floats(1, 3, 35, 35, {pixels.begin(), pixels.end()})));
    CHECK(std::equal(single.begin(), single.end(), all.begin() + static_cast<std::ptrdiff_t>(12 * i)));
  }
  const auto states = any.image.visit([&](const auto& encoder) { return encoder.states(images); });
  CHECK(states.shape() == Shape{13, 17, 16});  // a class token and 4 × 4 patches
}

TEST_CASE("PosCNNs in configurations: JSON both ways, sizes, and what is refused") {
  const AnyConfigOf<Transformers> config{Reduced};
  CHECK(try_parse_config<Transformers>(config_text(config), "here").value() == config);
  auto without = Reduced;
  without.image.pos_cnn.final_ln = false;
  const AnyConfigOf<Transformers> bare{without};
  CHECK(try_parse_config<Transformers>(config_text(bare), "here").value() == bare);
  CHECK(config_text(AnyConfigOf<Transformers>{VitClipConfig{Plain}}).find("pos_cnn") == std::string::npos);

  const std::string text = config_text(config);
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return try_parse_config<Transformers>(changed, "here").error().message();
  };
  CHECK(replaced("[1,2]", "[1,3]").find("pos_cnn_strides: expected strides of 1 or 2") != std::string::npos);
  CHECK(replaced("[1,2]", "[1]").find("pos_cnn_strides: expected 2 strides") != std::string::npos);
  CHECK(replaced("[0,1]", "[0,3]").find("PosCNN: a module must stand between two blocks, not after the last") !=
        std::string::npos);
  CHECK(replaced("[0,1]", "[0,64]").find("pos_cnn_after: expected blocks of 0 ... 63") != std::string::npos);

  CHECK(count_parameters(Model<Reduced>{}) == count_parameters(Model<Plain>{}) + 2 * (16 * 16 + 78 * 16));
  CHECK(Reduced.image.tokens_after(0) == 50);
  CHECK(Reduced.image.tokens_after(2) == 17);
  CHECK(count_flops(config).image < count_flops(AnyConfigOf<Transformers>{VitClipConfig{Plain}}).image);
}

TEST_CASE("a file with PosCNNs that states no strides, and a dialect without names for them, are errors") {
  const TemporaryFolder folder;
  const Model<Reduced> model{Rng{7}};
  const std::string path = folder / "stated.safetensors", bare = folder / "bare.safetensors";
  save(model, path);
  for (const Dialect dialect : {Dialect::huggingface, Dialect::openclip})
    CHECK(error_of([&] { save(model, folder / std::string(name_of(dialect)), {.dialect = dialect}); }).find("PosCNN") !=
          std::string::npos);
  CHECK_FALSE(try_convert_file<Transformers>(path, folder / "tiny.safetensors", {.dialect = Dialect::tinyclip}));
  convert_file<Transformers>(path, folder / "half.safetensors", {.dtype = Dtype::f16});
  CHECK(std::get<VitConfig>(inspect<Transformers>(folder / "half.safetensors").config.image) == Reduced.image);

  const Safetensors file = open_safetensors(path);
  std::vector<TensorToWrite> tensors;
  for (const StoredTensor& t : file.tensors()) tensors.push_back({t.name, t.dtype, t.shape, t.bytes});
  write_safetensors(bare, tensors, {});
  const auto found = try_inspect<Transformers>(bare);
  REQUIRE_FALSE(found);
  CHECK(found.error().id() == "clip.load.implementation");
  CHECK(found.error().message().find("visual.transformer.between.0.proj.0.weight is of a PosCNN") != std::string::npos);
  Model<Reduced> loaded;
  load(loaded, bare);
  const Images images = random_images(Reduced, 2, Rng{6});
  CHECK(values(loaded.encode_image(images)) == values(model.encode_image(images)));
}
