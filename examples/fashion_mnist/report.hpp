// examples/fashion_mnist/report.hpp: the result as a table, as metadata of the weights, and as results.json.
#pragma once

#include "data.hpp"
#include "evaluation.hpp"
#include "options.hpp"

#include <clip/io/atomic_file.hpp>
#include <clip/io/json.hpp>
#include <clip/model/config_json.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <system_error>
#include <vector>

namespace fashion {

/// The record of a training run; a resumed run records its own part only.
struct Run {
  Index first_step = 0;
  std::vector<double> losses;         // of every step
  std::vector<double> epoch_seconds;  // without evaluation
};

inline void make_folder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) clip::raise(clip::SystemError{path, "cannot create this folder: " + failed.message()});
}

/// The configuration with the measured mean and deviation of the pixels.
inline clip::VitClipConfig with(clip::VitClipConfig config, const clip::VitConfig& image) {
  config.image = image;
  return config;
}

/// The shortest text that reads back as the same number.
inline std::string number_text(double x) { return clip::json_text(x); }

/// Metadata that a user of the weights needs.
inline std::map<std::string, std::string> metadata(const clip::Json& config, const Brightness& light, double top1) {
  return {{"config", clip::json_text(config)},
          {"image_mean", number_text(light.mean)},
          {"image_std", number_text(light.deviation)},
          {"top1", number_text(top1)}};
}

/// One line per class: the number classified right, and the class it was confused with most often.
inline void print_table(const Evaluation& result, const LabelledImages& data) {
  const std::vector<double> counts = confusion(result, data);
  std::printf("\n%-12s %5s %6s   %s\n", "class", "right", "of", "most often confused with");
  for (Index c = 0; c < class_count; ++c) {
    const double* row = counts.data() + c * class_count;
    Index other = c == 0 ? 1 : 0;
    for (Index k = 0; k < class_count; ++k)
      if (k != c && row[k] > row[other]) other = k;
    std::printf("%-12s %5.0f %6.0f   %s (%.0f)\n", std::string(names[static_cast<std::size_t>(c)]).c_str(), row[c],
                std::accumulate(row, row + class_count, 0.0),
                std::string(names[static_cast<std::size_t>(other)]).c_str(), row[other]);
  }
  std::printf("\ntop-1: %.2f %% of %d test images\n", 100 * result.top1, static_cast<int>(data.size()));
}

template <class B>
void write_results(const Options& o, const Run& run, double top1, double top1_reloaded, Index parameters,
                   const B& backend, const clip::Json& model) {
  const double seconds = std::accumulate(run.epoch_seconds.begin(), run.epoch_seconds.end(), 0.0);
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  clip::Json results{{"seed", o.seed},
                     {"top1", top1},
                     {"top1_reloaded", top1_reloaded},
                     {"epoch_seconds", run.epoch_seconds},
                     {"parameters", parameters}};
  results["images_per_second"] = seconds > 0 ? static_cast<double>(run.losses.size()) * o.batch / seconds : 0.0;
#ifdef __APPLE__
  results["peak_rss_mib"] = static_cast<double>(used.ru_maxrss) / (1 << 20);
#else
  results["peak_rss_mib"] = static_cast<double>(used.ru_maxrss) / (1 << 10);
#endif
  results["threads"] = backend.threads();
  results["backend"] = backend.describe();
  results["configuration"] = {
      {"model", model}, {"epochs", o.epochs},     {"batch", o.batch}, {"first_step", run.first_step},
      {"data", o.data}, {"templates", templates}, {"classes", names}};
  clip::write_file(o.output + "/results.json", clip::as_byte_span(clip::json_text(results, 2) + "\n"));
}

}  // namespace fashion
