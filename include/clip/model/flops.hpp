// clip/model/flops.hpp: FLOPs and activations of a configuration, the former by the convention of benchmarks.
#pragma once

#include <clip/model/any_config.hpp>

#include <type_traits>
#include <variant>

namespace clip::inline CLIP_ABI {

/// FLOPs of encoding one image and one text. A multiply-add counts as two. Only matrix products, convolutions and
/// attention count, over every row of every layer, with texts padded to the context. The reference computes that many;
/// a tower that skips work has a higher nominal rate than it executes. A training step counts three times as much.
struct FlopCount {
  double image, text;
};

/// The FLOPs of a model with this configuration.
template <class F>
constexpr FlopCount count_flops(const AnyConfigOf<F>& c) {
  const auto of = [&](const auto& config) {
    return Description<std::remove_cvref_t<decltype(config)>>::count_flops(config, c.embed_dim);
  };
  return {std::visit(of, c.image), std::visit(of, c.text)};
}

/// The most values that are in memory while the image tower encodes one image, without its weights: for choosing a
/// batch.
template <class F>
constexpr double count_activations(const AnyConfigOf<F>& c) {
  return std::visit(
      [](const auto& config) { return Description<std::remove_cvref_t<decltype(config)>>::count_activations(config); },
      c.image);
}

}  // namespace clip::inline CLIP_ABI
