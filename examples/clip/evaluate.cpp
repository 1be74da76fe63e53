#include "commands.hpp"
#include "images.hpp"
#include "input.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/data/class_folders.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/csv_field.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/npy.hpp>
#include <clip/learn/pseudo_labels.hpp>
#include <clip/task/encode_images.hpp>
#include <clip/task/metrics.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tool {
namespace {

using Rows = clip::Features<float, clip::dyn>;

/// The labels of images: one class each, or for every class whether an image has it.
struct Labels {
  std::vector<std::int32_t> single;
  std::vector<std::uint8_t> several;  // (n, classes)
};

Labels read_labels_of(const std::string& path, clip::Index images, clip::Index classes) {
  const auto array = clip::read_npy<double>(path);
  if (array.shape.empty() || array.shape.size() > 2)
    clip::raise(clip::InputError{path, "extents of the array", "1, or 2 for several labels", array.shape.size()});
  if (array.shape[0] != images) clip::raise(clip::InputError{path, "labels", images, array.shape[0]});
  Labels labels;
  if (array.shape.size() == 2) {
    if (array.shape[1] != classes) clip::raise(clip::InputError{path, "classes", classes, array.shape[1]});
    for (const double x : array.values) labels.several.push_back(x != 0 ? 1 : 0);
    return labels;
  }
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const double x = array.values[i];
    if (!(x >= 0 && x < static_cast<double>(classes)) || x != std::floor(x))
      clip::raise(clip::InputError{path, "label " + std::to_string(i), "0 to " + std::to_string(classes - 1), x});
    labels.single.push_back(static_cast<std::int32_t>(x));
  }
  return labels;
}

/// A folder with a folder per class, or the JSON description of another dataset.
clip::LabelledImages open_dataset(const std::string& path) {
  if (std::filesystem::is_directory(path)) return clip::try_class_folders(path).value();
  const auto bytes = clip::try_read_input(path).value();
  clip::JsonTree json{clip::parse_json(clip::as_text(bytes), path)};
  return clip::try_open_labelled_images(clip::JsonReader{json, path}).value();
}

/// Features of all images; one that cannot be read is an error, since it would be missing in the metrics.
Rows embed(const Model& model, const std::vector<std::string>& names, const clip::ImageReader& reader, int threads) {
  Progress progress{"encoding"};
  clip::ReadAhead ahead{names, model.input(), {.batch = 16, .readers = threads, .reader = reader}};
  Rows all = clip::try_encode_images(
                 model, ahead,
                 [&](clip::Index i, std::span<const float> features) {
                   return model.try_finite(features, "image", names[static_cast<std::size_t>(i)]);
                 },
                 [&](clip::Index done) { progress.show(done, static_cast<clip::Index>(names.size())); })
                 .value();
  if (ahead.stopped()) end_if_interrupted();
  return all;
}

clip::Json number(double x) { return std::isnan(x) ? clip::Json{} : clip::Json(x); }

/// Prints the report: as JSON, or a name and a number per line.
void print(const clip::Json& report, bool json) {
  Output out;
  if (json) return out.json(report);
  for (const auto& [name, value] : report["metrics"].items()) {
    char text[32] = "none";
    if (!value.is_null()) std::snprintf(text, sizeof text, "%.4f", value.get<double>());
    out.line(name + ' ' + text);
  }
  if (report.contains("pseudo_labels"))
    for (const auto& row : report["pseudo_labels"]["thresholds"]) {
      char text[96] = "none";
      if (!row["accuracy"].is_null()) std::snprintf(text, sizeof text, "%.4f", row["accuracy"].get<double>());
      out.line("threshold " + clip::json_text(row["threshold"]) + ": " + clip::json_text(row["count"]) +
               " images, accuracy " + text);
    }
  out.flush();
}

/// The most confident images of each class, written to --output; the accuracy of all predictions by threshold.
clip::Json pseudo_labels(const EvaluateOptions& options, clip::View<const float> probabilities,
                         const std::vector<std::int32_t>& truth, const std::vector<std::string>& names,
                         const std::vector<std::string>& classes) {
  const auto taken = clip::pseudo_labels_per_class(probabilities, options.pseudo_labels);
  constexpr std::array thresholds{0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};
  clip::Json rows = clip::Json::array();
  for (const auto& row : clip::accuracy_by_threshold(clip::pseudo_labels_above(probabilities, 0), truth, thresholds))
    rows.push_back({{"threshold", row.threshold}, {"count", row.count}, {"accuracy", number(row.accuracy)}});
  if (!options.output.empty()) {
    std::string table = "image,label,class,confidence\n";
    for (const auto& one : taken) {
      char confidence[32];
      std::snprintf(confidence, sizeof confidence, "%.6f", one.confidence);
      const auto image = static_cast<std::size_t>(one.image), label = static_cast<std::size_t>(one.label);
      table += clip::detail::csv_field(names.empty() ? std::to_string(image) : names[image]) + ',' +
               std::to_string(label) + ',' + clip::detail::csv_field(classes.empty() ? std::string() : classes[label]) +
               ',' + confidence + '\n';
    }
    clip::write_file(options.output, clip::as_byte_span(table));
  }
  return {{"count", taken.size()}, {"accuracy", number(clip::accuracy(taken, truth))}, {"thresholds", std::move(rows)}};
}

