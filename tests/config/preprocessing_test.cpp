#include <clip/config/preprocessing.hpp>

#include <doctest/doctest.h>

using namespace clip;

static_assert(Preprocessing{}.resize == ResizeMode::shortest &&
              Preprocessing{}.interpolation == Interpolation::bicubic &&
              Preprocessing{}.color_order == ColorOrder::openai && Preprocessing{}.mean == openai_mean &&
              Preprocessing{}.deviation == openai_deviation && Preprocessing{}.resampling == Resampling::pillow13);

TEST_CASE("every choice of preprocessing is found by its name") {
  for (const auto mode : {ResizeMode::shortest, ResizeMode::squash})
    CHECK(try_resize_mode(name_of(mode)).value() == mode);
  for (const auto filter : {Interpolation::bicubic, Interpolation::bilinear})
    CHECK(try_interpolation(name_of(filter)).value() == filter);
  for (const auto order : {ColorOrder::openai, ColorOrder::huggingface})
    CHECK(try_color_order(name_of(order)).value() == order);
  for (const auto resampling : {Resampling::pillow13, Resampling::pillow12, Resampling::torchvision})
    CHECK(try_resampling(name_of(resampling)).value() == resampling);
}

static_assert(problem(Preprocessing{}, 8) == nullptr && problem(Preprocessing{.resize_to = 9}, 8) == nullptr);
static_assert(problem(Preprocessing{.resize_to = 7}, 8) != nullptr && problem(Preprocessing{.resize_to = -1}, 8));

TEST_CASE("an unknown name is an error that lists the known ones") {
  CHECK(try_resize_mode("longest").error().message() == "config: resize: expected shortest or squash, found longest");
  CHECK(try_resampling("pillow").error().message() ==
        "config: resampling: expected pillow13, pillow12 or torchvision, found pillow");
  CHECK(try_interpolation("").error().message() == "config: interpolation: expected bicubic or bilinear, found ");
}
