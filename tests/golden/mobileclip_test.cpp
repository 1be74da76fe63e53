// Small models of MobileCLIP-B, MobileCLIP 2 L-14 and Long-CLIP against timm and OpenCLIP: features, each gradient,
// running statistics, and what Apple's code computes. make_mobileclip.py and make_longclip.py made the numbers.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/data/pairs.hpp>
#include <clip/io/bytes.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/clip_vit/apple.hpp>
#include <clip/tower/clip_vit/longclip.hpp>
#include <clip/tower/conv_vit/apple.hpp>
#include <clip/train/objective.hpp>

#include "../io/temporary_folder.hpp"
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
inline constexpr VitClipConfig SmallLong{.embed_dim = 12,
                                         .image = {.image_size = 32,
                                                   .patch_size = 8,
                                                   .width = 16,
                                                   .layers = 2,
                                                   .heads = 2,
                                                   .activation = Activation::quick_gelu,
                                                   .epsilon = 1e-5f},
                                         .text = {.context = 248,
                                                  .vocabulary = 60,
                                                  .width = 16,
                                                  .layers = 2,
                                                  .heads = 2,
                                                  .activation = Activation::quick_gelu,
                                                  .epsilon = 1e-5f,
                                                  .two_tables = true}};
using Transformers = Families<List<VitConfig, ConvVitConfig>, List<TextConfig>>;

std::string path_of(const std::string& name) { return CLIP_SOURCE_DIR "/tests/golden/" + name + ".safetensors"; }

/// The expected numbers of one model.
class Expected {
 public:
  explicit Expected(const std::string& name) : file_{open_tensors(path_of(name + "_expected"))} {
    const auto pixels = (*this)("image");
    const Index side = file_.find("image")->shape[2];
    images = Images::from_floats(2, 3, side, side, {pixels.begin(), pixels.end()});
    const FileTensor& ids = *file_.find("ids");
    std::vector<std::int32_t> row(static_cast<std::size_t>(ids.shape[1]));
    for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] =
            static_cast<std::int32_t>(load_little<std::uint32_t>(ids.parts[0].bytes.data() + 4 * (row.size() * i + j)));
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
  int frozen = 0;
  for (const auto& [name, p] : named_parameters<T>(model)) frozen += p->kind == ParameterKind::frozen ? 1 : 0;
  CHECK(gradients + frozen == expected.count("grad/"));
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
  check_fixed<Model<SmallB, B>>("mobileclip/b");
  check_fixed<Model<SmallL14, B>>("mobileclip/l14");
}

TEST_CASE("reference numbers: small MobileCLIPs whose sizes are those of the file") {
  for (const auto& [name, heads] : {std::pair<std::string, Index>{"mobileclip/b", 4}, {"mobileclip/l14", 2}}) {
    const Expected expected{name};
    const Assumptions assumed{.activation = Activation::gelu, .image_heads = heads, .text_heads = 2};
    auto model = open<Cpu<>, Transformers>(path_of(name + "_open_clip"), assumed);
    const auto& c = model.config();
    CHECK((name.ends_with("b") ? std::get<ConvVitConfig>(c.image) == SmallB.image
                               : std::get<VitConfig>(c.image) == SmallL14.image));
    CHECK(std::get<TextConfig>(c.text) == (name.ends_with("b") ? SmallB.text : SmallL14.text));
    check_features(model, expected);
    check_training(model, expected);
  }
}

TEST_CASE("reference numbers: a small MobileCLIP-B under Apple's names computes what Apple's code computes") {
  const auto model = open<Cpu<>, Transformers>(path_of("mobileclip/b_apple"),
                                               {.activation = Activation::gelu, .image_heads = 4, .text_heads = 2});
  check_features(model, Expected{"mobileclip/b"}, "image_features_apple");
}

namespace {

constexpr Assumptions two_heads{.image_heads = 2, .text_heads = 2};

/// The small Long-CLIP with its two tables of positions.
const std::string long_path = path_of("longclip/small_original");

}  // namespace

TEST_CASE_TEMPLATE(
    "reference numbers: a small Long-CLIP of fixed sizes, from files with two tables of positions and one", B, Cpu<>,
    Naive<float>) {
  const Expected expected{"longclip/small"};
  Model<SmallLong, B> model;
  load(model, long_path);
  check_features(model, expected);
  check_training(model, expected);
  load(model, path_of("longclip/small_transformers"));
  check_features(model, expected);
}

TEST_CASE("reference numbers: a small Long-CLIP whose sizes are those of the file, under every naming") {
  const Expected expected{"longclip/small"};
  auto model = open<Cpu<>, Transformers>(long_path, two_heads);  // its activation follows from the second table
  CHECK(std::get<TextConfig>(model.config().text) == SmallLong.text);
  CHECK(std::get<VitConfig>(model.config().image) == SmallLong.image);
  check_features(model, expected);
  check_training(model, expected);
  const TemporaryFolder folder;
  load(model, long_path);
  Assumptions assumed = two_heads;
  assumed.activation = Activation::quick_gelu;
  for (const Dialect dialect : dialects) {
    if (dialect == Dialect::apple) continue;  // has no such image tower
    CAPTURE(name_of(dialect));
    const std::string path = folder / (std::string(name_of(dialect)) + ".safetensors");
    save(model, path, {.dialect = dialect});
    const auto again = open<Cpu<>, Transformers>(path);
    CHECK(std::get<TextConfig>(again.config().text).two_tables == (dialect == Dialect::openai));
    check_features(again, expected);
    const std::string converted = folder / ("converted_" + std::string(name_of(dialect)) + ".safetensors");
    convert_file<Transformers>(long_path, converted, {.dialect = dialect});
    check_features(open<Cpu<>, Transformers>(converted, assumed), expected);
  }
}

