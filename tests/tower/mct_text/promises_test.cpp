// What holds of every model holds of MobileCLIP S0: the same bits however work is grouped, the same of sizes known only at
// run time, initial weights, training, fusing, and files in Apple's names.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/data/pairs.hpp>
#include <clip/families.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/model/fuse.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/train/objective.hpp>

#include "../../io/temporary_folder.hpp"
#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

using namespace clip;
using namespace clip::testing;

namespace {
using B = Cpu<float>;
using Small = Model<OddMct, B>;
using MctFamilies = Families<List<MciConfig, FusedMciConfig>, List<TextConfig, MctTextConfig, FusedMctTextConfig>>;
using Open = AnyModel<B, MctFamilies>;
constexpr Assumptions three_heads{.text_heads = 3};

bool same(std::span<const float> a, std::span<const float> b) { return std::ranges::equal(a, b); }

/// The largest difference of two feature matrices.
float difference(const auto& a, const auto& b) {
  float most = 0;
  for (Index i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < a[i].size(); ++k) most = std::max(most, std::abs(a[i][k] - b[i][k]));
  return most;
}

/// A model without a bias of the image tower's head whose branches and statistics are no identity: after a few steps of training.
Small trained() {
  Small model{Rng{3}, B{{.threads = 2}}};
  const Pairs pairs{random_images(OddMct, 8, Rng{4}), random_texts(OddMct, 8, Rng{5})};
  Parameters parameters{model};
  Tape tape{parameters};
  AdamW optimizer{parameters, {.learning_rate = 1e-2f}};
  double first = 0, last = 0;
  for (int step = 0; step < 12; ++step) {
    tape.clear();
    const auto loss = Contrastive{}(tape, model, pairs);
    tape.backward(loss);
    last = value_of(tape, loss);
    if (step == 0) {
      first = last;
      for (const auto& e : parameters.entries()) CHECK_MESSAGE(!e.fresh, e.name);  // every weight has a gradient
    }
    tape.commit();
    optimizer.step();
  }
  CHECK(last < 0.8 * first);
  auto& bias = model.image.tower.head.bias;  // Apple's image towers have none
  std::fill_n(bias.data, bias.count(), 0.0f);
  return model;
}
}  // namespace

TEST_CASE("MobileCLIP S0: texts have the same bits alone and in a batch, with any number of threads, packed or not") {
  const Texts texts = random_texts(OddMct, 19, Rng{41});
  const Small reference{Rng{1}, B{{.threads = 1}}};
  const Open open{AnyConfigOf<MctFamilies>{OddMct}, Rng{1}};
  Small packed{Rng{1}, B{{.threads = 3}}};
  packed.pack();
  const auto text = reference.encode_text(texts), text_packed = packed.encode_text(texts);
  const auto text_open = open.encode_text(texts);
  for (Index i = 0; i < texts.size(); ++i) {
    const auto alone = reference.encode_text(one_of(texts, i));
    CHECK(same(alone[0], text[i]));
    CHECK(same(text_open[i], text[i]));
    CHECK(same(text_packed[i], text[i]));
  }
  REQUIRE_FALSE(same(text[0], text[1]));
  const auto rows = reference.text.states(texts);
  CHECK(rows.begin.back() == 19 * 13);  // padding included
}

TEST_CASE("MobileCLIP S0: weights in bfloat16 and int8 give the features up to their rounding") {
  const Texts texts = random_texts(OddMct, 7, Rng{42});
  const Small reference{Rng{1}};
  const auto expected = reference.encode_text(texts);
  for (const auto& [storage, least] : {std::pair{Storage::bfloat16, 0.999}, {Storage::int8, 0.99}}) {
    Small packed{Rng{1}};
    packed.pack(storage);
    const auto found = packed.encode_text(texts);
    CHECK(difference(found, expected) > 0);
    for (Index i = 0; i < texts.size(); ++i) {
      double xy = 0, xx = 0, yy = 0;
      for (std::size_t k = 0; k < 13; ++k) {
        const double x = found[i][k], y = expected[i][k];
        xy += x * y;
        xx += x * x;
        yy += y * y;
      }
      CHECK(xy / std::sqrt(xx * yy) > least);
    }
  }
}

