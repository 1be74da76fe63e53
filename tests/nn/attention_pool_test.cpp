#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/attention_pool.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;
using Cx = Inference<B>;
constexpr Index pixels = 4, width = 6;

struct Pool {
  B backend_;
  AttentionPool<B, width, 3> pool{width, 3, pixels + 1, 2};
  Buffer<B> memory = allocate_parameters(B{}, pool);
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("pool", self.pool); }
  Pool() {
    visit_parameters(pool, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{70}.fork(name), p.count()));
    });
  }
};

Values values(auto rows) { return values_of(B{}, View<const double>{rows.view}); }

static_assert(count_parameters(AttentionPool<B, 6, 3>{6, 3, 5, 2}) == 5 * 6 + 3 * (36 + 6) + 18 + 3);

}  // namespace

TEST_CASE("with a zero query the result is the projected mean of the values") {
  Cx cx;
  Pool pool;
  set_values(B{}, pool.pool.q_proj.weight.view(), Values(width * width));
  set_values(B{}, pool.pool.q_proj.bias.view(), Values(width));
  const auto x = cx.allocate(3 * pixels, Size<width>{});
  set_values(B{}, x.view, random_values(Rng{71}, 3 * pixels * width));
  // The mean of [mean of the pixels; pixels] is the mean of the pixels; the value projection is linear.
  const auto mean = cx.allocate(3, Size<width>{});
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < width; ++j) {
      double sum = 0;
      for (Index t = 0; t < pixels; ++t) sum += x.view(i * pixels + t, j) / pixels;
      for (Index t = 0; t <= pixels; ++t) sum += pool.pool.positional_embedding.view()(t, j) / (pixels + 1);
      mean.view(i, j) = sum;
    }
  const Values expected = values(pool.pool.c_proj(cx, pool.pool.v_proj(cx, mean)));
  CHECK(max_difference(values(pool.pool(cx, x)), expected) <
        ScalarTraits<double>::backend_tolerance * max_magnitude(expected));
}

TEST_CASE("inference without keys and values gives the same result as attention on a tape") {
  Pool pool;
  const Values pixels_of_all = random_values(Rng{72}, 3 * pixels * width);
  const auto run = [&](auto& cx) {
    const auto x = cx.allocate(3 * pixels, Size<width>{});
    set_values(B{}, x.view, pixels_of_all);
    return values(pool.pool(cx, x));
  };
  Cx cx;
  Parameters table{pool};
  Tape<B> tape{table};
  const Values expected = run(tape);
  CHECK(max_difference(run(cx), expected) < ScalarTraits<double>::backend_tolerance * max_magnitude(expected));
}

TEST_CASE("the pool gives one row per image, independent of the other images of the batch") {
  Cx cx;
  const Pool pool;
  const auto x = cx.allocate(3 * pixels, Size<width>{});
  set_values(B{}, x.view, random_values(Rng{71}, 3 * pixels * width));
  const auto y = pool.pool(cx, x);
  CHECK((y.rows() == 3 && y.cols() == 3));
  for (Index i = 0; i < 3; ++i) {
    const Rows<Cx, width> one{x.view.middle_rows(i * pixels, pixels)};
    CHECK(values(pool.pool(cx, one)) == values(Rows<Cx, 3>{y.view.middle_rows(i, 1)}));
  }
}
