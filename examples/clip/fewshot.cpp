#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "weights.hpp"

#include <clip/checkpoint/model_file.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/few_shot/run.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/model/any_model.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

// Compiled in fewshot_gated.cpp.
extern template clip::Tensor<float> clip::GatedAdapterMethod::scores(const clip::FewShotTask<clip::AnyModel<>>&) const;

namespace tool {
namespace {

/// The configuration file of an experiment.
struct Config {
  std::string model, weights, vocabulary;
  clip::LabelledImages images;
  clip::FewShotOptions options;
};

/// Reads the file, and opens the dataset that it names. No image is decoded.
Config read_config(const std::string& path) {
  const auto bytes = clip::try_read_input(path).value();
  clip::JsonTree json{clip::parse_json(clip::as_text(bytes), path)};
  clip::JsonReader file{json, path};
  Config config;
  if (file.may_have("model")) config.model = file.text("model");
  config.weights = file.text("weights");
  if (file.may_have("vocabulary")) config.vocabulary = file.text("vocabulary");
  const clip::Json* const dataset = file.value("dataset");
  const clip::Json* const test = file.may_have("test_dataset") ? file.value("test_dataset") : nullptr;
  // With test images of their own, the others are for training and validation.
  const bool split = file.has("split");
  config.options = clip::read_few_shot_options(file);
  file.finish().value();

  config.images = clip::try_open_labelled_images(*dataset, path + ": dataset").value();
  if (test != nullptr) {
    config.options.test_begin = config.images.size();
    if (!split) config.options.split = {.train = 0.8, .validation = 0.2};
    auto apart = clip::try_open_labelled_images(*test, path + ": test_dataset").value();
    config.images = clip::try_join(std::move(config.images), std::move(apart)).value();
  }
  return config;
}

clip::AnyModel<> load_model(const Config& config, int threads) {
  clip::AnyConfig architecture = config.model.empty() ? model_of_weights(config.weights) : find_model(config.model);
  if (!config.model.empty()) architecture = in_form_of_weights(architecture, config.weights);
  clip::AnyModel<> model{architecture, clip::Cpu<>{{.threads = threads}}};
  if (const auto done = clip::try_load(model, open_weights(config.weights), {.in_place = true}); !done)
    clip::raise(in_options(done.error(), config.weights));
  model.image.pack();
  model.text.pack();
  return model;
}

}  // namespace

int fewshot(const FewshotOptions& options) {
  Config config = read_config(options.config);
  config.options.output =
      options.output.empty() ? std::filesystem::path(options.config).replace_extension().string() : options.output;
  if (config.options.output == options.config) config.options.output += ".results";
  std::string vocabulary = config.vocabulary;
  if (vocabulary.empty() && std::filesystem::is_directory(config.weights)) vocabulary = config.weights;
  if (vocabulary.empty())
    clip::raise(
        clip::LoadError{options.config, "vocabulary", "a file, as weights is no folder that has one", "nothing"});

  const auto model = load_model(config, options.threads);
  const Tokenizer tokenizer{vocabulary, {}, model.text_input()};
  std::optional<Progress> progress;
  std::string shown;
  const auto results = clip::run_few_shot(model, tokenizer, config.images, config.options,
                                          [&](const std::string& what, clip::Index done, clip::Index total) {
                                            if (what != shown) progress.emplace(what);
                                            shown = what;
                                            progress->show(done, total);
                                          });
  progress.reset();
  Output out;
  if (options.json) out.json(clip::few_shot_json(results));
  else out.line(clip::few_shot_markdown(results));
  out.flush();
  return 0;
}

}  // namespace tool
