// tests/optim/weights.hpp: a module of a few named weights for optimiser tests.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/tensor/buffer.hpp>

#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::testing {

template <class B>
class NamedWeights {
 public:
  using T = typename B::Scalar;

  void add(std::string name, Shape shape, std::vector<double> values, Range range = {}) {
    memory_.emplace_back(backend_, aligned_count<T>(shape.count()));
    named_.push_back({std::move(name), Parameter<T>{shape, Init::zeros()}});
    Parameter<T>& p = named_.back().parameter;
    p.range = range;
    p.data = memory_.back().data();
    backend_.upload(std::span<const double>(values), p.view());
  }

  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) {
    for (auto& named : self.named_) visit(named.name, named.parameter);
  }

 private:
  struct Named {
    std::string name;
    Parameter<T> parameter;
  };
  B backend_;
  std::deque<Buffer<B>> memory_;
  std::deque<Named> named_;
};

/// Stores a gradient for this weight as backward would.
template <class B>
void give_gradient(Parameters<B>& parameters, std::string_view name, std::vector<double> values) {
  auto& e = *parameters.find(name);
  parameters.backend().upload(std::span<const double>(values), e.gradient);
  e.fresh = false;
}

template <class B>
std::vector<double> values_of(Parameters<B>& parameters, std::string_view name) {
  const auto& e = *parameters.find(name);
  std::vector<double> values(static_cast<std::size_t>(e.shape.count()));
  parameters.backend().download(View<const typename B::Scalar>{e.value}, std::span<double>(values));
  return values;
}

}  // namespace clip::testing
