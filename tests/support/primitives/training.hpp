// tests/support/primitives/training.hpp: cases of optimiser steps and of the sums that guard them.
#pragma once

#include "../lab.hpp"

#include <clip/core/stamp.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace clip::testing {

struct Square {
  template <class V>
  CLIP_HOST_DEVICE V operator()(V x) const {
    return x * x;
  }
};

/// A table of three weights for the updates: with decay, with a range, with neither and another rate.
template <class B>
class StepTable {
 public:
  using T = typename B::Scalar;

  explicit StepTable(Lab<B>& lab) : lab_{lab}, memory_{lab.b.allocate(sizeof(StepNumbers))}, stamp_{next_stamp()} {
    for (const Index count : {lab.z.m * lab.z.n, lab.z.k, Index{1}}) {
      const auto matrix = [&] { return lab.inout(1, count); };  // a row has no gaps
      const auto p = matrix(), g = lab.consumed(1, count), m = matrix(), v = matrix();
      lab.b.map(Square{}, In<T>{v}, v);
      weights_.push_back({.value = p, .gradient = g, .first = m, .second = v});
    }
    weights_[0].weight_decay = 0.2;
    weights_[1].low = -0.3;
    weights_[1].high = 0.6;
    weights_[2].rate = 0.25;
  }
  StepTable(const StepTable&) = delete;
  ~StepTable() { lab_.b.deallocate(memory_, sizeof(StepNumbers)); }

  UpdateTable<T> updates() const { return {weights_, stamp_}; }
  StepNumbers* numbers() const { return static_cast<StepNumbers*>(memory_); }
  void measure(In<T> loss, double most) { lab_.b.measure(updates(), loss, most, numbers()); }
  StepNumbers read() { return lab_.b.read(numbers()); }
  void number_of_each() {
    const auto [loss, norm, factor] = read();
    for (const double x : {loss, norm, factor}) lab_.number(x);
  }

 private:
  Lab<B>& lab_;
  std::vector<WeightUpdate<T>> weights_;
  void* memory_;
  std::uint64_t stamp_;
};

template <class B>
void add_training(Cases<B>& list) {
  using T = typename B::Scalar;
  using L = Lab<B>;
  list.add("all_finite", [](L& l) {
    l.number(l.b.all_finite(l.in(l.z.m, l.z.n)) ? 1 : 0);
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
      const auto x = l.inout(l.z.m, l.z.n);
      const Index i = l.z.m * 2 / 3, j = l.z.n * 2 / 3;
      l.b.fill(View<T>{x.row(i) + j, 1, 1}, static_cast<T>(bad));
      l.number(l.b.all_finite(x) ? 1 : 0);
    }
  });
  list.add("blend", [](L& l) {
    const auto x = l.in(l.z.m, l.z.n);
    l.b.blend(0.9, 0.1, x, l.inout(l.z.m, l.z.n));
  });
  list.add("blend with nothing of itself", [](L& l) {
    const auto x = l.inout(l.z.m, l.z.n);
    l.b.blend(0.37, 0, In<T>{x}, x);
  });
  for (const double most : {0.5, 1e3}) {
    const std::string kind = most < 1 ? ", clipped" : ", not clipped";
    list.add("measure" + kind, [most](L& l) {
      StepTable table{l};
      table.measure(l.in(1, 1), most);
      table.number_of_each();
    });
    list.add("adamw" + kind, [most](L& l) {
      StepTable table{l};
      table.measure(l.in(1, 1), most);
      l.b.adamw(table.updates(), {1e-2, 0.9, 0.98, 1e-6, 1 - 0.9, 1 - 0.98}, table.numbers());
    });
    for (const bool first : {true, false})
      list.add((first ? "sgd, first step" : "sgd") + kind, [most, first](L& l) {
        StepTable table{l};
        table.measure(l.in(1, 1), most);
        l.b.sgd(table.updates(), {1e-2, 0.9, first}, table.numbers());
      });
  }
  list.add("adamw without numbers", [](L& l) {
    l.b.adamw(StepTable{l}.updates(), {1e-2, 0.9, 0.98, 1e-6, 1 - 0.9, 1 - 0.98}, nullptr);
  });
  list.add("sgd without numbers", [](L& l) { l.b.sgd(StepTable{l}.updates(), {1e-2, 0.9, false}, nullptr); });
  list.add("updates with a loss that is not finite change nothing", [](L& l) {
    StepTable table{l};
    const auto loss = l.inout(1, 1);
    l.b.fill(loss, std::numeric_limits<T>::infinity());
    table.measure(loss, 0.5);
    l.number(table.read().finite() ? 1 : 0);
    l.b.adamw(table.updates(), {1e-2, 0.9, 0.98, 1e-6, 1 - 0.9, 1 - 0.98}, table.numbers());
    l.b.sgd(table.updates(), {1e-2, 0.9, true}, table.numbers());
  });
  list.add("updates with a gradient that is not finite change nothing", [](L& l) {
    StepTable table{l};
    const auto g = table.updates().weights[1].gradient;
    l.b.fill(View<T>{g.data + g.count() - 1, 1, 1}, std::numeric_limits<T>::quiet_NaN());
    table.measure({}, 0.5);
    l.number(table.read().finite() ? 1 : 0);
    l.b.adamw(table.updates(), {1e-2, 0.9, 0.98, 1e-6, 1 - 0.9, 1 - 0.98}, table.numbers());
    l.b.sgd(table.updates(), {1e-2, 0.9, false}, table.numbers());
  });
}

}  // namespace clip::testing