int classification(const EvaluateOptions& options, const Classifier& classifier, const Rows& images,
                   const Labels& labels, const std::vector<std::string>& names, const std::string& dataset) {
  const auto cosines = classifier(images);
  const clip::View<const float> scores = cosines.values.view();
  clip::Json report{{"dataset", dataset},
                    {"model", options.model.weights},
                    {"task", "zeroshot_classification"},
                    {"images", images.size()},
                    {"classes", scores.cols}};
  if (!labels.several.empty()) {
    report["metrics"] = {{"mean_average_precision", clip::mean_average_precision(scores, labels.several)}};
  } else {
    const auto found = clip::classification_metrics(scores, labels.single);
    report["metrics"] = {
        {"acc1", found.acc1}, {"acc5", number(found.acc5)}, {"mean_per_class_recall", found.mean_per_class_recall}};
  }
  if (options.pseudo_labels > 0) {
    if (!labels.several.empty())
      clip::raise(clip::OptionError{"evaluate", "labels of images for --pseudo-labels", "one each", "several"});
    const auto probabilities = classifier.probabilities(images);
    const clip::View<const float> rows{probabilities[0].data(), images.size(), scores.cols};
    std::vector<std::string> classes;
    for (clip::Index c = 0; c < scores.cols; ++c) classes.emplace_back(classifier.label(c));
    report["pseudo_labels"] = pseudo_labels(options, rows, labels.single, names, classes);
  }
  print(report, options.json);
  return 0;
}

int retrieval(const EvaluateOptions& options, const Rows& images, const Rows& texts,
              const std::vector<std::int32_t>& image_of, const std::string& dataset) {
  clip::Json metrics = clip::Json::object();
  for (const auto& recall : clip::retrieval_recalls(images, texts, image_of, options.recall_k)) {
    metrics["image_retrieval_recall@" + std::to_string(recall.k)] = recall.image;
    metrics["text_retrieval_recall@" + std::to_string(recall.k)] = recall.text;
  }
  print({{"dataset", dataset},
         {"model", options.model.weights},
         {"task", "zeroshot_retrieval"},
         {"images", images.size()},
         {"texts", texts.size()},
         {"metrics", std::move(metrics)}},
        options.json);
  return 0;
}

/// Features that `clip embed` has written.
int of_features(const EvaluateOptions& options) {
  const Rows images = read_features(options.image_features);
  Rows texts = read_features(options.text_features);
  if (images.empty()) clip::raise(clip::InputError{options.image_features, "rows", "1 or more", 0});
  if (images.width() != texts.width())
    clip::raise(clip::InputError{options.text_features, "width of the rows", images.width(), texts.width()});
  if (!options.image_of_text.empty())
    return retrieval(options, images, texts, read_labels_of(options.image_of_text, texts.size(), images.size()).single,
                     options.image_features);
  const Labels labels = read_labels_of(options.labels, images.size(), texts.size());
  return classification(options, Classifier{std::move(texts), {}, 100}, images, labels, {}, options.image_features);
}

/// A dataset with a class per image.
int of_dataset(const EvaluateOptions& options) {
  const clip::LabelledImages images = open_dataset(options.dataset);
  clip::try_check(images).value();
  Classes classes;
  if (options.classes.empty()) {
    for (std::string name : images.classes) {  // as CoOp names classes
      std::ranges::replace(name, '_', ' ');
      classes.labels.push_back(std::move(name));
    }
    classes.templates = templates_of(options.templates);
  } else {
    classes = classes_of(options.classes, {.column = options.column, .lines = options.lines}, options.templates);
  }
  if (std::cmp_not_equal(classes.labels.size(), images.class_count()))
    clip::raise(
        clip::InputError{options.classes, "classes of " + images.place, images.class_count(), classes.labels.size()});
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  const Model model = options.model.load(Towers::both, images.size(), classes.texts());
  const Classifier made = classifier(model, tokenizer, classes, options.truncate);
  std::vector<std::string> names;
  std::unordered_map<std::string, clip::Index> at;
  for (clip::Index i = 0; i < images.size(); ++i) {
    names.push_back(images.where(i));
    at.emplace(names.back(), i);
  }
  const Rows features = embed(
      model, names, [&](const std::string& name) { return images.try_read(at.at(name)); }, options.model.threads);
  return classification(options, made, features, {.single = images.labels, .several = {}}, names, images.place);
}

/// A table of images and their captions.
int of_captions(const EvaluateOptions& options) {
  const auto paths = read_list(options.captions, {.column = options.path_column}),
             captions = read_list(options.captions, {.column = options.caption_column});
  const auto folder = std::filesystem::path(options.captions).parent_path();
  std::vector<std::string> files;
  std::unordered_map<std::string, std::int32_t> at;
  std::vector<std::int32_t> image_of;
  for (const std::string& path : paths.texts) {
    const auto [found, is_new] = at.emplace(path, static_cast<std::int32_t>(files.size()));
    if (is_new) files.push_back((folder / path).string());
    image_of.push_back(found->second);
  }
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  const Model model = options.model.load(Towers::both, static_cast<clip::Index>(files.size()), captions.size());
  const clip::TokenizeOptions how{.context = model.text_input().context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  Rows texts;
  for (std::size_t begin = 0; begin < captions.size(); begin += 1024) {
    const auto part = std::span{captions.texts}.subspan(begin, std::min<std::size_t>(1024, captions.size() - begin));
    const Rows features = model.encode_text(tokenizer(part, how));
    if (texts.empty()) texts = Rows{static_cast<clip::Index>(captions.size()), features.width()};
    std::ranges::copy(features.values(), texts[static_cast<clip::Index>(begin)].data());
    end_if_interrupted();
  }
  return retrieval(options, embed(model, files, {}, options.model.threads), texts, image_of, options.captions);
}

}  // namespace

int evaluate(const EvaluateOptions& options) {
  if (!options.image_features.empty()) return of_features(options);
  return options.captions.empty() ? of_dataset(options) : of_captions(options);
}

}  // namespace tool
