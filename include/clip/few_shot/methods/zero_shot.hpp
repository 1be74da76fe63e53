// clip/few_shot/methods/zero_shot.hpp: the few-shot method that does not learn: zero-shot classification.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/task/similarities.hpp>

#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Cosines of the test images with the classes' mean directions (Radford et al. 2021 §3.1). No options.
struct ZeroShotMethod {
  static constexpr std::string_view name = "zero-shot";
  static constexpr bool learns = false;

  void read(JsonReader&) {}
  JsonTree options() const { return Json::object(); }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    return similarities(task.model().backend(), task.test, task.setting.class_features).values;
  }
};

}  // namespace clip::inline CLIP_ABI
