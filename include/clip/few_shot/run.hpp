// clip/few_shot/run.hpp: a few-shot experiment: methods × shots × seeds, to a table and a chart.
#pragma once

#include <clip/core/stop.hpp>
#include <clip/few_shot/chart.hpp>
#include <clip/few_shot/feature_cache.hpp>
#include <clip/few_shot/methods.hpp>
#include <clip/few_shot/run_files.hpp>
#include <clip/few_shot/split_file.hpp>
#include <clip/few_shot/table.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/task/metrics.hpp>
#include <clip/task/zero_shot.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What an experiment is doing: "encoding images" with images, "running methods" with runs.
using FewShotProgress = std::function<void(const std::string& what, Index done, Index total)>;

/// The work of run_few_shot(), in the order of its steps: check(), encode(), run(), write().
template <class M, class Methods = KnownFewShotMethods>
class FewShotExperiment {
 public:
  /// Checks all that can be checked before an image is decoded, and writes the splits. Errors: see run_few_shot().
  template <TokenizesTexts Words>
  FewShotExperiment(const M& model, const Words& tokenizer, const LabelledImages& images, FewShotOptions options)
      : options_{std::move(options)}, setting_{.model = model,
                                               .tokenizer =
                                                   [&tokenizer](std::span<const std::string> texts,
                                                                const TokenizeOptions& how) {
                                                     return tokenizer(texts, how);
                                                   },
                                               .images = images,
                                               .templates = options_.templates,
                                               .augmentation = options_.augmentation,
                                               .batch = options_.batch} {
    clip::try_check(options_).value();
    clip::try_check(images).value();
    if (images.class_count() < 2) raise(InputError{images.place, "classes", "2 or more", images.class_count()});
    for (const FewShotMethodChoice& choice : options_.methods)
      methods_.push_back(Methods::template try_make<M>(choice).value());
    encode_classes(tokenizer);
    for (const auto& method : methods_) method.try_check(setting_).value();

    model_ = image_tower_fingerprint(model);
    dataset_ = try_fingerprint(images).value();
    keep_splits();
    list_runs();
  }

  /// Computes the image features that are not on disk yet.
  void encode(const FewShotProgress& progress) {
    const std::string key = sha256(as_byte_span(model_ + dataset_)).substr(0, 16);
    const std::string folder = (options_.cache.empty() ? options_.output + "/features" : options_.cache) + '/' + key;
    try_make_folders(folder).value();
    features_ =
        try_cached_features(setting_.model, setting_.images, folder, options_.batch, [&](Index done, Index total) {
          if (progress) progress("encoding images", done, total);
        }).value();
  }

  /// Runs what has no result yet.
  void run(const FewShotProgress& progress) {
    Index done = 0;
    for (Planned& planned : runs_) {
      check_stop("few-shot");
      if (!planned.result) planned.result = run_one(planned);
      if (progress) progress("running methods", ++done, static_cast<Index>(runs_.size()));
    }
  }

  /// Writes table.md, table.csv, table.json, chart.svg and chart.png. Returns the results.
  std::vector<FewShotResult> write() const {
    std::vector<FewShotResult> results;
    for (const Planned& planned : runs_) results.push_back(planned.result.value());
    const std::string& folder = options_.output;
    write_file(folder + "/table.md", as_byte_span(few_shot_markdown(results)));
    write_file(folder + "/table.csv", as_byte_span(few_shot_csv(results)));
    write_file(folder + "/table.json", as_byte_span(json_text(few_shot_json(results), 1) + '\n'));
    write_few_shot_chart(folder, results, options_.title).value();
    return results;
  }

 private:
  struct Seed {
    ImageSplit split;
    std::map<Index, FewShotSubset> subsets;  // by shots
  };
  struct Planned {
    FewShotRun run;
    const FewShotMethod<M>* method;
    std::optional<FewShotResult> result{};
  };

  template <class Words>
  void encode_classes(const Words& tokenizer) {
    auto classifier = zero_shot(setting_.model, tokenizer, ClassNames{setting_.images.classes}, setting_.templates);
    const auto& classes = classifier.classes();
    setting_.class_features = Features<float, dyn>{classes.size(), Size<dyn>{classes.width()}};
    std::ranges::copy(classes.values(), setting_.class_features.values().begin());
    for (Index c = 0; c < classes.size(); ++c)
      if (!detail::try_finite(classes[c], ""))
        raise(NumericError{"class \"" + setting_.classes()[static_cast<std::size_t>(c)] + '"',
                           "text features that are not finite"});
  }

