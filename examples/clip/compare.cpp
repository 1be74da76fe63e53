#include "commands.hpp"
#include "images.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/task/agreement.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// A model with weights of one type, its classifier and its time.
struct Variant {
  Variant(const CompareOptions& o, Dtype dtype_, const std::optional<Tokenizer>& tokenizer, const Classes& classes)
      : dtype{dtype_},
        model{*o.model.config, o.model.weights,   tokenizer ? Towers::both : Towers::image, dtype_, {o.model.threads},
              Work::many,      o.model.state_dict} {
    if (tokenizer) classifier = tool::classifier(model, *tokenizer, classes, o.truncate);
  }

  Dtype dtype;
  Model model;
  std::optional<Classifier> classifier;
  double seconds = std::numeric_limits<double>::infinity();  // of the fastest batch
};

/// Results of both models on the same images.
struct Comparison {
  std::vector<std::string> paths;
  clip::Agreement agreement;
  std::vector<std::pair<clip::Index, clip::Index>> choices;  // labels chosen by both, per image; empty without --labels
  clip::Images last;                                         // model input of the last batch

  void add(const Variant& a, const Variant& b, const clip::Images& images) {
    const auto expected = a.model.encode_image(images), found = b.model.encode_image(images);
    const clip::Index first = static_cast<clip::Index>(paths.size()) - images.size();
    for (clip::Index i = 0; i < images.size(); ++i) {
      a.model.try_finite(expected[i], "image", path(first + i)).value();
      b.model.try_finite(found[i], "image", path(first + i) + " as " + name_of(b.dtype)).value();
    }
    agreement.add(expected, found);
    if (a.classifier) {
      const auto x = (*a.classifier)(expected).best(), y = (*b.classifier)(found).best();
      agreement.add_choices(x, y);
      for (std::size_t i = 0; i < x.size(); ++i) choices.emplace_back(x[i], y[i]);
    }
    last = images;
  }

  const std::string& path(clip::Index i) const { return paths[static_cast<std::size_t>(i)]; }
  double rate(const Variant& variant) const { return static_cast<double>(last.size()) / variant.seconds; }
};

/// Times both models on the same images, alternately, with no other work running.
void time_alternately(Variant& a, Variant& b, const clip::Images& images) {
  const auto run = [&](Variant& variant) {
    const auto begin = std::chrono::steady_clock::now();
    variant.model.encode_image(images);
    variant.seconds =
        std::min(variant.seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  };
  for (int round = 0; round < 3; ++round) {
    end_if_interrupted();
    run(a);
    end_if_interrupted();
    run(b);
  }
}

clip::Json json_of(const Comparison& c, const Variant& a, const Variant& b, const std::vector<std::string>& labels) {
  const std::string dtype = name_of(b.dtype);
  clip::Json differing = clip::Json::array();
  for (const clip::Index i : c.agreement.differing()) {
    const auto& [x, y] = c.choices[static_cast<std::size_t>(i)];
    differing.push_back({{"path", c.path(i)},
                         {"f32", labels[static_cast<std::size_t>(x)]},
                         {dtype, labels[static_cast<std::size_t>(y)]}});
  }
  return {{"images", c.paths.size()},
          {"dtype", dtype},
          {"cosine_mean", c.agreement.mean_cosine()},
          {"cosine_min", c.agreement.smallest_cosine()},
          {"cosine_min_path", c.path(c.agreement.worst())},
          {"images_per_second", {{"f32", c.rate(a)}, {dtype, c.rate(b)}}},
          {"top1_agreement", a.classifier ? clip::Json(c.agreement.same_choices()) : clip::Json()},
          {"differing", std::move(differing)}};
}

std::string format_number(const char* format, double x) {
  char text[64];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

void print(Output& out, const Comparison& c, const Variant& a, const Variant& b,
           const std::vector<std::string>& labels) {
  const std::string dtype = name_of(b.dtype);
  out.line("images   " + std::to_string(c.paths.size()));
  out.line("cosine   mean " + format_number("%.6f", c.agreement.mean_cosine()) + ", smallest " +
           format_number("%.6f", c.agreement.smallest_cosine()) + ": " + c.path(c.agreement.worst()));
  out.line("speed    f32 " + format_number("%.4g", c.rate(a)) + ", " + dtype + " " + format_number("%.4g", c.rate(b)) +
           " images/s, " + std::to_string(c.last.size()) + " at a time");
  if (!a.classifier) return;
  const auto& differing = c.agreement.differing();
  out.line("top-1    " + format_number("%.2f", 100 * c.agreement.same_choices()) + " % the same" +
           (differing.empty() ? "" : ", other labels for:"));
  const std::size_t shown = std::min<std::size_t>(differing.size(), 10);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto& [x, y] = c.choices[static_cast<std::size_t>(differing[i])];
    out.line("         " + c.path(differing[i]) + ": f32 " + labels[static_cast<std::size_t>(x)] + ", " + dtype + " " +
             labels[static_cast<std::size_t>(y)]);
  }
  if (differing.size() > shown) out.line("         and " + std::to_string(differing.size() - shown) + " more");
}

}  // namespace

int compare(const CompareOptions& options) {
  if (options.model.dtype == Dtype::f32) throw UsageError{"--dtype: f32 is the reference; choose another type"};
  const std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  Classes classes;
  std::optional<Tokenizer> tokenizer;
  if (!options.labels.empty()) {
    classes = classes_of(options.labels, {.column = options.column, .lines = options.lines});
    tokenizer.emplace(options.vocabulary, options.cleaning);
  }
  Variant floats{options, Dtype::f32, tokenizer, classes}, other{options, options.model.dtype, tokenizer, classes};

  Progress progress{"comparing"};
  Failures failures{progress, options.images.strict};
  Comparison comparison;
  read_images(files, options.images, floats.model.input(), 16, options.model.threads,
              [&](clip::Index first, const auto& errors, const clip::Images& images) {
                for (std::size_t i = 0; i < errors.size(); ++i) {
                  if (errors[i] != nullptr) failures.add(*errors[i]);
                  else comparison.paths.push_back(files[static_cast<std::size_t>(first) + i]);
                }
                if (images.size() > 0) comparison.add(floats, other, images);
                progress.show(first + static_cast<clip::Index>(errors.size()), total);
                return true;
              });
  progress.clear();
  if (!comparison.paths.empty()) {
    time_alternately(floats, other, comparison.last);
    Output out;
    if (options.json) {
      clip::Json json = json_of(comparison, floats, other, classes.labels);
      json["failures"] = failures.messages();
      out.json(json);
    } else {
      print(out, comparison, floats, other, classes.labels);
      out.flush();
    }
  }
  return failures.finish(total);
}

}  // namespace tool
