// clip/autograd/copy_parameters.hpp: values of parameters on the host, and copies from module to module.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/tensor/parameter.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The values of a parameter on the host.
template <class B, class T>
std::vector<double> values_of_parameter(B& b, const Parameter<T>& p) {
  std::vector<double> values(static_cast<std::size_t>(p.count()));
  b.download(In<T>{p.view()}, std::span<double>{values});
  return values;
}

template <class B, class T>
void set_parameter(B& b, const std::vector<double>& values, Parameter<T>& p) {
  std::vector<T> rounded(values.begin(), values.end());
  b.upload(std::span<const T>{rounded}, p.view());
}

/// Copies all parameters of a module into another one with the same names and shapes, in the memory of one backend.
template <class B, class From, class To>
void copy_parameters(B& b, const From& from, To& to) {
  auto sources = named_parameters<typename B::Scalar>(from);
  auto targets = named_parameters<typename B::Scalar>(to);
  for (std::size_t i = 0; i < sources.size(); ++i)
    set_parameter(b, values_of_parameter(b, *sources[i].parameter), *targets[i].parameter);
}

}  // namespace clip::inline CLIP_ABI::detail