  std::string path_of_split(std::uint64_t seed) const {
    return options_.output + "/splits/seed-" + std::to_string(seed) + ".json";
  }
  std::string path_of_subset(std::uint64_t seed, Index shots) const {
    return options_.output + "/splits/seed-" + std::to_string(seed) + "-shots-" + std::to_string(shots) + ".json";
  }
  SplitFacts facts_of_split(std::uint64_t seed) const {
    const SplitShares& shares = options_.split;
    return {.fingerprint = dataset_,
            .seed = seed,
            .kind = "split: " + json_text(Json(shares.train)) + " training, " + json_text(Json(shares.validation)) +
                    " validation"};
  }
  SplitFacts facts_of_subset(std::uint64_t seed, Index shots) const {
    return {.fingerprint = dataset_, .seed = seed, .kind = "shots: " + std::to_string(shots)};
  }

  /// Reads every split and subset that is there, draws the others, and writes them once all are known to be possible.
  void keep_splits() {
    const LabelledImages& images = setting_.images;
    for (const std::uint64_t seed : options_.seeds) {
      ImageSplit split = try_split(images, options_.split, Rng{seed}.fork("split"), options_.test_begin).value();
      if (const std::string path = path_of_split(seed); detail::may_be_there(path))
        split = try_keep_split(path, images, facts_of_split(seed), std::move(split)).value();
      if (split.test.empty()) raise(InputError{images.place, "test images of the split", "1 or more", 0});
      Seed& kept = seeds_.emplace(seed, Seed{std::move(split), {}}).first->second;
      for (const Index k : options_.shots) {
        const std::string path = path_of_subset(seed, k);
        FewShotSubset& subset = kept.subsets[k];
        if (detail::may_be_there(path)) subset = try_keep_subset(path, images, facts_of_subset(seed, k), {}).value();
        else subset = try_few_shot_subset(images, kept.split, k, stream(seed, k)).value();
        check_part(path, subset.train, kept.split.train, "train");
        check_part(path, subset.validation, kept.split.validation, "validation");
        for (const auto& method : methods_)
          if (method.needs_validation && subset.validation.empty())
            raise(InputError{images.place, "validation images, by which " + method.label + " chooses", "1 or more", 0});
      }
    }
    try_make_folders(options_.output + "/splits").value();
    for (const auto& [seed, kept] : seeds_) {
      try_keep_split(path_of_split(seed), images, facts_of_split(seed), kept.split).value();
      for (const auto& [k, subset] : kept.subsets)
        try_keep_subset(path_of_subset(seed, k), images, facts_of_subset(seed, k), subset).value();
    }
  }
  static Rng stream(std::uint64_t seed, Index shots) {
    return Rng{seed}.fork("shots").fork(static_cast<std::uint64_t>(shots));
  }
  void check_part(const std::string& path, const std::vector<Index>& few, std::vector<Index> all,
                  const char* name) const {
    std::ranges::sort(all);
    for (const Index i : few)
      if (!std::ranges::binary_search(all, i))
        raise(LoadError{path, name, "images of that part of the split", '"' + setting_.images.where(i) + '"'});
  }

  void list_runs() {
    const std::string texts = sha256(std::as_bytes(setting_.class_features.values()));
    const std::string model = sha256(as_byte_span(model_ + texts)), templates = json_text(Json(setting_.templates)),
                      augmentation = setting_.augmentation ? json_text(json_of(*setting_.augmentation)) : "null";
    const auto plan = [&](const FewShotMethod<M>& method, std::uint64_t seed, Index shots) {
      const Seed& sets = seeds_.at(seed);
      std::string split;
      const auto add = [&](const std::vector<Index>& set) {
        for (const Index i : set) split += std::to_string(i) + ' ';
        split += '\n';
      };
      add(sets.split.test);
      if (shots > 0) {
        add(sets.subsets.at(shots).train);
        add(sets.subsets.at(shots).validation);
      }
      FewShotRun run{method.name,    method.label,
                     shots,          seed,
                     method.options, dataset_,
                     model,          sha256(as_byte_span(split)),
                     templates,      method.augments ? augmentation : "null"};
      auto result = try_find_result(options_.output, run).value();
      runs_.push_back({std::move(run), &method, std::move(result)});
    };
    for (const auto& method : methods_)
      for (const Index shots : method.learns ? options_.shots : std::vector<Index>{0})
        for (const std::uint64_t seed : options_.seeds) plan(method, seed, shots);
  }

