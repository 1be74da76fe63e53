#include <clip/autograd/constant.hpp>
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/io/npy.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/pointwise.hpp>

#include "../support/matrix.hpp"
#include "../support/remote.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

/// A weight for tapes that learn nothing from it.
template <class Backend>
struct One {
  Backend backend_;
  Matrix<Backend> memory{{}, 1, 8};
  Parameter<double> weight{{1}, Init::ones()};

  One() { weight.data = memory.view().data; }
  Backend& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("weight", self.weight); }
};

template <class Cx, class X>
concept TakesConstant = requires(Cx& cx, X&& x) {
  constant(cx, std::forward<X>(x));
};

template <class X>
constexpr bool refuses_temporaries = TakesConstant<Tape<B>, X&>&& TakesConstant<Tape<B>, const X&> &&
                                     !TakesConstant<Tape<B>, X> && !TakesConstant<Tape<B>, const X>;

}  // namespace

static_assert(refuses_temporaries<Features<double, 3>> && refuses_temporaries<Features<float, dyn>> &&
              refuses_temporaries<Tensor<float>> && refuses_temporaries<NpyArray<float>>);

TEST_CASE("stored features, tensors and arrays are rows of the same values, in every context") {
  const Values expected{1, 2, 3, 4, 5, 6};
  Features<float, 3> features{2};
  for (std::size_t i = 0; i < 6; ++i) features.values()[i] = static_cast<float>(expected[i]);
  const Tensor<double> tensor{{2, 3}, expected};
  const NpyArray<float> array{{2, 3}, {1, 2, 3, 4, 5, 6}};

  One<B> one;
  Parameters table{one};
  Tape tape{table};
  Inference<B> inference;
  const auto check = [&](auto rows) {
    CHECK((rows.rows() == 2 && rows.cols() == 3));
    CHECK(values_of(B{}, View<const double>{rows.view}) == expected);
    CHECK(rows.node == -1);
  };
  check(constant(tape, features));
  check(constant(tape, tensor));
  check(constant(tape, array));
  check(constant(inference, features));
  check(constant(inference, tensor));
  check(constant(inference, array));
  static_assert(decltype(constant(tape, features))::static_width == 3);
}

TEST_CASE("a backend that does not read host memory gets a copy") {
  using Remote = clip::testing::Remote<double>;
  const Tensor<double> tensor{{1, 2}, {7, 8}};
  One<Remote> one;
  Parameters table{one};
  Tape tape{table};
  const auto rows = constant(tape, tensor);
  CHECK(values_of(one.backend(), View<const double>{rows.view}) == Values{7, 8});
}

TEST_CASE("a tape uses the values in place, an inference context never changes them") {
  const Tensor<double> tensor{{2, 2}, {1, 2, 3, 4}};
  One<B> one;
  Parameters table{one};
  Tape tape{table};
  CHECK(constant(tape, tensor).view.data == tensor.values().data());
  Inference<B> inference;
  const auto x = constant(inference, tensor);
  (void)inference.stage(x, [&](auto y) { return add(inference, y, y); });  // in place
  CHECK(x.view(0, 0) == 2);
  CHECK(tensor.values()[0] == 1);
}

TEST_CASE("a leaf of stored values has a gradient") {
  const Tensor<double> logits{{1, 2}, {0, 0}};
  One<B> one;
  Parameters table{one};
  Tape tape{table};
  const auto x = tape.leaf(constant(tape, logits));
  tape.backward(cross_entropy(tape, x, std::vector<int>{1}));
  CHECK(values_of(B{}, tape.gradient_of(x)) == Values{0.5, -0.5});
}

TEST_CASE("an array of other than two extents, or another width than asked for, is a ShapeError") {
  Inference<B> cx;
  const NpyArray<double> flat{{6}, {1, 2, 3, 4, 5, 6}};
  CHECK_THROWS_WITH_AS(constant(cx, flat), "constant: extents of the array: expected 2, found 1", ShapeError);
  const Tensor<double> tensor{{1, 2}, {7, 8}};
  CHECK_THROWS_WITH_AS(constant(cx, tensor.view(), Size<3>{}), "constant: width: expected 3, found 2", ShapeError);
}
