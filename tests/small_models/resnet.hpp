// tests/small_models/resnet.hpp: the ladder of the small ResNet: features, states, loss and gradients in evaluation and in
// training, running statistics after two steps. tests/golden/README.md says what the file holds.
#pragma once

#include <clip/optim/sgd.hpp>
#include <clip/tower/clip_resnet/openai.hpp>

#include "golden.hpp"

namespace clip::testing {

inline constexpr ResNetClipConfig TinyResNet{.embed_dim = 10,
                                             .image = {.image_size = 64, .layers = {2, 1, 2, 1}, .width = 4},
                                             .text = {.context = 9,
                                                      .vocabulary = 33,
                                                      .width = 12,
                                                      .layers = 2,
                                                      .heads = 2,
                                                      .activation = Activation::quick_gelu,
                                                      .epsilon = 1e-5f}};

/// Features without a tape.
template <class M>
void check_resnet_features(const M& model, const Golden& golden) {
  const auto image = model.encode_image(golden.images);
  const auto text = model.encode_text(golden.texts);
  check_values("image features", image.values(), golden("evaluation.image_features"));
  check_values("text features", text.values(), golden("evaluation.text_features"));
}

/// Every pixel after the stem and after each stage.
template <class M>
void check_resnet_states(const M& model, const Golden& golden) {
  for (Index layer = 0; layer <= 4; ++layer) {
    const Index channels = layer == 0 ? 4 : 8 << layer, side = layer == 0 ? 16 : 32 >> layer;
    const auto states = model.image.states(golden.images, {.layer = layer});
    CHECK(states.shape() == Shape{golden.images.size(), side * side, channels});
    check_values("pixels after stage " + std::to_string(layer), states.values(),
                 golden("state." + std::to_string(layer)));
  }
}

/// Features, loss and each gradient on a tape. Of a large gradient the file has every seventh value.
template <class M>
void check_resnet_gradients(M& model, const Golden& golden, TapeOptions options) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  const std::string mode = options.evaluation ? "evaluation." : "training.";
  INFO(mode);
  Parameters<B> parameters{model};
  Tape<B> tape{parameters, options};
  const std::vector<T> image = [&] {
    const std::vector<double> values = downloaded(tape.backend(), In<T>{model.encode_image(tape, golden.images).view});
    return std::vector<T>(values.begin(), values.end());
  }();
  check_values("image features on a tape", std::span<const T>(image), golden(mode + "image_features"));
  const std::vector<T> loss{static_cast<T>(record_loss(tape, model, golden))};
  check_values("loss", std::span<const T>(loss), golden(mode + "loss"));

  std::vector<std::vector<double>> expected;
  double norm = 0;
  for (const auto& e : parameters.entries()) {
    expected.push_back(golden(mode + "gradient." + e.name));
    double squares = 0;
    for (const double x : expected.back()) squares += x * x;
    norm = std::max(norm, std::sqrt(squares));
  }
  REQUIRE(norm > 0);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto& e = parameters.entries()[i];
    const std::vector<double> all = downloaded(parameters.backend(), View<const T>{e.gradient});
    std::vector<double> found;
    for (std::size_t k = 0; k < all.size(); k += all.size() == expected[i].size() ? 1 : 7) found.push_back(all[k]);
    CHECK_MESSAGE(!e.fresh, e.name);
    const double difference = largest_difference<double>(found, expected[i]);
    CHECK_MESSAGE(difference <= ScalarTraits<T>::gradient_tolerance * std::max(largest(expected[i]), 1e-3 * norm),
                  e.name << ": " << difference);
  }
}

/// The statistics of every norm, as the file has them under `prefix`.
template <class M>
void check_statistics(const M& model, const Golden& golden, const std::string& prefix) {
  using T = typename std::remove_cvref_t<decltype(model.backend())>::Scalar;
  int compared = 0;
  visit_parameters(model, [&](std::string_view name, const Parameter<T>& p) {
    if (p.kind == ParameterKind::parameter) return;
    const std::vector<double> values = downloaded(model.backend(), View<const T>{p.view()});
    const std::vector<T> found(values.begin(), values.end());
    const std::string what = prefix + std::string(name);
    if (p.kind == ParameterKind::counter) CHECK_MESSAGE(values == golden(what), what);
    else check_values(what, std::span<const T>(found), golden(what));
    ++compared;
  });
  CHECK(compared == 3 * (3 + 6 * 3 + 4));  // the stem, six blocks, four shortcuts
}

/// Two steps of plain gradient descent in training: losses, statistics, and what the model then sees.
template <class M>
void check_resnet_training(M& model, const Golden& golden) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  Parameters<B> parameters{model};
  Tape<B> tape{parameters};
  Sgd<B> optimizer{parameters,
                   {.learning_rate = static_cast<float>(std::stod(golden.metadata("sgd.learning_rate"))),
                    .momentum = 0,
                    .weight_decay = 0}};
  for (const double expected : golden("sgd.losses")) {
    const double loss = record_loss(tape, model, golden);
    tape.commit();
    optimizer.step();
    CHECK_MESSAGE(std::abs(loss - expected) <= ScalarTraits<T>::training_tolerance,
                  "loss " << loss << ", expected " << expected);
  }
  check_statistics(model, golden, "sgd.");
  const auto image = model.encode_image(golden.images);
  CHECK(largest_difference(std::span<const T>(image.values()), golden("sgd.image_features")) <=
        ScalarTraits<T>::training_tolerance);
}

/// The whole ladder. Training comes last: it changes the weights.
template <class M>
void check_resnet_ladder(M& model, const Golden& golden) {
  load_weights(model, golden);
  check_resnet_features(model, golden);
  check_resnet_gradients(model, golden, {.evaluation = true});
  check_resnet_gradients(model, golden, {.evaluation = false});
  check_resnet_gradients(model, golden, {.recompute = true});
  check_statistics(model, golden, "");  // nothing was committed
  check_resnet_training(model, golden);
}

}  // namespace clip::testing
