// clip/few_shot/methods/linear_probe.hpp: the few-shot method that fits a linear probe to the image features.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/learn/linear_probe.hpp>

#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Logistic regression on the features as they are (Radford et al. 2021 appendix A.3).
struct LinearProbeMethod {
  static constexpr std::string_view name = "linear-probe";
  static constexpr bool learns = true;

  double C = 0.316;
  Index max_iterations = 1000;

  void read(JsonReader& options) {
    if (options.may_have("C")) C = options.number("C");
    if (!(C > 0)) options.problem("C", "expected a number above 0, found " + json_text(Json(C)));
    if (options.may_have("max_iterations")) max_iterations = options.integer("max_iterations", 1);
  }
  JsonTree options() const { return json_object("C", C, "max_iterations", max_iterations); }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    const auto [probe, fit] = fit_linear_probe(task.train.features, task.train.labels,
                                               {.C = C, .max_iterations = max_iterations}, task.model().backend());
    task.log->keep(0);
    task.log->add(fit.iterations, {{"objective", fit.objective}, {"converged", fit.converged ? 1 : 0}});
    return probe.scores(task.test);  // every class has shots, so that the classes are all labels, in order
  }
};

}  // namespace clip::inline CLIP_ABI
