// tests/small_models/golden.hpp: a file of reference numbers, and the ladder every model climbs: features, logits, loss,
// each gradient, ten steps of training. tests/golden/README.md says what the files hold.
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/core/scalar.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tokens/texts.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::testing {

inline constexpr ClipConfig<VitConfig, TextConfig> TinyA{.embed_dim = 20,
                                                         .image = {.image_size = 16,
                                                                   .patch_size = 4,
                                                                   .width = 18,
                                                                   .layers = 3,
                                                                   .heads = 2,
                                                                   .activation = Activation::quick_gelu,
                                                                   .epsilon = 1e-5f},
                                                         .text = {.context = 16,
                                                                  .vocabulary = 60,
                                                                  .width = 15,
                                                                  .layers = 2,
                                                                  .heads = 3,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f}};

inline constexpr ClipConfig<VitConfig, TextConfig> TinyB{.embed_dim = 10,
                                                         .image = {.image_size = 21,
                                                                   .patch_size = 7,
                                                                   .width = 20,
                                                                   .layers = 2,
                                                                   .heads = 4,
                                                                   .activation = Activation::quick_gelu,
                                                                   .epsilon = 1e-5f},
                                                         .text = {.context = 9,
                                                                  .vocabulary = 33,
                                                                  .width = 12,
                                                                  .layers = 3,
                                                                  .heads = 2,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f}};

/// One of the two files.
class Golden {
 public:
  explicit Golden(const char* name)
      : path{std::string(CLIP_SOURCE_DIR "/tests/golden/") + name + ".safetensors"}, file_{open_safetensors(path)} {
    const StoredTensor& pixels = *file_.find("input.images");
    std::vector<float> values(static_cast<std::size_t>(pixels.count()));
    convert(pixels, std::span<float>(values));
    images = Images::from_floats(pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3], std::move(values));
    const StoredTensor& ids = *file_.find("input.ids");
    texts = Texts{std::stoi(metadata("vocabulary")) - 1};
    std::vector<std::int32_t> row(static_cast<std::size_t>(ids.shape[1]));
    for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = static_cast<std::int32_t>(load_little<std::uint32_t>(ids.bytes.data() + 4 * (i * row.size() + j)));
      texts.add(row);
    }
  }

  std::string metadata(const std::string& key) const { return file_.metadata().at(key); }
  std::vector<double> operator()(std::string_view name) const {
    const StoredTensor* tensor = file_.find(name);
    REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
    std::vector<double> values(static_cast<std::size_t>(tensor->count()));
    convert(*tensor, std::span<double>(values));
    return values;
  }
  /// How many gradients the file holds.
  Index gradients() const {
    return std::count_if(file_.tensors().begin(), file_.tensors().end(),
                         [](const StoredTensor& t) { return t.name.starts_with("gradient."); });
  }

  std::string path;
  Images images;
  Texts texts;

 private:
  Safetensors file_;
};

/// The configuration the file was made with.
inline void check_configuration(const Golden& golden, const ClipConfig<VitConfig, TextConfig>& c) {
  const auto is = [&](const char* key, Index value) { CHECK_MESSAGE(std::stol(golden.metadata(key)) == value, key); };
  is("embed_dim", c.embed_dim);
  is("image_size", c.image.image_size);
  is("patch_size", c.image.patch_size);
  is("image_width", c.image.width);
  is("image_heads", c.image.heads);
  is("image_layers", c.image.layers);
  is("context", c.text.context);
  is("vocabulary", c.text.vocabulary);
  is("text_width", c.text.width);
  is("text_heads", c.text.heads);
  is("text_layers", c.text.layers);
  CHECK(golden.metadata("activation") == name_of(c.image.activation));
  CHECK(c.text.activation == c.image.activation);
  CHECK(static_cast<float>(std::stod(golden.metadata("epsilon"))) == c.image.epsilon);
  CHECK(c.text.epsilon == c.image.epsilon);
}

inline double largest(std::span<const double> values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

/// max|found - expected|; NaN where something is NaN.
template <class T>
double largest_difference(std::span<const T> found, std::span<const double> expected) {
  REQUIRE(found.size() == expected.size());
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected[i]);
    if (!(difference <= most)) most = difference;
    if (std::isnan(most)) break;
  }
  return most;
}

/// Within the tolerance of values, relative to the largest where that is above one.
template <class T>
void check_values(const std::string& what, std::span<const T> found, std::span<const double> expected) {
  CHECK_MESSAGE(
      largest_difference(found, expected) <= ScalarTraits<T>::value_tolerance * std::max(1.0, largest(expected)), what);
}

template <class B>
std::vector<double> downloaded(B backend, View<const typename B::Scalar> view) {
  std::vector<double> values(static_cast<std::size_t>(view.count()));
  backend.download(view, std::span<double>(values));
  return values;
}

template <class M>
void load_weights(M& model, const Golden& golden) {
  CHECK(load_partial(model, golden.path).missing.empty());
}