TEST_CASE("MobileCLIP S0: learned vectors stand in the rows of tokens") {
  const Small model{Rng{1}};
  ContextVectors context{2, OddMct.text.width, Rng{2}};
  const Parameter<float>& table = model.text.tower.token_embedding;
  std::copy_n(table.data + 9 * 12, 12, context.ctx.data);
  std::copy_n(table.data + 8 * 12, 12, context.ctx.data + 12);
  Texts names = no_texts(OddMct), spelled = no_texts(OddMct);
  add_text(OddMct, names, {3, 4});
  add_text(OddMct, names, {5});
  add_text(OddMct, spelled, {9, 8, 3, 4});
  add_text(OddMct, spelled, {9, 8, 5});
  Inference<B> cx;
  const auto found = model.encode_prompts(cx, with_learned(names, 2), context.ctx);
  const auto expected = model.encode_text(spelled);
  for (Index i = 0; i < 2; ++i) CHECK(same(std::span{found.view.data + 13 * i, 13}, expected[i]));
}

TEST_CASE("MobileCLIP S0: initial weights of the RepMixer blocks are Apple's, of the others OpenAI's") {
  const Small model{Rng{7}};
  const auto deviation = [](const auto& p) {
    double squares = 0;
    for (Index i = 0; i < p.count(); ++i) squares += static_cast<double>(p.data[i]) * static_cast<double>(p.data[i]);
    return std::sqrt(squares / static_cast<double>(p.count()));
  };
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.25); };
  int found = 0;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    const double d = deviation(p);
    CAPTURE(name);
    const auto expect = [&](std::string_view which, double deviation_of) {
      if (name != which) return;
      CHECK(d == near(deviation_of));
      ++found;
    };
    expect("token_embedding.weight", 0.02);
    expect("positional_embedding", 0.01);
    expect("transformer.resblocks.0.mlp.conv.conv.weight", 0.02);
    expect("transformer.resblocks.0.mlp.fc1.weight", 0.02);
    expect("transformer.resblocks.3.mlp.fc2.weight", 0.02);
    expect("transformer.resblocks.3.mlp.fc2.bias", 0);
    expect("transformer.resblocks.3.layer_scale.gamma", 1e-5);
    expect("transformer.resblocks.1.attn.in_proj_weight", 1 / std::sqrt(12.0));
    expect("transformer.resblocks.2.mlp.c_fc.weight", 1 / std::sqrt(24.0));
    expect("text_projection", 1 / std::sqrt(12.0));
  });
  CHECK(found == 10);
}

TEST_CASE("MobileCLIP S0: it trains, is fused, and both are read from files in Apple's names and ours") {
  const Small model = trained();
  const Images images = random_images(OddMct, 5, Rng{8});
  const Texts texts = random_texts(OddMct, 5, Rng{9});
  const Model<fused_config_of<OddMct>, B> fused = fuse(model);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(fused.text.config())>, FusedMctTextConfig>);
  CHECK(difference(fused.encode_text(texts), model.encode_text(texts)) <= 1e-5f);
  CHECK(difference(fused.encode_image(images), model.encode_image(images)) <= 1e-5f);
  CHECK(difference(model.encode_text(texts), Small{Rng{3}}.encode_text(texts)) > 1e-2f);

  const TemporaryFolder folder;
  const auto check_files = [&](const auto& saved, const std::string& name) {
    const std::string own = folder / name + ".safetensors", apple = folder / name + "-apple.safetensors",
                      back = folder / name + "-back.safetensors";
    save(saved, own);
    convert_file(own, apple, {.dialect = Dialect::apple});
    convert_file(apple, back, {.assumed = three_heads});
    for (const std::string& path : {own, apple, back}) {
      CAPTURE(path);
      const auto loaded = open<B>(path, three_heads);
      CHECK(difference(loaded.encode_text(texts), saved.encode_text(texts)) == 0);
    }
    CHECK(try_inspect(apple, three_heads)->dialect == Dialect::apple);
    const auto refused = try_convert_file(own, folder / name + "-oc.safetensors", {.dialect = Dialect::openclip});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message().find("OpenCLIP has no such CLIP") != std::string::npos);
  };
  check_files(model, "model");
  check_files(fused, "fused");
}
