#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>

#include "../../support/check_gradients.hpp"
#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
constexpr Index pixels = 3 * 6 * 6;

template <class Where>
struct TowerOn {
  Where backend_;
  VisionTransformer<Tiny.image, Tiny.embed_dim, Where> visual;
  Buffer<Where> memory = allocate_parameters(backend_, visual);
  TowerOn() {
    visit_parameters(visual, [](std::string_view name, auto& p) {
      set_values(Where{}, p.view(), random_values(Rng{16}.fork(name), p.count(), 0.4));
    });
  }
  Where& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("visual", self.visual); }
};

using Tested = TowerOn<B>;

template <class Cx>
Rows<Cx, dyn> images(Cx& cx, Index n) {
  const auto x = cx.allocate(n, Size<dyn>{pixels});
  set_values(cx.backend(), x.view, random_values(Rng{17}, n * pixels));
  return x;
}

}  // namespace

TEST_CASE("the image tower's gradients of all parameters are correct") {
  Tested tower;
  Parameters table{tower};
  check_gradients(table, [&](Tape<B>& tape) { return some_loss(tape, tower.visual(tape, images(tape, 4))); });
}

TEST_CASE("the image tower's gradient of its images is correct") {
  Tested tower;
  Parameters table{tower, only("visual.proj")};
  const Values values = random_values(Rng{17}, 2 * pixels);
  Matrix<B> memory{{}, 2, pixels, values};
  Tape tape{table};
  const auto record = [&] {
    tape.clear();
    const auto x = tape.leaf(Rows<Tape<B>, dyn>{memory.view()});
    return std::pair{x, some_loss(tape, tower.visual(tape, x))};
  };
  const auto [x, y] = record();
  tape.backward(y);
  const Values gradient = values_of(B{}, tape.gradient_of(x));
  constexpr double h = ScalarTraits<double>::difference_step;
  for (std::size_t i = 0; i < values.size(); i += 13) {
    const auto loss_at = [&](double step) {
      Values moved = values;
      moved[i] += step;
      memory.set(moved);
      return value_of(tape, record().second);
    };
    CHECK(std::abs((loss_at(h) - loss_at(-h)) / (2 * h) - gradient[i]) < ScalarTraits<double>::difference_tolerance);
  }
  CHECK(max_magnitude(gradient) > 1e-3);
}

TEST_CASE("the first row of an image's last state, normalised and projected, is its embedding") {
  Tested tower;
  Inference<B> cx, other;
  const auto states = tower.visual.states(cx, images(cx, 3), Tiny.image.layers);
  CHECK((states.rows() == 3 * 5 && states.cols() == 8));
  const auto& first = cx.keep<std::vector<std::int32_t>>() = {0, 5, 10};
  const auto expected =
      project(cx, tower.visual.ln_post(cx, gather(cx, states, Ids{first})), Size<Tiny.embed_dim>{}, tower.visual.proj);
  const auto found = tower.visual(other, images(other, 3));
  CHECK(max_difference(values_of(B{}, View<const double>{found.view}),
                       values_of(B{}, View<const double>{expected.view})) < ScalarTraits<double>::backend_tolerance);
}

TEST_CASE_TEMPLATE("inference, whose last block computes neither keys nor values, equals the tower on a tape", Where,
                   Naive<float>, Naive<double>, Cpu<float>) {
  using T = typename Where::Scalar;
  TowerOn<Where> tower;
  Parameters table{tower};
  Tape<Where> tape{table};
  Inference<Where> cx;
  const auto run = [&](auto& context) {
    return values_of(context.backend(), View<const T>{tower.visual(context, images(context, 3)).view});
  };
  const Values expected = run(tape);
  CHECK(max_difference(run(cx), expected) < ScalarTraits<T>::backend_tolerance * max_magnitude(expected));
}
