// clip/model/initialise.hpp: initial weights of a model, drawn from named random streams.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/concept.hpp>
#include <clip/core/rng.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Draws `count` values. Value i depends only on the stream and i.
template <class T>
std::vector<T> draw(Init init, Index count, Rng stream) {
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& v : values) {
    switch (init.rule) {
      case Init::Rule::constant: v = static_cast<T>(static_cast<float>(init.scale)); break;
      case Init::Rule::normal: v = static_cast<T>(static_cast<float>(init.scale * stream.normal())); break;
      case Init::Rule::uniform: v = static_cast<T>(static_cast<float>(stream.uniform(init.scale))); break;
    }
  }
  return values;
}

/// Initialises a model or one of its encoders: each parameter by its Parameter::init, from a random stream with its
/// name. Values are rounded to float, so that every arithmetic type begins with the same values.
template <class M>
void initialise(M& model, Rng rng) {
  static_assert(!std::is_const_v<M>, "initialise: the model is const: its weights cannot be filled");
  if constexpr (requires { model.unpack(); }) model.unpack();
  using T = typename std::remove_cvref_t<decltype(model.backend())>::Scalar;
  for (const auto& [name, p] : named_parameters<T>(model)) {
    std::vector<T> values = draw<T>(p->init, p->count(), rng.fork(name));
    if (const Index row = p->init.zero_row; row >= 0 && row < p->shape.rows())
      std::fill_n(values.begin() + row * p->shape.cols(), p->shape.cols(), T(0));
    model.backend().upload(std::span<const T>(values), p->own_memory());
  }
}

}  // namespace clip::inline CLIP_ABI
