// What a training step asks of its backend: nothing that makes the host wait before the update.
#include <clip/optim/sgd.hpp>
#include <clip/train/trainer.hpp>

#include "../support/counting.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

constexpr auto deep_tiny = [] {
  auto c = Tiny;
  c.image.layers += 3;
  c.text.layers += 2;
  return c;
}();

/// The calls of every step of a run with the same pairs in every step.
template <const auto& Config, class O>
std::vector<Calls> steps_of(double clip_norm, Index* parameters = nullptr) {
  ToyPairs pairs;
  pairs.pairs = 8;
  Model<Config, Counting<float>> model{Rng{2}};
  TrainOptionsOf<O> options;
  options.epochs = 4;
  options.batch = 8;
  options.clip_norm = clip_norm;
  Trainer trainer{model, pairs, options};
  if (parameters) *parameters = static_cast<Index>(trainer.parameters().entries().size());
  std::vector<Calls> steps;
  model.backend().calls().clear();
  trainer.run([&](const TrainProgress&) {
    steps.push_back(model.backend().calls());
    model.backend().calls().clear();
    return true;
  });
  return steps;
}

/// y = x, with an infinite derivative
struct InfiniteSlope {
  static constexpr std::string_view name = "infinite_slope";
  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.add(x, Acc<T>{y, true});
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T>, Acc<T> dx) const {
    b.fill(dx, std::numeric_limits<T>::infinity());
  }
};

/// A loss that is finite where its gradients are not.
struct Overflowing {
  template <class Cx, class M>
  Rows<Cx, 1> operator()(Cx& tape, const M& model, const Pairs& pairs) const {
    return tape.apply(InfiniteSlope{}, 1, Size<1>{}, Contrastive{}(tape, model, pairs));
  }
};

/// Functions that return something to the host.
constexpr const char* waiting[] = {"download", "read", "all_finite"};

}  // namespace

TEST_CASE_TEMPLATE("a training step measures and updates in two calls, however many parameters there are", O,
                   AdamwOptions, SgdOptions) {
  const std::string update = std::is_same_v<O, AdamwOptions> ? "adamw" : "sgd";
  for (const double clip_norm : {0.0, 0.5}) {
    Index few = 0, many = 0;
    const auto small = steps_of<Tiny, O>(clip_norm, &few), large = steps_of<deep_tiny, O>(clip_norm, &many);
    CHECK(many > few + 50);
    CHECK(small.size() == 4);
    for (const auto& steps : {small, large})
      for (const Calls& calls : steps) {
        CHECK(calls.count("measure") == 1);
        CHECK(calls.count(update) == 1);
        CHECK(calls.count("blend") == 0);
        CHECK(calls.first("measure") + 1 == calls.first(update));
        CHECK(calls.first("read") == calls.first(update) + 1);
        CHECK(calls.count("read") == 1);
      }
  }
}

TEST_CASE("a training step returns nothing to the host before its update") {
  for (const Calls& calls : steps_of<Tiny, AdamwOptions>(0.5)) {
    Index returned = 0;
    for (const char* name : waiting) returned += calls.count(name);
    CHECK(returned == 1);
    CHECK(calls.first("read") > calls.first("adamw"));
    CHECK(calls.count("upload") == 1);  // the images
  }
}

TEST_CASE("a training step allocates nothing once a step of its size has been taken") {
  const auto steps = steps_of<Tiny, AdamwOptions>(0.5);
  CHECK(steps[0].count("allocate") > 0);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    CHECK(steps[i].count("allocate") == 0);
    CHECK(steps[i].count("deallocate") == 0);
  }
}

TEST_CASE("a step gives every layer the same sequences and every update the same tables, by their stamps") {
  const auto steps = steps_of<deep_tiny, AdamwOptions>(0.5);
  for (const Calls& calls : steps) {
    CHECK(calls.count("attention") == deep_tiny.image.layers + deep_tiny.text.layers);
    CHECK(calls.sequences().size() == 2);  // images and texts
    CHECK(calls.tables().size() == 2);     // gradients to measure, weights to update
    CHECK(calls.tables() == steps[0].tables());
  }
  std::vector<std::uint64_t> kept;
  std::ranges::set_intersection(steps[0].sequences(), steps[1].sequences(), std::back_inserter(kept));
  CHECK(kept.size() == 1);  // the images', whose batches are equal
}

TEST_CASE("images are handed to the backend as they are, in their own type") {
  Model<Tiny, Counting<double>> model{Rng{1}};
  const Images images = random_images(Tiny, 3, Rng{2});
  model.backend().calls().clear();
  model.encode_image(images);
  CHECK(model.backend().calls().uploaded() == images.values().size_bytes());
  CHECK(images.values().size_bytes() == 3 * 3 * 6 * 6 * sizeof(float));
}

TEST_CASE("training: a gradient that is not finite is an error with the parameter's name, and changes nothing") {
  ToyPairs pairs;
  ToyModel<> model{Rng{2}};
  Trainer trainer{model, pairs, short_run(), {}, Overflowing{}};
  const std::string before = bytes_of(model);
  std::string message;
  try {
    trainer.run();
  } catch (const NumericError& error) {
    message = error.what();
    CHECK(error.id() == "clip.numeric.gradient");
  }
  CHECK(message.starts_with("step 1: the gradient norm is not finite; first non-finite gradient of: "));
  CHECK(message.find("none") == std::string::npos);
  CHECK(bytes_of(model) == before);
  CHECK(trainer.step() == 0);
}