/// Features, logits and loss without a tape.
template <class M>
void check_forward(const M& model, const Golden& golden) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  const auto image = model.encode_image(golden.images);
  const auto text = model.encode_text(golden.texts);
  check_values("image features", image.values(), golden("output.image_features"));
  check_values("text features", text.values(), golden("output.text_features"));

  Inference<B> cx{model.backend()};
  const auto rows = [&](const auto& features) {
    const Rows<Inference<B>, dyn> x = cx.allocate(features.size(), Size<dyn>{features.width()});
    cx.backend().upload(features.values(), x.view);
    return x;
  };
  const auto i = rows(image), t = rows(text);
  const auto similarity = logits(cx, i, t, model.similarity);
  const std::vector<double> values = downloaded(cx.backend(), In<T>{similarity.view});
  const std::vector<T> rounded(values.begin(), values.end());
  check_values("logits", std::span<const T>(rounded), golden("output.logits"));
  const std::vector<T> loss{
      static_cast<T>(value_of(cx, contrastive(cx, i, t, model.similarity, golden.texts.groups())))};
  check_values("loss", std::span<const T>(loss), golden("output.loss"));
}

/// The loss of one batch, recorded.
template <class B, class M>
double record_loss(Tape<B>& tape, const M& model, const Golden& golden, bool backward = true) {
  tape.clear();
  const auto image = model.encode_image(tape, golden.images);
  const auto text = model.encode_text(tape, golden.texts);
  const auto loss = contrastive(tape, image, text, model.similarity, golden.texts.groups());
  if (backward) tape.backward(loss);
  return value_of(tape, loss);
}

/// Each gradient against its name: max|Δ| / max(max|reference|, 1e-3 of the largest gradient norm).
template <class M>
void check_gradients(M& model, const Golden& golden, bool recompute = false) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  Parameters<B> parameters{model};
  Tape<B> tape{parameters, {.recompute = recompute}};
  record_loss(tape, model, golden);
  CHECK(static_cast<Index>(parameters.entries().size()) == golden.gradients());
  double norm = 0;
  for (const auto& e : parameters.entries()) {
    double squares = 0;
    for (const double x : golden("gradient." + e.name)) squares += x * x;
    norm = std::max(norm, std::sqrt(squares));
  }
  REQUIRE(norm > 0);
  for (const auto& e : parameters.entries()) {
    const std::vector<double> expected = golden("gradient." + e.name),
                              found = downloaded(parameters.backend(), View<const T>{e.gradient});
    CHECK_MESSAGE(!e.fresh, e.name);
    CHECK_MESSAGE(largest_difference<double>(found, expected) <=
                      ScalarTraits<T>::gradient_tolerance * std::max(largest(expected), 1e-3 * norm),
                  e.name);
  }
}

/// The loss before each of ten steps of AdamW, and logit_scale after it.
template <class M>
void check_training(M& model, const Golden& golden) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  constexpr double tolerance = ScalarTraits<T>::training_tolerance;
  const auto option = [&](const char* name) {
    return static_cast<float>(std::stod(golden.metadata(std::string("adamw.") + name)));
  };
  Parameters<B> parameters{model};
  Tape<B> tape{parameters};
  AdamW<B> optimizer{parameters,
                     {.learning_rate = option("learning_rate"),
                      .beta1 = option("beta1"),
                      .beta2 = option("beta2"),
                      .epsilon = option("epsilon"),
                      .weight_decay = option("weight_decay")}};
  const std::vector<double> losses = golden("adamw.losses"), scales = golden("adamw.logit_scale");
  REQUIRE(losses.size() == 10);
  for (std::size_t step = 0; step < losses.size(); ++step) {
    const double loss = record_loss(tape, model, golden);
    optimizer.step();
    const double scale = downloaded(parameters.backend(), View<const T>{model.similarity.logit_scale.view()})[0];
    CHECK_MESSAGE(std::abs(loss - losses[step]) <= tolerance,
                  "loss before step " << step + 1 << ": " << loss << ", expected " << losses[step]);
    CHECK_MESSAGE(std::abs(scale - scales[step]) <= tolerance,
                  "logit_scale after step " << step + 1 << ": " << scale << ", expected " << scales[step]);
  }
}

/// The whole ladder. Training comes last: it changes the weights.
template <class M>
void check_ladder(M& model, const Golden& golden) {
  load_weights(model, golden);
  check_forward(model, golden);
  check_gradients(model, golden);
  check_training(model, golden);
}

/// Every layer's rows, padding included.
template <class M>
void check_states(M& model, const Golden& golden) {
  load_weights(model, golden);
  using T = typename M::T;
  for (Index layer = 1; layer <= model.image.config().layers; ++layer) {
    const Tensor<T> states = model.image.states(golden.images, {.layer = layer});
    CHECK(states.shape() == Shape{golden.images.size(), model.image.config().tokens(), model.image.config().width});
    check_values("image rows after block " + std::to_string(layer), states.values(),
                 golden("state.image." + std::to_string(layer - 1)));
  }
  for (Index layer = 1; layer <= model.text.config().layers; ++layer) {
    const TextStates<T> states = model.text.states(golden.texts, {.layer = layer, .padded = true});
    CHECK(states.begin.size() == static_cast<std::size_t>(golden.texts.size()) + 1);
    check_values("text rows after block " + std::to_string(layer), states.rows.values(),
                 golden("state.text." + std::to_string(layer - 1)));
  }
}

}  // namespace clip::testing
