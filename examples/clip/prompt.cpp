#include "commands.hpp"
#include "images.hpp"
#include "input.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "train_step.hpp"

#include <clip/core/rng.hpp>
#include <clip/data/image_files.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/task/accuracy.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// Images of classes: paths, or rows of stored features, and the class of each.
struct Examples {
  std::vector<std::string> files;
  clip::LabelledFeatures<float> data{};
};

/// The names of the folders in a folder, sorted. LoadError: no such folder, or none in it.
std::vector<std::string> class_folders(const std::string& folder) {
  std::error_code problem;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at{folder, problem}, end; !problem && at != end; at.increment(problem))
    if (const std::string name = at->path().filename().string(); !name.starts_with('.') && at->is_directory(problem))
      names.push_back(name);
  if (problem) clip::raise(clip::LoadError{folder, problem.message()});
  if (names.empty()) clip::raise(clip::LoadError{folder, "folders of classes", "1 or more", 0});
  std::ranges::sort(names);
  return names;
}

/// The images of the classes' folders, and the index of the class of each. LoadError: a folder of another class.
Examples listed(const std::string& folder, const std::vector<std::string>& classes, bool flat) {
  Examples examples;
  for (const std::string& name : class_folders(folder)) {
    const auto found = std::ranges::lower_bound(classes, name);
    if (found == classes.end() || *found != name)
      clip::raise(clip::LoadError{folder, "folders of classes", "those of --images", name});
    for (std::string& file :
         clip::image_files(folder + "/" + name, flat ? clip::Below::folder : clip::Below::subfolders)) {
      examples.files.push_back(std::move(file));
      examples.data.labels.push_back(static_cast<std::int32_t>(found - classes.begin()));
    }
  }
  return examples;
}

/// Stored features and labels. InputError: a label that is not one of the classes, another width than the model's.
/// NumericError: a feature that is not finite.
Examples stored(const std::string& features, const std::string& labels, clip::Index classes, clip::Index width) {
  Examples examples;
  examples.data.features = read_features(features);
  if (examples.data.features.width() != width)
    clip::raise(clip::InputError{features, "width of the rows, that of the model's features", width,
                                 examples.data.features.width()});
  for (clip::Index i = 0; i < examples.data.features.size(); ++i)
    if (!std::ranges::all_of(std::as_const(examples.data.features)[i], [](float x) { return std::isfinite(x); }))
      clip::raise(clip::NumericError{features, "feature vector " + std::to_string(i) + " is not finite"});
  for (const std::int64_t label : read_labels(labels, examples.data.features.size())) {
    if (label < 0 || label >= classes)
      clip::raise(
          clip::InputError{labels, "labels, places in --classes", "0 to " + std::to_string(classes - 1), label});
    examples.data.labels.push_back(static_cast<std::int32_t>(label));
  }
  return examples;
}

/// `shots` examples of each class, drawn by the seed; 0: all. InputError: a class has fewer.
Examples drawn(Examples all, const std::vector<std::string>& classes, clip::Index shots, std::uint64_t seed) {
  std::vector<std::size_t> kept;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    std::vector<std::size_t> own;
    for (std::size_t i = 0; i < all.data.labels.size(); ++i)
      if (all.data.labels[i] == static_cast<std::int32_t>(c)) own.push_back(i);
    const auto wanted = shots == 0 ? own.size() : static_cast<std::size_t>(shots);
    if (own.empty() || own.size() < wanted)
      clip::raise(clip::InputError{"class \"" + classes[c] + '"', "images",
                                   std::to_string(std::max<std::size_t>(1, wanted)) + " or more", own.size()});
    clip::Rng rng = clip::Rng{seed}.fork("shots").fork(static_cast<std::uint64_t>(c));
    for (std::size_t i = 0; i < wanted; ++i) std::swap(own[i], own[i + rng.below(own.size() - i)]);
    kept.insert(kept.end(), own.begin(), own.begin() + static_cast<std::ptrdiff_t>(wanted));
  }
  std::ranges::sort(kept);
  Examples few;
  if (!all.data.features.empty())
    few.data.features =
        clip::Features<float, clip::dyn>{static_cast<clip::Index>(kept.size()), all.data.features.width()};
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const std::size_t i = kept[k];
    few.data.labels.push_back(all.data.labels[i]);
    if (!all.files.empty()) few.files.push_back(std::move(all.files[i]));
    else
      std::ranges::copy(std::as_const(all.data.features)[static_cast<clip::Index>(i)],
                        few.data.features[static_cast<clip::Index>(k)].begin());
  }
  return few;
}

