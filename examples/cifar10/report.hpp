// examples/cifar10/report.hpp: the result as tables, and as results.json.
#pragma once

#include "evaluation.hpp"
#include "options.hpp"

#include <clip/io/atomic_file.hpp>
#include <clip/io/json.hpp>

#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <vector>

namespace cifar {

struct Epoch {
  Index number;
  double loss, seconds, top1;  // mean loss; of training, by the clock; zero-shot on the validation part
};

/// The record of a training run; a resumed run records its own part only.
struct History {
  Index first_step = 0;
  std::vector<double> losses{};  // of every step
  std::vector<Epoch> epochs{};
};

/// Processor time of this process in seconds, all threads together.
inline double processor_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

inline void print_tables(const Results& r, const Data& data) {
  std::printf("\nTop-1 of %d test images, %%\n", static_cast<int>(data.test.size()));
  const auto line = [](const char* what, double share) { std::printf("  %-58s %5.2f\n", what, 100 * share); };
  line("zero-shot, \"a photo of a {}.\"", r.one_template);
  line("zero-shot, 18 templates", r.zero_shot);
  line("linear probe, C = 0.316, of the training part", r.probe);
  line("linear probe, C = 0.316, of the validation part", r.probe_of_validation);

  std::printf(
      "\nPseudo-labels for the %d images of the validation part\n"
      "  threshold  labelled  right, %%  probe of them, top-1 on the test, %%\n",
      static_cast<int>(data.validation.size()));
  for (const PseudoLabelRow& row : r.pseudo_labels)
    std::printf("  %9.2f  %8d  %8.2f  %8.2f\n", row.threshold, static_cast<int>(row.count), 100 * row.right,
                100 * row.probe);
}

inline void write_results(const std::string& path, const Options& o, const Results& r, const Data& data,
                          const History& history, const std::string& backend, Index parameters) {
  clip::Json rows = clip::Json::array(), epochs = clip::Json::array();
  for (const PseudoLabelRow& row : r.pseudo_labels)
    rows.push_back({{"threshold", row.threshold}, {"count", row.count}, {"accuracy", row.right}, {"probe", row.probe}});
  for (const Epoch& e : history.epochs)
    epochs.push_back({{"epoch", e.number}, {"loss", e.loss}, {"seconds", e.seconds}, {"validation_top1", e.top1}});
  const clip::Json whole{
      {"images",
       {{"train", data.train.size()},
        {"validation", data.validation.size()},
        {"test", data.test.size()},
        {"test_held_out_of_training", data.held_out}}},
      {"test_top1",
       {{"zero_shot_one_template", r.one_template},
        {"zero_shot", r.zero_shot},
        {"probe", r.probe},
        {"probe_of_validation", r.probe_of_validation}}},
      {"pseudo_labels", rows},
      {"epochs", epochs},
      {"first_step", history.first_step},
      {"processor_seconds", processor_seconds()},
      {"backend", backend},
      {"parameters", parameters},
      {"configuration", {{"seed", o.seed}, {"epochs", o.epochs}, {"batch", o.batch}, {"templates", templates}}}};
  clip::write_file(path, clip::as_byte_span(clip::json_text(whole, 2) + "\n"));
}

}  // namespace cifar
