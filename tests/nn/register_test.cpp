// The Register module against its PyTorch twin (golden/make_modules.py), its masks and its flags.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/nn/register.hpp>

#include "../support/check_gradients.hpp"
#include "../support/names.hpp"
#include "module_golden.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

constexpr RegisterConfig five(bool relu, double scale, bool learned) {
  return {.registers = 5, .shared_width = 6, .relu = relu, .scale = scale, .learned_scale = learned};
}

/// A Register module and the registers that a model would share among towers.
template <class B>
struct Reader {
  using T = typename B::Scalar;
  Register<B, 8> module;
  Parameter<T> shared_info{{5, 6}, Init::normal(0.02)};

  static void members(auto& self, auto&& visit) {
    visit("", self.module);
    visit("shared_info", self.shared_info);
  }
};

std::optional<RegisterMask> mask_of(const ModuleCase& expected, bool masked) {
  if (!masked) return std::nullopt;
  RegisterMask mask;
  const auto& shape = expected.tensor("input.mask").shape;
  if (shape.size() == 1) mask.shape = {shape[0]};
  else if (shape.size() == 2) mask.shape = {shape[0], shape[1]};
  else mask.shape = {shape[0], shape[1], shape[2]};
  const auto bytes = expected.tensor("input.mask").bytes;  // I32, little-endian, 0 or 1
  for (std::size_t i = 0; i < bytes.size(); i += 4) mask.values.push_back(static_cast<std::uint8_t>(bytes[i]));
  return mask;
}

template <class B>
void check_case(const std::string& name, bool relu, double scale, bool masked) {
  using T = typename B::Scalar;
  INFO(name);
  const ModuleCase expected{"register." + name};
  Holder<B, Reader<B>> held{Reader<B>{Register<B, 8>{{}, five(relu, scale, true)}}};
  visit_parameters(held, [&](std::string_view key, auto& p) {
    const std::string kind = key == "shared_info" ? "input." : "weight.";
    set_values(B{}, p.view(), expected(kind + std::string(key)));
  });
  Sequences sequences;
  sequences.assign_uniform(3, 4, 2);
  const auto mask = mask_of(expected, masked);
  const RegisterRows rows{.mask = mask ? &*mask : nullptr, .sequences = &sequences};
  const auto input = [&](auto& cx) {
    const auto x = cx.allocate(12, Size<8>{});
    set_values(B{}, x.view, expected("input.x"));
    return x;
  };
  const auto run = [&](auto& cx, auto x, const RegisterRows& r) {
    return held.module.module(cx, x, held.module.shared_info, r);
  };

  Parameters<B> table{held};
  Tape<B> tape{table};
  const auto x = tape.leaf(input(tape));
  const auto y = run(tape, x, rows);
  check_close("y", values_of(B{}, View<const T>{y.view}), expected("output.y"));
  const Matrix<B> dy{B{}, 12, 8, expected("input.dy")};
  tape.backward(y, View<const T>{dy.view()});
  check_close("dx", values_of(B{}, tape.gradient_of(x)), expected("gradient.x"));
  check_gradients_of(table, expected, 1);

  // The pooled rows alone are those of all rows, mask included.
  Inference<B> cx;
  const auto pooled = run(cx, gather(cx, input(cx), sequences.pooled()), {rows.mask, &sequences, true});
  const Values found = values_of(B{}, View<const T>{pooled.view}), all = expected("output.y");
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 8; ++k) CHECK(std::abs(found[i * 8 + k] - all[(4 * i + 2) * 8 + k]) < 1e-5);
}

template <class B>
std::string error_of_mask(const Reader<B>& reader, const RegisterMask& mask, const Sequences& sequences) {
  Inference<B> cx;
  try {
    reader.module(cx, cx.allocate(sequences.rows(), Size<8>{}), reader.shared_info, {&mask, &sequences});
  } catch (const ShapeError& e) { return e.what(); }
  return {};
}

}  // namespace

TEST_CASE_TEMPLATE("reference numbers: the Register module, without a mask and with each form", B, Naive<double>,
                   Naive<float>, Cpu<float>) {
  check_case<B>("plain", true, 1, false);
  check_case<B>("scaled", false, 10, false);
  for (const char* const name : {"of_registers", "of_rows", "of_sequences", "of_all"})
    check_case<B>(name, true, 1, true);
}