TEST_CASE(
    "Long-CLIP: converted to one table of positions and back to two, it computes the same; inspect says what it cannot "
    "tell") {
  const Expected expected{"longclip/small"};
  const TemporaryFolder folder;
  const std::string one = path_of("longclip/small_transformers"), two = folder / "two.safetensors";
  convert_file<Transformers>(one, two, {.config = SmallLong});
  const TensorFile file = open_tensors(two);
  REQUIRE(file.find("positional_embedding_res") != nullptr);
  CHECK(file.find("positional_embedding_res")->shape == std::vector<Index>{248, 16});
  check_features(open<Cpu<>, Transformers>(two), expected);
  convert_file<Transformers>(two, folder / "fold.safetensors", {.dialect = Dialect::huggingface});
  const TensorFile fold = open_tensors(folder / "fold.safetensors"), given = open_tensors(one);
  CHECK(fold.tensors().size() == given.tensors().size());
  for (const FileTensor& t : given.tensors()) {
    REQUIRE(fold.find(t.name) != nullptr);
    CHECK(std::ranges::equal(fold.find(t.name)->parts[0].bytes, t.parts[0].bytes));
  }
  Assumptions assumed = two_heads;
  assumed.activation = Activation::quick_gelu;
  CHECK(inspect<Transformers>(one, assumed).remark.find("one table of positions") != std::string::npos);
  CHECK(inspect<Transformers>(long_path, assumed).remark.empty());
}

TEST_CASE(
    "Long-CLIP: positions of a CLIP are stretched on request, and the first of a Long-CLIP's taken for its context") {
  VitClipConfig c = SmallLong;
  c.text.context = 77;
  c.text.two_tables = false;
  const TemporaryFolder folder;
  const std::string path = folder / "77.safetensors";
  AnyModel<Cpu<>, Transformers> original{AnyConfigOf<Transformers>{c}, Rng{3}};
  save(original, path);

  AnyModel<Cpu<>, Transformers> stretched{AnyConfigOf<Transformers>{SmallLong}};
  const auto refused = try_load(stretched, path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message().find("positional_embedding: shape (248, 16) expected, (77, 16) found (set "
                                       "LoadOptions::positions to interpolate it)") != std::string::npos);
  load(stretched, path, {.positions = Interpolate::longclip});
  Texts short_text{59};
  short_text.add(std::vector<std::int32_t>{58, 3, 4, 5, 59});
  CHECK(as_doubles(stretched.encode_text(short_text)) == as_doubles(original.encode_text(short_text)));
  const auto table = [](const auto& model, std::string_view name) {
    Values values;
    for (const auto& [found, p] : named_parameters<float>(model))
      if (found == name) values.assign(p->data, p->data + p->count());
    return values;
  };
  const Values before = table(original, "positional_embedding");
  const std::vector<float> expected = stretch_positions(std::vector<float>(before.begin(), before.end()), 16);
  CHECK(table(stretched, "positional_embedding") == Values(expected.begin(), expected.end()));
  CHECK(table(stretched, "positional_embedding_res") == Values(expected.begin(), expected.end()));

  load(original, long_path, {.positions = Interpolate::longclip});  // 77 positions of Long-CLIP's
  AnyModel<Cpu<>, Transformers> whole{AnyConfigOf<Transformers>{SmallLong}};
  load(whole, long_path);
  Texts texts{59};
  texts.add(std::vector<std::int32_t>{58, 3, 4, 5, 59});
  std::vector<std::int32_t> row(77, 7);
  row[0] = 58;
  row[76] = 59;
  texts.add(row);
  CHECK(as_doubles(original.encode_text(texts)) == as_doubles(whole.encode_text(texts)));
}

TEST_CASE(
    "JettCLIP: with MobileCLIP's text towers for 248 tokens, causal or not, a model trains, is saved and opened") {
  for (const bool causal : {true, false}) {
    CAPTURE(causal);
    ConvVitClipConfig c = SmallB;
    c.text = detail::for_long_texts(small_text(causal));
    AnyModel<Cpu<>, Transformers> model{AnyConfigOf<Transformers>{c}, Rng{5}};
    const Expected expected{"longclip/small"};
    const Images images = Images::from_floats(2, 3, 64, 64, [] {
      std::vector<float> pixels(2 * 3 * 64 * 64);
      for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 17) / 8 - 1;
      return pixels;
    }());
    Texts texts{59};
    texts.add(expected.texts[0]);
    texts.add(expected.texts[1]);
    const Values before = as_doubles(model.encode_text(texts));
    Parameters parameters{model};
    CHECK(parameters.find("positional_embedding") == nullptr);
    Tape tape{parameters};
    AdamW optimizer{parameters, {.learning_rate = 1e-2f, .weight_decay = 0.5f}};
    tape.clear();
    const auto loss = Contrastive{}(tape, model, Pairs{images, texts});
    tape.backward(loss);
    tape.commit();
    Values frozen;
    const auto first_table = [&] {
      for (const auto& [name, p] : named_parameters<float>(model))
        if (name == "positional_embedding") return Values(p->data, p->data + p->count());
      return Values{};
    };
    frozen = first_table();
    REQUIRE(frozen.size() == 248 * 16);
    optimizer.step();
    CHECK(first_table() == frozen);  // weight decay leaves it, too
    const Values after = as_doubles(model.encode_text(texts));
    CHECK(after != before);
    const TemporaryFolder folder;
    save(model, folder / "jett.safetensors");
    const auto again = open<Cpu<>, Transformers>(folder / "jett.safetensors");
    CHECK(again.config() == model.config());
    CHECK(as_doubles(again.encode_text(texts)) == after);
  }
}
