#include "commands.hpp"
#include "input.hpp"
#include "terminal.hpp"

#include <clip/learn/linear_probe.hpp>
#include <clip/learn/probe_file.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace tool {
namespace {

/// The fraction of rows whose prediction is their label.
double accuracy(const clip::LinearProbe<>& probe, const clip::Features<float, clip::dyn>& features,
                const std::vector<std::int64_t>& labels) {
  const auto predicted = probe.predict(features);
  clip::Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i];
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

std::string line_of(const char* name, const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return std::string(name) + " " + text;
}

}  // namespace

int probe(const ProbeOptions& options) {
  const auto features = read_features(options.features);
  const auto labels = read_labels(options.labels, features.size());
  clip::Features<float, clip::dyn> test;
  std::vector<std::int64_t> test_labels;
  if (!options.test_features.empty()) {
    test = read_features(options.test_features);
    test_labels = read_labels(options.test_labels, test.size());
    if (test.width() != features.width())
      clip::raise(clip::InputError{options.test_features, "width of the rows", features.width(), test.width()});
    if (test.empty()) clip::raise(clip::InputError{options.test_features, "rows", "1 or more", 0});
  }

  const auto begin = std::chrono::steady_clock::now();
  const auto [fitted, fit] = clip::fit_linear_probe(features, labels,
                                                    {.C = options.C,
                                                     .intercept = !options.no_intercept,
                                                     .max_iterations = options.max_iterations,
                                                     .tolerance = options.tolerance,
                                                     .balanced = options.balanced},
                                                    clip::Cpu<float>{{.threads = options.threads}});
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!options.output.empty()) clip::save_probe(fitted, options.output);

  const double train = accuracy(fitted, features, labels);
  const double tested = test.empty() ? 0 : accuracy(fitted, test, test_labels);
  Output out;
  if (options.json) {
    clip::Json report{{"classes", fitted.classes.size()}, {"objective", fit.objective}, {"iterations", fit.iterations},
                      {"evaluations", fit.evaluations},   {"converged", fit.converged}, {"seconds", seconds},
                      {"train_accuracy", train}};
    if (!test.empty()) report["accuracy"] = tested;
    out.json(report);
    return 0;
  }
  out.line(line_of("objective", "%.10g", fit.objective));
  out.line(line_of("iterations", "%.0f", static_cast<double>(fit.iterations)) +
           (fit.converged ? "" : " (not converged)"));
  out.line(line_of("seconds", "%.3f", seconds));
  out.line(line_of("train_accuracy", "%.4f", train));
  if (!test.empty()) out.line(line_of("accuracy", "%.4f", tested));
  out.flush();
  return 0;
}

}  // namespace tool
