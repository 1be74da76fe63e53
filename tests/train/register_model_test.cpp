// A CLIP whose towers read one memory: begun from a plain one, trained, saved, resumed; gradients from both towers.
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/register_model.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/train/trainer.hpp>

#include "../support/matrix.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<float>;
using Small = RegisterModel<Tiny, B>;
constexpr RegisterConfig four{.registers = 4, .shared_width = 6, .relu = false, .scale = 5, .learned_scale = true};

std::vector<float> weights(const auto& model) {
  std::vector<float> all;
  visit_parameters(model, [&](std::string_view, const auto& p) { all.insert(all.end(), p.data, p.data + p.count()); });
  return all;
}

std::vector<float> numbers(const auto& features) { return {features.values().begin(), features.values().end()}; }

}  // namespace

TEST_CASE("a model with Register modules begins as the plain one, trains, saves and resumes") {
  const TemporaryFolder folder;
  ToyPairs pairs;
  const Model<Tiny, B> plain{Rng{1}};
  save(plain, folder / "plain.safetensors");
  Small whole{Rng{3}, four};
  const LoadReport report = load_partial(whole, folder / "plain.safetensors");
  CHECK(report.unused.empty());
  CHECK(std::ranges::count(report.missing, "shared_info") == 1);
  CHECK(std::ranges::count(report.missing, "visual.register.store_info") == 1);
  CHECK(std::ranges::count(report.missing, "register.ffn.2.weight") == 1);
  CHECK(report.missing.size() == 2 * 14 + 1);
  const Texts& texts = pairs.captions;
  CHECK(numbers(whole.encode_image(pairs.patterns)) == numbers(plain.encode_image(pairs.patterns)));
  CHECK(numbers(whole.encode_text(texts)) == numbers(plain.encode_text(texts)));

  TrainOptions options = short_run();
  std::vector<double> losses;
  Small first{Rng{3}, four};
  CHECK(Trainer{first, pairs, options}.run([&](const TrainProgress& p) {
    losses.push_back(p.loss);
    return true;
  }));
  CHECK(losses.back() < 0.8 * losses.front());

  options.checkpoint = folder / "run";
  Small interrupted{Rng{3}, four};
  CHECK_FALSE(Trainer{interrupted, pairs, options}.run([](const TrainProgress& p) { return p.step < 7; }));
  Small resumed{Rng{4}, four};
  CHECK(Trainer{resumed, pairs, options}.run());
  CHECK(weights(resumed) == weights(first));

  save(first, folder / "registers.safetensors");
  Small again{Rng{5}, four};
  load(again, folder / "registers.safetensors");
  CHECK(weights(again) == weights(first));
  const Small fresh{Rng{3}, four};
  CHECK(numbers(first.encode_text(texts)) != numbers(fresh.encode_text(texts)));
  CHECK(zero_shot(first, texts)(normalized(first.encode_image(pairs.patterns))).best().size() == 12);
}

TEST_CASE("gradients reach the shared registers from images and from texts") {
  ToyPairs pairs;
  Small model{Rng{3}, four};
  visit_parameters(model, [](std::string_view name, auto& p) {  // a new module reads, but adds nothing
    if (name.find("ffn.2.weight") != name.npos) set_values(B{}, p.view(), random_values(Rng{6}, p.count(), 0.3));
  });
  Parameters<B> table{model, only("shared_info")};
  const auto gradient = [&](auto encode) {
    Tape<B> tape{table};
    const auto y = encode(tape);
    const Matrix<B> dy{B{}, y.rows(), y.cols(), random_values(Rng{7}, y.rows() * y.cols())};
    table.clear_gradients();
    tape.backward(y, View<const float>{dy.view()});
    return max_magnitude(values_of(B{}, View<const float>{table.entries()[0].gradient}));
  };
  CHECK(gradient([&](auto& cx) { return model.encode_image(cx, pairs.patterns); }) > 1e-4);
  CHECK(gradient([&](auto& cx) { return model.encode_text(cx, pairs.captions); }) > 1e-4);
}
