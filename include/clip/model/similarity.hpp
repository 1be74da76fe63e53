// clip/model/similarity.hpp: temperature and bias of a model's similarities.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tensor/parameter.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The tensors of a similarity. Each is a scalar, which some files store with the shape (1).
inline constexpr std::array<std::string_view, 2> similarity_tensors{"logit_scale", "logit_bias"};
constexpr bool is_similarity_tensor(std::string_view name) {
  return std::find(similarity_tensors.begin(), similarity_tensors.end(), name) != similarity_tensors.end();
}

/// logit = exp(logit_scale) · cosine + logit_bias. Losses, probabilities and classifiers take it as an argument. In
/// models without a bias (all families but SigLIP's) `logit_bias` is not a parameter.
template <Backend B>
class Similarity {
 public:
  using T = typename B::Scalar;

  /// The parameters have their initial values. `biased`: with logit_bias.
  explicit Similarity(bool biased = false, B backend = {})
      : backend_{std::move(backend)}, values_{backend_, 2 * aligned_count<T>(1)}, biased_{biased} {
    bind(logit_scale, values_.data());
    bind(logit_bias, values_.data() + aligned_count<T>(1));
  }

  /// ln of temperature(). Starts at ln(1/0.07) (Radford et al. 2021 §2.5); every optimiser clamps it to [0, ln 100].
  Parameter<T> logit_scale{{}, Init::constant(2.6592600369327783), Use::other, {0, 2 * std::numbers::ln10}};
  /// Starts at -10 (Zhai et al. 2023 §3.2).
  Parameter<T> logit_bias{{}, Init::constant(-10)};

  static constexpr void members(auto& self, auto&& visit) {
    visit(similarity_tensors[0], self.logit_scale);
    if (self.biased_) visit(similarity_tensors[1], self.logit_bias);
  }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  bool biased() const { return biased_; }

  /// exp(logit_scale), the factor on cosines: 1/τ of the paper, whose τ starts at 0.07.
  /// NumericError: a logit_scale whose exponential no float holds, such as a temperature that was stored itself.
  double temperature() const {
    const double scale = value(logit_scale);
    if (!(std::abs(scale) <= 88))
      raise(NumericError{"logit_scale", "ln of the temperature", "a number in -88 ... 88", scale}.with_id(
          "clip.numeric.temperature"));
    return std::exp(scale);
  }
  /// 0 in models without a bias.
  double bias() const { return biased_ ? value(logit_bias) : 0; }

 private:
  /// Gives a parameter its memory and its initial value.
  void bind(Parameter<T>& p, T* at) {
    p.data = at;
    backend_.fill(p.view(), static_cast<T>(p.init.scale));
  }
  /// The value of a scalar parameter, downloaded to the host.
  double value(const Parameter<T>& p) const {
    double value = 0;
    B{backend_}.download(In<T>{p.view()}, std::span<double>{&value, 1});
    return value;
  }

  B backend_;
  Buffer<B> values_;
  bool biased_;
};

}  // namespace clip::inline CLIP_ABI
