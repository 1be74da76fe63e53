// tests/support/norm_net.hpp: the smallest module with a batch norm: x w, normalised.
#pragma once

#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/ops/batch_norm.hpp>
#include <clip/ops/linear.hpp>

#include "matrix.hpp"

#include <string_view>

namespace clip::testing {

struct NormNet {
  using B = Naive<double>;
  B backend_;
  double momentum = 0.1;
  Parameter<double> w{{4, 4}, Init::zeros()}, weight{{4}, Init::zeros()}, bias{{4}, Init::zeros()};
  Parameter<double> running_mean{{4}, Init::zeros()}, running_var{{4}, Init::ones()},
      num_batches_tracked{{}, Init::zeros()};
  Buffer<B> memory;

  NormNet() {
    running_mean.kind = running_var.kind = ParameterKind::buffer;
    num_batches_tracked.kind = ParameterKind::counter;
    memory = allocate_parameters(backend_, *this);
    visit_parameters(*this, [](std::string_view name, auto& p) {
      if (p.kind == ParameterKind::parameter) set_values(B{}, p.view(), random_values(Rng{2}.fork(name), p.count()));
    });
    backend_.fill(running_var.view(), 1);
  }
  B& backend() { return backend_; }

  static void members(auto& self, auto&& visit) {
    visit("w", self.w);
    visit("weight", self.weight);
    visit("bias", self.bias);
    visit("running_mean", self.running_mean);
    visit("running_var", self.running_var);
    visit("num_batches_tracked", self.num_batches_tracked);
  }

  BatchNormWeights<double> norm() const {
    return {weight, bias, running_mean, running_var, num_batches_tracked, 1e-5, momentum};
  }

  template <class Cx>
  Rows<Cx, 4> operator()(Cx& cx, Rows<Cx, 4> x) const {
    return batch_norm(cx, linear(cx, x, Size<4>{}, w, absent), norm());
  }
};

}  // namespace clip::testing
