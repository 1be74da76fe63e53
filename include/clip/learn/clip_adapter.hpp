// clip/learn/clip_adapter.hpp: CLIP-Adapter: a bottleneck over image features, mixed with the features themselves.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>
#include <clip/learn/feature_classifier.hpp>
#include <clip/model/initialise.hpp>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct ClipAdapterOptions {
  Index reduction = 4;       // width of the features / width of the bottleneck
  double ratio = 0.2;        // share of the adapted features
  double temperature = 100;  // exp(logit_scale) of the model
};

/// logits = temperature · cosines of r · relu(W₂ relu(W₁ x)) + (1 - r) · x with the text features of the classes
///   x : (n, width), of any length as encode_image returns them, W₁ : (width / 4, width), r = 0.2
/// (Gao et al. 2021, "CLIP-Adapter"). Neither layer has a bias; the text features are fixed. The published code trains it
/// by CoOp's recipe (SgdOptions' defaults, Schedule::epoch_cosine()):
///   ClipAdapter adapter{class_features, Rng{1}};
///   train_on_features(adapter, few_shots, TrainOptionsOf<SgdOptions>{.epochs = 50, .batch = 32, …});
///   const std::vector<Index> predicted = adapter.predict(model.encode_image(images));
template <Backend B = Cpu<>>
class ClipAdapter : public FeatureClassifier<ClipAdapter<B>, B> {
 public:
  using T = typename B::Scalar;
  using Base = FeatureClassifier<ClipAdapter<B>, B>;
  static constexpr std::string_view name = "clip_adapter";

  Parameter<T> down, up;  // W₁, W₂
  double ratio = 0.2;

  /// class_features : (classes, width). InputError: fewer than two classes. NumericError: one without a direction.
  /// OptionError: a reduction that leaves no width, a ratio outside 0 … 1, a temperature that is not positive.
  template <Index E>
  ClipAdapter(const Features<T, E>& class_features, Rng rng, ClipAdapterOptions options = {}, B owned_by = {})
      : ClipAdapter{Sizes{class_features.size(), class_features.width(), inner(class_features.width(), options)},
                    std::move(owned_by)} {
    ratio = checked(options.ratio);
    initialise(*this, rng);
    this->classes.set(this->backend(), class_features.view(), options.temperature);
  }

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.classes);
    visit("adapter.fc.0.weight", self.down);
    visit("adapter.fc.2.weight", self.up);
  }
  static constexpr void numbers(auto& self, auto&& visit) {
    visit("temperature", self.classes.temperature);
    visit("ratio", self.ratio);
  }

  /// (n, classes)
  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, Rows<Cx, dyn> x) const {
    const auto hidden = linear<fn::Relu>(cx, x, Size<dyn>{down.shape.rows()}, down, absent);
    const auto adapted = linear<fn::Relu>(cx, hidden, Size<dyn>{x.cols()}, up, absent);
    const auto mixed = add(cx, map(cx, fn::Times{ratio}, adapted), map(cx, fn::Times{1 - ratio}, x));
    return this->classes.logits(cx, mixed);
  }

  /// What a file says of the sizes (learn/learner_file.hpp).
  struct Sizes {
    Index classes, width, inner;
    static Sizes of(const auto& extent) {
      return {extent("class_features", 0), extent("class_features", 1), extent("adapter.fc.0.weight", 0)};
    }
    std::vector<std::pair<std::string_view, Shape>> shapes() const {
      return {{"class_features", {classes, width}},
              {"adapter.fc.0.weight", {inner, width}},
              {"adapter.fc.2.weight", {width, inner}}};
    }
  };
  ClipAdapter(Sizes sizes, B backend)
      : Base{sizes.classes, sizes.width, std::move(backend)},
        down{{sizes.inner, sizes.width}, fan_in(sizes.width), Use::linear}, up{{sizes.width, sizes.inner},
                                                                               fan_in(sizes.inner),
                                                                               Use::linear} {
    this->allocate();
  }

 private:
  static Index inner(Index width, const ClipAdapterOptions& o) {
    if (o.reduction < 1 || o.reduction > width)
      raise(OptionError{std::string(name), "reduction", "from 1 to the width of the features", o.reduction});
    return width / o.reduction;
  }
  static double checked(double ratio) {
    if (!(ratio >= 0 && ratio <= 1)) raise(OptionError{std::string(name), "ratio", "from 0 to 1", ratio});
    return ratio;
  }
};

template <class T, Index E>
ClipAdapter(const Features<T, E>&, Rng, ClipAdapterOptions = {}) -> ClipAdapter<Cpu<T>>;
template <class T, Index E, Backend B>
ClipAdapter(const Features<T, E>&, Rng, ClipAdapterOptions, B) -> ClipAdapter<B>;

}  // namespace clip::inline CLIP_ABI