TEST_CASE("the Register module passes the gradient check in every parameter") {
  using B = Naive<double>;
  Holder<B, Reader<B>> held{Reader<B>{Register<B, 8>{{}, five(false, 3, true)}}};
  held.fill(3);
  Parameters<B> table{held};
  check_gradients(table, [&](auto& cx) {
    const auto x = cx.allocate(6, Size<8>{});
    set_values(B{}, x.view, random_values(Rng{9}, 48));
    return some_loss(cx, held.module.module(cx, x, held.module.shared_info));
  });
}

TEST_CASE("a new Register module changes nothing but for the ReLU; zero rows and hidden registers give numbers") {
  using B = Cpu<float>;
  for (const bool relu : {false, true}) {
    Holder<B, Reader<B>> held{Reader<B>{Register<B, 8>{{}, five(relu, 2, false)}}};
    CHECK_FALSE(named_shapes(held).contains("scale"));
    visit_parameters(held, [&](std::string_view name, auto& p) {
      const Values drawn = random_values(Rng{4}.fork(name), p.count());
      Values values(static_cast<std::size_t>(p.count()), p.init.scale);
      if (p.init.rule != Init::Rule::constant) values = drawn;
      set_values(B{}, p.view(), values);
    });
    Inference<B> cx;
    const auto x = cx.allocate(3, Size<8>{});
    Values values = random_values(Rng{5}, 24);
    std::fill_n(values.begin(), 8, 0.0);
    set_values(B{}, x.view, values);
    const RegisterMask all{{5}, std::vector<std::uint8_t>(5, 1)};
    for (const RegisterMask* const mask : {static_cast<const RegisterMask*>(nullptr), &all}) {
      const auto y = held.module.module(cx, x, held.module.shared_info, {.mask = mask});
      Values expected = values;
      for (double& v : expected) v = relu ? std::max(v, 0.0) : v;
      CHECK(max_difference(values_of(B{}, View<const float>{y.view}), expected) == 0);
    }
  }
}

TEST_CASE("masks of other shapes, shared registers of other sizes and impossible options are one clear error") {
  using B = Naive<float>;
  Holder<B, Reader<B>> held{Reader<B>{Register<B, 8>{{}, five(true, 1, false)}}};
  held.fill(2);
  const Reader<B>& reader = held.module;
  Sequences sequences;
  sequences.assign_uniform(3, 4);
  const auto zeros = [](Shape shape) {
    return RegisterMask{shape, std::vector<std::uint8_t>(static_cast<std::size_t>(shape.count()))};
  };
  CHECK(error_of_mask(reader, zeros({3, 4, 5}), sequences).empty());
  for (const Shape shape : {Shape{4}, Shape{4, 4}, Shape{3, 5}, Shape{1, 4, 5}, Shape{3, 2, 5}, Shape{}})
    CHECK(error_of_mask(reader, zeros(shape), sequences) ==
          "register: shape of the mask: expected (5), (4, 5), (3, 1, 5) or (3, 4, 5), found " + shape.in_words());
  CHECK_FALSE(error_of_mask(reader, RegisterMask{{5}, {0, 0}}, sequences).empty());
  sequences.add(2, 2);  // continues the third sequence: whose rows belong to two
  CHECK_FALSE(error_of_mask(reader, zeros({4, 1, 5}), sequences).empty());
  CHECK(error_of_mask(reader, zeros({6, 5}), sequences).empty());

  Inference<B> cx;
  const auto x = cx.allocate(1, Size<8>{});
  CHECK_THROWS_WITH_AS(reader.module(cx, x, cx.allocate(4, Size<dyn>{6})),
                       "register: shape of the shared registers: expected (5, 6), found (4, 6)", ShapeError);
  CHECK_THROWS_WITH_AS((Register<B, 8>{{}, {.inner = 5}}), "register: inner width: expected an even number, found 5",
                       OptionError);
  CHECK_THROWS_AS((Register<B, 8>{{}, {.registers = 0}}), OptionError);
  CHECK_THROWS_WITH_AS((Register<B, 8>{{}, {.scale = 41}}), "register: scale: expected 0 ... 40, found 41",
                       OptionError);
}
