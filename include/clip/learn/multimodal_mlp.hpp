// clip/learn/multimodal_mlp.hpp: multi-modal MLP: a hidden layer over an image's features and its similarities with texts.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>
#include <clip/learn/feature_classifier.hpp>
#include <clip/model/initialise.hpp>
#include <clip/nn/layer_norm.hpp>
#include <clip/nn/linear.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct MultimodalMlpOptions {
  Index hidden = 256;
  double temperature = 100;  // exp(logit_scale) of the model
};

/// logits = W₂ relu(W₁ [ln_image(f); ln_text(temperature · f Tᵀ)] + b₁) + b₂,  f = x / |x|
///   x : (n, width), T : (classes, width) text features, W₁ : (hidden, width + classes), W₂ : (classes, hidden)
/// Both modalities are seen as one vector: the image's features, and what the texts of the classes say of the image. No
/// label enters the input, so that pseudo-labels may train it. Layer norms give both parts the same scale. W₁ is stored as
/// its two halves, `image.weight` and `text.weight`.
template <Backend B = Cpu<>>
class MultimodalMlp : public FeatureClassifier<MultimodalMlp<B>, B> {
 public:
  using T = typename B::Scalar;
  using Base = FeatureClassifier<MultimodalMlp<B>, B>;
  static constexpr std::string_view name = "multimodal_mlp";

  LayerNorm<B, dyn> ln_image, ln_text;
  Linear<B, dyn, dyn> image;
  Parameter<T> text;
  Linear<B, dyn, dyn> output;

  /// class_features : (classes, width), of any length. InputError: fewer than two classes. NumericError: one without a
  /// direction. OptionError: no hidden unit, a temperature that is not positive.
  template <Index E>
  MultimodalMlp(const Features<T, E>& class_features, Rng rng, MultimodalMlpOptions options = {}, B owned_by = {})
      : MultimodalMlp{Sizes{class_features.size(), class_features.width(), checked(options.hidden)},
                      std::move(owned_by)} {
    initialise(*this, rng);
    this->classes.set(this->backend(), class_features.view(), options.temperature);
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.classes);
    visit("ln_image", self.ln_image);
    visit("ln_text", self.ln_text);
    visit("image", self.image);
    visit("text.weight", self.text);
    visit("output", self.output);
  }
  static constexpr void numbers(auto& self, auto&& visit) { visit("temperature", self.classes.temperature); }

  /// (n, classes)
  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, dyn> x) const {
    const auto f = normalize(cx, x);
    const auto said = ln_text(cx, this->classes.logits_of_unit(cx, f));  // (n, classes)
    const auto seen = image(cx, ln_image(cx, f));                        // (n, hidden)
    const auto before = linear(cx, said, image.out, text, absent, seen);
    return output(cx, map(cx, fn::Relu{}, before));
  }

  /// What a file says of the sizes (learn/learner_file.hpp).
  struct Sizes {
    Index classes, width, hidden;
    static Sizes of(const auto& extent) {
      return {extent("class_features", 0), extent("class_features", 1), extent("text.weight", 0)};
    }
    std::vector<std::pair<std::string_view, Shape>> shapes() const {
      return {{"class_features", {classes, width}},
              {"image.weight", {hidden, width}},
              {"text.weight", {hidden, classes}},
              {"output.weight", {classes, hidden}}};
    }
  };
  MultimodalMlp(Sizes s, B backend)
      : Base{s.classes, s.width, std::move(backend)}, ln_image{s.width, 1e-5f}, ln_text{s.classes, 1e-5f},
        image{s.width, s.hidden}, text{{s.hidden, s.classes}, fan_in(s.width + s.classes), Use::linear},
        output{s.hidden, s.classes} {
    image.weight.init = image.bias.init = text.init;
    this->allocate();
  }

 private:
  static Index checked(Index hidden) {
    if (hidden < 1) raise(OptionError{std::string(name), "hidden", "1 or more", hidden});
    return hidden;
  }
};

template <class T, Index E>
MultimodalMlp(const Features<T, E>&, Rng, MultimodalMlpOptions = {}) -> MultimodalMlp<Cpu<T>>;
template <class T, Index E, Backend B>
MultimodalMlp(const Features<T, E>&, Rng, MultimodalMlpOptions, B) -> MultimodalMlp<B>;

}  // namespace clip::inline CLIP_ABI
