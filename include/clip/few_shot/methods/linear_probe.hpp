// clip/few_shot/methods/linear_probe.hpp: the few-shot method that fits a linear probe to the image features.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/learn/linear_probe.hpp>
#include <clip/learn/probe_file.hpp>
#include <clip/learn/probe_sweep.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Logistic regression on the features as they are (Radford et al. 2021 appendix A.3). C is fixed, or chosen by the
/// validation images as CoOp's code or CLIP's paper do.
struct LinearProbeMethod {
  static constexpr std::string_view name = "linear-probe";
  static constexpr bool learns = true;

  double C = 0.316;
  Index max_iterations = 1000;
  std::string sweep{};  // "coop", "clip"; empty: C is fixed

  void read(JsonReader& options) {
    if (options.may_have("C")) C = options.number("C");
    if (!(C > 0)) options.problem("C", "expected a number above 0, found " + json_text(Json(C)));
    if (options.may_have("max_iterations")) max_iterations = options.integer("max_iterations", 1);
    if (options.may_have("sweep")) sweep = options.text("sweep");
    if (!sweep.empty() && sweep != "coop" && sweep != "clip")
      options.problem("sweep", "expected coop or clip, found \"" + sweep + '"');
    if (!sweep.empty() && options.has("C")) options.problem("C", "expected none beside sweep");
  }
  JsonTree options() const {
    JsonTree all = json_object("max_iterations", max_iterations, "sweep", sweep);
    if (sweep.empty()) all["C"] = C;
    return all;
  }

  bool needs_validation() const { return !sweep.empty(); }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    const auto& features = task.train.features;
    const std::vector<std::int64_t> labels = wide(task.train.labels);  // the type of probes in files
    task.log->keep(-1);
    if (!sweep.empty()) {
      const auto chosen = sweep_linear_probe(
          features, labels, task.validation.features, wide(task.validation.labels),
          {.protocol = sweep == "coop" ? ProbeSweep::coop : ProbeSweep::clip, .max_iterations = max_iterations},
          task.model().backend());
      for (std::size_t i = 0; i < chosen.trials.size(); ++i)
        task.log->add(static_cast<Index>(i + 1),
                      {{"C", chosen.trials[i].value}, {"validation_top1", chosen.trials[i].accuracy}});
      save_probe(chosen.probe, task.folder + "/probe.npz");
      return chosen.probe.scores(task.test);
    }
    const auto [probe, fit] =
        fit_linear_probe(features, labels, {.C = C, .max_iterations = max_iterations}, task.model().backend());
    task.log->add(fit.iterations, {{"objective", fit.objective}, {"converged", fit.converged ? 1 : 0}});
    save_probe(probe, task.folder + "/probe.npz");
    return probe.scores(task.test);  // every class has shots, so that the probe's classes are all labels, in order
  }

 private:
  static std::vector<std::int64_t> wide(const std::vector<std::int32_t>& labels) {
    return {labels.begin(), labels.end()};
  }
};

}  // namespace clip::inline CLIP_ABI