  FewShotResult run_one(const Planned& planned) const {
    const auto began = std::chrono::steady_clock::now();
    const FewShotRun& run = planned.run;
    try_begin_run(options_.output, run).value();
    const Seed& sets = seeds_.at(run.seed);
    FewShotTask<M> task{.setting = setting_,
                        .shots = run.shots,
                        .seed = run.seed,
                        .rng = stream(run.seed, run.shots).fork("method").fork(run.label),
                        .test = rows_of(features_, sets.split.test),
                        .folder = options_.output + '/' + run.folder()};
    task.test_images = sets.split.test;
    if (run.shots > 0) {
      task.train_images = sets.subsets.at(run.shots).train;
      task.validation_images = sets.subsets.at(run.shots).validation;
      task.train = labelled(task.train_images);
      task.validation = labelled(task.validation_images);
    }
    RunLog log{task.folder};
    task.log = &log;
    const Tensor<float> scores = planned.method->scores(task);
    if (scores.shape().cols() != setting_.class_count())
      raise(ShapeError{"method " + run.label, "scores per image", setting_.class_count(), scores.shape().cols()});
    const std::vector<std::int32_t> labels = labelled(sets.split.test).labels;
    const FewShotResult result{
        run.label,
        run.shots,
        run.seed,
        {top_k_accuracy(scores.view(), std::span(labels), 1), mean_per_class_recall(scores.view(), std::span(labels))}};
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    try_end_run(options_.output, run, result, seconds).value();
    return result;
  }
  LabelledFeatures<float> labelled(const std::vector<Index>& rows) const {
    LabelledFeatures<float> chosen{rows_of(features_, rows), {}};
    for (const Index i : rows) chosen.labels.push_back(setting_.images.labels[static_cast<std::size_t>(i)]);
    return chosen;
  }

  FewShotOptions options_;
  FewShotSetting<M> setting_;
  std::vector<FewShotMethod<M>> methods_;
  std::string dataset_, model_;  // fingerprints
  std::map<std::uint64_t, Seed> seeds_;
  std::vector<Planned> runs_;
  Features<float, dyn> features_;
};

/// Runs an experiment and returns its results: methods in the order of the options, each with its shots and seeds.
///
///   const auto images = try_class_folders("caltech101").value();
///   run_few_shot(model, tokenizer, images, {.output = "caltech", .methods = {{"zero-shot"}, {"linear-probe"}}});
///
/// In the folder options.output it leaves
///
///   splits/seed-1.json, splits/seed-1-shots-4.json   the split of each seed, the few images of it
///   features/                                        of all images, computed once
///   runs/METHOD/4-shots/seed-1/                      config.json, log.jsonl, log.csv, events.out.tfevents.log,
///                                                    checkpoint.safetensors while it runs, then result.json
///   table.md, table.csv, table.json, chart.svg, chart.png
///
/// An interrupted call goes on when it is repeated: with the runs that are complete, with the last checkpoint of the one
/// that is not. More methods, shots or seeds may be added later. The results depend on the options alone.
///
/// Before an image is decoded: OptionError, LoadError clip.load.keys: options, unknown methods, their options;
/// InputError: labels that are no classes, two classes of one name, a prompt that is too long (clip.input.tokens), fewer
/// images than shots (clip.input.shots); NumericError: text features that are not finite; LoadError clip.load.changed,
/// clip.load.run: the folder is of another dataset, or of runs with other settings. Then: an image that cannot be read;
/// NumericError: image features that are not finite; those of the methods; clip.system.stopped.
template <class Methods = KnownFewShotMethods, class M, TokenizesTexts Words>
std::vector<FewShotResult> run_few_shot(const M& model, const Words& tokenizer, const LabelledImages& images,
                                        FewShotOptions options, const FewShotProgress& progress = {}) {
  FewShotExperiment<M, Methods> experiment{model, tokenizer, images, std::move(options)};
  experiment.encode(progress);
  experiment.run(progress);
  return experiment.write();
}

}  // namespace clip::inline CLIP_ABI
