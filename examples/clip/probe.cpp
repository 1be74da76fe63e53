#include "commands.hpp"
#include "input.hpp"
#include "terminal.hpp"

#include <clip/learn/linear_probe.hpp>
#include <clip/learn/probe_file.hpp>
#include <clip/learn/probe_sweep.hpp>
#include <clip/task/similarities.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

std::string line_of(const char* name, const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return std::string(name) + " " + text;
}

using Features = clip::Features<float, clip::dyn>;

/// Features, and the label of each.
struct Set {
  Features features;
  std::vector<std::int64_t> labels;
};

/// InputError: another width than `width`, unless that is 0; no rows.
Set read_set(const std::string& features, const std::string& labels, bool normalize, clip::Index width = 0) {
  Set set{read_features(features), {}};
  set.labels = read_labels(labels, set.features.size());
  if (width != 0 && set.features.width() != width)
    clip::raise(clip::InputError{features, "width of the rows", width, set.features.width()});
  if (width != 0 && set.features.empty()) clip::raise(clip::InputError{features, "rows", "1 or more", 0});
  if (!normalize) return set;
  for (clip::Index i = 0; i < set.features.size(); ++i)
    if (std::ranges::all_of(set.features[i], [](float x) { return x == 0; }))
      clip::raise(clip::InputError{features, "row " + std::to_string(i), "a length above 0", 0});
  set.features = clip::normalized(std::move(set.features));
  return set;
}

clip::ProbeSweep protocol_of(Sweep sweep) {
  switch (sweep) {
    case Sweep::coop: return clip::ProbeSweep::coop;
    case Sweep::benchmark: return clip::ProbeSweep::clip_benchmark;
    default: return clip::ProbeSweep::clip;
  }
}

}  // namespace

int probe(const ProbeOptions& options) {
  // CLIP_benchmark's protocol takes features of unit length.
  const bool sweeps = options.sweep != Sweep::none, adamw = options.sweep == Sweep::benchmark,
             normalize = options.normalize || adamw;
  const Set train = read_set(options.features, options.labels, normalize);
  const clip::Index width = train.features.width();
  Set validation, test;
  if (sweeps) validation = read_set(options.validation_features, options.validation_labels, normalize, width);
  if (!options.test_features.empty()) test = read_set(options.test_features, options.test_labels, normalize, width);

  const clip::Cpu<float> backend{{.threads = options.threads}};
  const auto begin = std::chrono::steady_clock::now();
  std::vector<clip::ProbeTrial> trials;
  double value = options.C, validated = 0;
  const auto fit = [&]() -> clip::FittedProbe<std::int64_t> {
    if (!sweeps)
      return clip::fit_linear_probe(train.features, train.labels,
                                    {.C = options.C,
                                     .intercept = !options.no_intercept,
                                     .max_iterations = options.max_iterations > 0 ? options.max_iterations : 100,
                                     .tolerance = options.tolerance,
                                     .balanced = options.balanced},
                                    backend);
    auto swept = clip::sweep_linear_probe(train.features, train.labels, validation.features, validation.labels,
                                          {.protocol = protocol_of(options.sweep),
                                           .max_iterations = options.max_iterations > 0 ? options.max_iterations : 1000,
                                           .tolerance = options.tolerance,
                                           .balanced = options.balanced},
                                          backend);
    trials = std::move(swept.trials);
    value = swept.value;
    validated = swept.accuracy;
    return {std::move(swept.probe), std::move(swept.fit)};
  };
  const auto [fitted, found] = fit();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!options.output.empty()) clip::save_probe(fitted, options.output);

  const char* const chosen = adamw ? "weight_decay" : "C";
  const double trained = clip::accuracy_of(fitted, train.features, train.labels);
  const double tested = test.features.empty() ? 0 : clip::accuracy_of(fitted, test.features, test.labels);
  Output out;
  if (options.json) {
    clip::Json report{
        {"classes", fitted.classes.size()}, {"objective", found.objective}, {"iterations", found.iterations},
        {"evaluations", found.evaluations}, {"seconds", seconds},           {"train_accuracy", trained}};
    if (!adamw) report["converged"] = found.converged;
    if (sweeps) {
      clip::Json list = clip::Json::array();
      for (const auto& trial : trials)
        list.push_back({{chosen, trial.value}, {"accuracy", trial.accuracy}, {"evaluations", trial.evaluations}});
      report[chosen] = value;
      report["validation_accuracy"] = validated;
      report["trials"] = std::move(list);
    }
    if (!test.features.empty()) report["accuracy"] = tested;
    out.json(report);
    return 0;
  }
  if (sweeps) {
    out.line(line_of(chosen, "%.6g", value));
    out.line(line_of("validation_accuracy", "%.4f", validated));
  }
  out.line(line_of("objective", "%.10g", found.objective));
  out.line(line_of("iterations", "%.0f", static_cast<double>(found.iterations)) +
           (found.converged || adamw ? "" : " (not converged)"));
  out.line(line_of("seconds", "%.3f", seconds));
  out.line(line_of("train_accuracy", "%.4f", trained));
  if (!test.features.empty()) out.line(line_of("accuracy", "%.4f", tested));
  out.flush();
  return 0;
}

}  // namespace tool