/// Computes the features of the files. Images that cannot be read are reported and left out.
void embed(const Model& model, Examples& examples, const PromptOptions& options, Progress& progress,
           Failures& failures) {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  std::size_t next = 0;
  embed_each(
      model, examples.files, options.reading, batch_in_memory(16, model.config()), options.model.threads, progress,
      [&](const std::string&, const auto& features) {
        values.insert(values.end(), features.values().begin(), features.values().end());
        labels.push_back(examples.data.labels[next++]);
      },
      [&](const clip::Error& error) {
        failures.add(error);
        ++next;
      });
  progress.clear();
  examples.data.features =
      clip::Features<float, clip::dyn>{static_cast<clip::Index>(labels.size()), model.config().embed_dim};
  std::ranges::copy(values, examples.data.features.values().begin());
  examples.data.labels = std::move(labels);
}

/// The fraction of examples whose best class is theirs.
double accuracy_of(const Classifier& classifier, const clip::LabelledFeatures<float>& data) {
  return clip::accuracy<std::int32_t>(classifier(data.features).best(), data.labels);
}

/// The numbers of a report, in the order in which they are printed.
using Report = std::vector<std::pair<const char*, clip::Json>>;

void print(const Report& report) {
  Output out;
  for (const auto& [name, value] : report) {
    char text[64];
    if (value.is_number_float()) std::snprintf(text, sizeof text, "%.4f", value.get<double>());
    out.line(std::string(name) + " " + (value.is_number_float() ? std::string(text) : clip::json_text(value)));
  }
  out.flush();
}

}  // namespace

int prompt(const PromptOptions& options) {
  const clip::AnyConfig& config = *options.model.config;
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, config.text_input()};
  const bool folders = !options.images.empty();
  const std::vector<std::string> classes =
      folders ? class_folders(options.images)
              : read_list_or_words(options.classes, {.column = options.column, .lines = options.lines}).texts;
  const auto count = static_cast<clip::Index>(classes.size());
  Examples train = drawn(folders ? listed(options.images, classes, options.reading.flat)
                                 : stored(options.features, options.labels, count, config.embed_dim),
                         classes, options.shots, options.seed);
  Examples test;
  if (!options.test_images.empty()) test = listed(options.test_images, classes, options.reading.flat);
  if (!options.test_features.empty())
    test = stored(options.test_features, options.test_labels, count, config.embed_dim);
  const bool tested = !test.data.labels.empty();
  if (!options.output.empty()) static_cast<void>(clip::AtomicFile::create(options.output));
  LearnedPrompt learner{config,
                        options.model.weights,
                        options.model.state_dict,
                        options.model.threads,
                        tokenizer,
                        classes,
                        {.context = options.context,
                         .place = options.place,
                         .per_class = options.per_class,
                         .words = options.words,
                         .seed = options.seed}};

  Progress progress{folders ? "embedding" : "learning"};
  Failures failures{progress, options.reading.strict};
  if (folders) {
    const Model model =
        options.model.load(Towers::image, static_cast<clip::Index>(train.files.size() + test.files.size()), 0);
    embed(model, train, options, progress, failures);
    if (tested) embed(model, test, options, progress, failures);
  }
  const clip::Index images = train.data.features.size();
  if (images == 0 || (tested && test.data.features.empty()))
    return failures.finish(static_cast<clip::Index>(train.files.size() + test.files.size()));

  const clip::Index shots = options.shots > 0 ? options.shots : images / count;
  auto how = clip::coop_training(shots, images, options.seed);
  if (options.epochs > 0) how.epochs = options.epochs;
  const auto begin = std::chrono::steady_clock::now();
  double loss = 0;
  learner.train(train.data, how, [&](const clip::TrainProgress& p) {
    end_if_interrupted();
    loss = p.loss;
    progress.show(p.step, p.steps);
  });
  progress.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  end_if_interrupted();
  if (!options.output.empty()) learner.save(options.output);

  const Classifier classifier = learner.classifier();
  Report report{{"classes", count},
                {"images", images},
                {"context", learner.context()},
                {"epochs", how.epochs},
                {"loss", loss},
                {"seconds", seconds},
                {"train_accuracy", accuracy_of(classifier, train.data)}};
  if (tested) report.emplace_back("accuracy", accuracy_of(classifier, test.data));
  if (options.json) {
    clip::Json object(std::map<std::string, clip::Json>(report.begin(), report.end()));
    object["failures"] = failures.messages();
    Output{}.json(object);
  } else {
    print(report);
  }
  return folders ? failures.finish(static_cast<clip::Index>(train.files.size() + test.files.size())) : 0;
}

}  // namespace tool
