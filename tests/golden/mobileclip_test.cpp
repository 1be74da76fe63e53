// Small models of MobileCLIP-B and MobileCLIP 2 L-14 against timm and OpenCLIP: features, each gradient, running
// statistics, and what Apple's code computes. make_mobileclip.py made the numbers.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/io/bytes.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_vit/apple.hpp>
#include <clip/tower/conv_vit/apple.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

constexpr TextConfig small_text(bool causal) {
  return {.context = 16,
          .vocabulary = 60,
          .width = 16,
          .layers = 1,
          .heads = 2,
          .activation = Activation::gelu,
          .epsilon = 1e-5f,
          .causal = causal};
}
inline constexpr ConvVitClipConfig SmallB{.embed_dim = 12,
                                          .image = {.image_size = 64,
                                                    .width = 32,
                                                    .layers = 2,
                                                    .heads = 4,
                                                    .activation = Activation::gelu,
                                                    .epsilon = 1e-6f,
                                                    .stem_padding = 0},
                                          .text = small_text(true)};
inline constexpr VitClipConfig SmallL14{.embed_dim = 12,
                                        .image = {.image_size = 32,
                                                  .patch_size = 8,
                                                  .width = 16,
                                                  .layers = 2,
                                                  .heads = 2,
                                                  .activation = Activation::gelu,
                                                  .epsilon = 1e-5f,
                                                  .projection_bias = true},
                                        .text = small_text(false)};
using Transformers = Families<List<VitConfig, ConvVitConfig>, List<TextConfig>>;

std::string path_of(const std::string& name) {
  return CLIP_SOURCE_DIR "/tests/golden/mobileclip/" + name + ".safetensors";
}

/// The expected numbers of one model.
class Expected {
 public:
  explicit Expected(const std::string& name) : file_{open_tensors(path_of(name + "_expected"))} {
    const auto pixels = (*this)("image");
    const Index side = file_.find("image")->shape[2];
    images = Images::from_floats(2, 3, side, side, {pixels.begin(), pixels.end()});
    const FileTensor& ids = *file_.find("ids");
    std::vector<std::int32_t> row(16);
    for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = static_cast<std::int32_t>(load_little<std::uint32_t>(ids.parts[0].bytes.data() + 4 * (16 * i + j)));
      texts.add(row);
    }
    std::vector<FileTensor> named;  // of weights and of running statistics, under our names
    for (const std::string_view kind : {"grad/", "after/"})
      for (const FileTensor& t : file_.tensors())
        if (t.name.starts_with(kind)) {
          named.push_back(t);
          named.back().name.erase(0, kind.size());
        }
    const TensorFile renamed = in_openai_names<Transformers>(file_.with(std::move(named)));
    for (const FileTensor& t : renamed.tensors()) trained_[t.name] = numbers(t);
  }

  std::vector<double> operator()(const std::string& name) const {
    const FileTensor* const tensor = file_.find(name);
    REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
    return numbers(*tensor);
  }
  const std::vector<double>& trained(const std::string& name) const {
    REQUIRE_MESSAGE(trained_.contains(name), "the file has no " << name);
    return trained_.at(name);
  }
  int count(std::string_view kind) const {
    return static_cast<int>(
        std::ranges::count_if(file_.tensors(), [&](const FileTensor& t) { return t.name.starts_with(kind); }));
  }

  Images images;
  Texts texts{59};

 private:
  static std::vector<double> numbers(const FileTensor& tensor) {
    std::vector<double> values(static_cast<std::size_t>(tensor.count()));
    convert(tensor, std::span<double>(values));
    return values;
  }

  TensorFile file_;
  std::map<std::string, std::vector<double>> trained_;
};

/// Within 2e-5 of the reference, relative to its largest value where that is above one.
void check_near(const std::string& what, const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  const double worst = max_difference(found, expected), largest = std::max(1.0, max_magnitude(expected));
  INFO(what, ": off by ", worst, ", largest value ", largest);
  CHECK(worst <= 2e-5 * largest);
}
Values as_doubles(const auto& features) { return {features.values().begin(), features.values().end()}; }

template <class M>
void check_features(const M& model, const Expected& expected, const std::string& image = "image_features") {
  check_near(image, as_doubles(model.encode_image(expected.images)), expected(image));
  check_near("text features", as_doubles(model.encode_text(expected.texts)), expected("text_features"));
}

/// One training step of the sum of all squared features: the gradient of every weight, and the running statistics.
template <class M>
void check_training(M& model, const Expected& expected) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  Parameters<B> parameters{model};
  Tape<B> tape{parameters};
  int gradients = 0, statistics = 0;
  const auto check = [&](const auto& features, bool image) {
    std::vector<T> twice;
    for (const double x : values_of(tape.backend(), View<const T>{features.view}))
      twice.push_back(static_cast<T>(2 * x));
    tape.backward(features, View<const T>{twice.data(), features.rows(), features.cols()});
    tape.commit();
    for (const auto& e : parameters.entries()) {
      if (e.name.starts_with("logit_") || e.name.starts_with("visual.") != image) continue;
      check_near(std::string(e.name), values_of(tape.backend(), View<const T>{e.gradient}),
                 expected.trained(std::string(e.name)));
      ++gradients;
    }
  };
  tape.clear();
  check(model.encode_image(tape, expected.images), true);
  tape.clear();
  check(model.encode_text(tape, expected.texts), false);
  for (const auto& [name, p] : named_parameters<T>(model))
    if (p->kind == ParameterKind::buffer) {
      check_near(name, Values(p->data, p->data + p->count()), expected.trained(name));
      ++statistics;
    }
  CHECK(gradients == expected.count("grad/"));
  CHECK(statistics == expected.count("after/"));
}

template <class M>
void check_fixed(const std::string& name) {
  const Expected expected{name};
  M model;
  load(model, path_of(name + "_open_clip"));
  check_features(model, expected);
  check_training(model, expected);
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: small MobileCLIPs of fixed sizes", B, Cpu<>, Naive<float>) {
  check_fixed<Model<SmallB, B>>("b");
  check_fixed<Model<SmallL14, B>>("l14");
}

TEST_CASE("reference numbers: small MobileCLIPs whose sizes are those of the file") {
  for (const auto& [name, heads] : {std::pair<std::string, Index>{"b", 4}, {"l14", 2}}) {
    const Expected expected{name};
    const Assumptions assumed{.activation = Activation::gelu, .image_heads = heads, .text_heads = 2};
    auto model = open<Cpu<>, Transformers>(path_of(name + "_open_clip"), assumed);
    const auto& c = model.config();
    CHECK((name == "b" ? std::get<ConvVitConfig>(c.image) == SmallB.image
                       : std::get<VitConfig>(c.image) == SmallL14.image));
    CHECK(std::get<TextConfig>(c.text) == (name == "b" ? SmallB.text : SmallL14.text));
    check_features(model, expected);
    check_training(model, expected);
  }
}

TEST_CASE("reference numbers: a small MobileCLIP-B under Apple's names computes what Apple's code computes") {
  const auto model = open<Cpu<>, Transformers>(path_of("b_apple"),
                                               {.activation = Activation::gelu, .image_heads = 4, .text_heads = 2});
  check_features(model, Expected{"b"}, "image_features_apple");
}
