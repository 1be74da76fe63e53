// Options that several commands share, and what they are where they are not given. For the sources that read the command
// line: it brings in CLI11.
#pragma once

#include "commands.hpp"
#include "terminal.hpp"

#include "weights.hpp"

#include <clip/io/file_budget.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tool {

using Job = std::function<int()>;

inline constexpr const char* vocabulary_help =
    "bpe_simple_vocab_16e6.txt.gz, vocab.json, tokenizer.json, or a folder that contains one";
inline constexpr const char* model_help =
    "Model name (see `clip models`), JSON configuration (the library's, OpenCLIP's, Apple's or transformers' "
    "config.json), or a "
    "file or folder of weights (default: what the weights state)";
inline constexpr const char* weights_help = "OpenAI .pt, .safetensors, .bin, or a Hugging Face folder";
inline constexpr const char* vocabulary_or_folder_help =
    "bpe_simple_vocab_16e6.txt.gz, vocab.json, tokenizer.json, or a folder that contains one (default: --weights, if "
    "it is a folder)";
inline constexpr const char* rows_help =
    "Print a JSON report: the number of rows, the files they come from, the failures";
inline constexpr const char* labels_help =
    "Labels with commas (\"a cat,a dog\"), or a file of them, or - for standard input: one per line, a CSV or TSV "
    "table (with --column, or FILE:COLUMN), a JSON array, or a JSON object from labels to lists of prompts or from ids "
    "to labels";
inline constexpr const char* column_help = "Column of a CSV or TSV file";
inline constexpr const char* lines_help =
    "Every line of a list is a text, also where lines look like a table or like JSON";
inline constexpr const char* template_help =
    "File of prompt templates, {}, {c} or {label} for the label: one per line, FILE:COLUMN, or a JSON array (default: "
    "\"a photo of a {}.\")";
inline constexpr const char* prompts_help =
    "File of prompt templates, {}, {c} or {label} for the label: one per line, FILE:COLUMN, a JSON array, or a JSON "
    "object with the prompts of each label (default: \"a photo of a {}.\")";
inline constexpr const char* state_dict_help =
    "Which of several models' weights in the file: a key of the .pt (ema), a path of keys (ema.model), or what stands "
    "before the names (student)";
inline constexpr const char* output_help = "The .npy file to write";
inline constexpr const char* threads_help = "Number of threads (default: all available cores)";
inline constexpr const char* truncate_help = "Truncate texts that are too long instead of failing";

/// Options whose value is that of others, where it is not given: most commands have none.
template <class Options>
void complete(Options&) {}

/// --model: that of the weights; fused, if the weights are. UsageError: neither is given.
inline void complete_model(std::optional<clip::AnyConfig>& config, const std::string& weights) {
  if (!config && weights.empty()) throw UsageError{"--model or --weights is required"};
  if (!config) config = model_of_weights(weights);
  else if (!weights.empty()) config = in_form_of_weights(*config, weights);
}

/// --vocabulary: the folder of the weights.
inline void complete_vocabulary(std::string& vocabulary, const std::string& weights, const char* reader,
                                const std::string& what = "--weights") {
  if (!vocabulary.empty()) return;
  if (!std::filesystem::is_directory(weights))
    throw UsageError{std::string(reader) + " needs --vocabulary, unless " + what + " is a folder that has one"};
  vocabulary = weights;
}

inline void complete(EmbedOptions& o) {
  if (!o.texts.empty()) complete_vocabulary(o.vocabulary, o.model.weights, "--texts");
  if (!o.texts.empty() && !o.model.config && !o.model.weights.empty())
    o.model.config = text_model_of_weights(o.model.weights, o.model.without_projection);
  else if (o.texts.empty() && !o.model.config && !o.model.weights.empty() && !o.model.without_projection)
    o.model.config = image_model_of_weights(o.model.weights);
  else complete_model(o.model.config, o.model.weights);
}
inline void complete(ClassifyOptions& o) {
  complete_vocabulary(o.vocabulary, o.model.weights, "--labels");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(CompareOptions& o) {
  if (!o.labels.empty()) complete_vocabulary(o.vocabulary, o.model.weights, "--labels");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(ConvertOptions& o) {
  if (o.captions.empty()) return;
  if (!clip::has_folders(clip::try_dialect(o.dialect).value()) || o.out.ends_with(".safetensors"))
    throw UsageError{
        "--vocabulary-of writes the vocabulary beside the weights: OUT must be a folder, and --dialect openclip or "
        "huggingface"};
  complete_vocabulary(o.vocabulary, o.in, "--vocabulary-of", "IN");
}
inline void complete(AttentionOptions& o) {
  const bool relevance = o.kind == AttentionKind::relevance;
  if (relevance && o.texts.empty()) throw UsageError{"--kind relevance needs --text"};
  if (!relevance && !o.texts.empty())
    throw UsageError{"--text is for --kind relevance: other maps do not depend on it"};
  if (relevance) complete_vocabulary(o.vocabulary, o.model.weights, "--text");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(SimilarityOptions& o) {
  complete_vocabulary(o.vocabulary, o.model.weights, "--texts");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(PromptOptions& o) {
  if (o.images.empty() && o.features.empty()) throw UsageError{"--images or --features is required"};
  complete_vocabulary(o.vocabulary, o.model.weights, "prompt");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(EvaluateOptions& o) {
  if (!o.image_features.empty()) {
    if (o.labels.empty() && o.image_of_text.empty())
      throw UsageError{"one of --labels and --image-of-text is required"};
    if (!o.image_of_text.empty() && o.pseudo_labels > 0) throw UsageError{"--pseudo-labels is for classification"};
    return;
  }
  if (o.model.weights.empty()) throw UsageError{"--weights is required, unless --image-features are evaluated"};
  complete_vocabulary(o.vocabulary, o.model.weights, o.captions.empty() ? "--dataset" : "--captions");
  complete_model(o.model.config, o.model.weights);
}
inline void complete(PreprocessOptions& o) { complete_model(o.config, o.weights); }
inline void complete(BenchOptions& o) { complete_model(o.config, o.weights); }

/// Adds a command with --json. Its options live until it has run.
template <class Options>
std::shared_ptr<Options> add_command(CLI::App& app, Job& job, int (*run)(const Options&), const char* name,
                                     const char* description, const char* json_help, CLI::App*& command) {
  const auto options = std::make_shared<Options>();
  command = app.add_subcommand(name, description);
  command->add_flag("--json", options->json, json_help);
  command->callback([&job, run, options] {
    job = [run, options] {
      complete(*options);
      return run(*options);
    };
  });
  return options;
}

/// "a|b|c".
inline std::string join_with_bars(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : "|") + word;
  return list;
}

/// Marks an option whose help shows its words: CLI11 marks all others.
inline CLI::Option* require_choice(CLI::Option* option) {
  return option->required()->option_text(option->get_option_text() + " REQUIRED");
}

/// An option whose value is one of `words`, or a list of them.
template <class Value>
CLI::Option* add_choice(CLI::App& command, const char* name, Value& value, const std::vector<std::string>& words,
                        const char* description) {
  return command.add_option(name, value, description)
      ->check(CLI::IsMember(words).description(""))
      ->option_text(join_with_bars(words));
}

/// --max-memory-per-file. Comes before options whose values are read from files, as --model is.
inline void add_budget(CLI::App& command) {
  command
      .add_option_function<std::uint64_t>(
          "--max-memory-per-file",
          [](std::uint64_t bytes) { clip::set_file_budget({.factor = 0, .least = bytes, .most = bytes}); },
          "Memory that the content of one file may take beside the file itself, once inflated or parsed: bytes, or "
          "with a unit as in 2GiB (default: 16 times the file, at least 64MiB, at most 64GiB)")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->option_text("SIZE");
}

inline CLI::Option* add_model(CLI::App& command, std::optional<clip::AnyConfig>& config) {
  return command.add_option_function<std::string>(
      "--model", [&config](const std::string& name) { config = find_model(name); }, model_help);
}

/// An option whose value, or list of values, is named by one of the words.
template <class Value, class Choice>
CLI::Option* add_named(CLI::App& command, const char* name, Value& value,
                       const std::vector<std::pair<std::string, Choice>>& choices, const char* description) {
  std::vector<std::string> words;
  for (const auto& [word, choice] : choices) words.push_back(word);
  return command.add_option(name, value, description)
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Choice>{choices.begin(), choices.end()}).description(""))
      ->transform(CLI::IsMember(words).description(""))  // comes first, and its error names the words
      ->option_text(join_with_bars(words));
}

/// --dtype: one type, or a list of them.
template <class Value>
CLI::Option* add_dtype(CLI::App& command, Value& value, const char* description) {
  return add_named<Value, Dtype>(command, "--dtype", value, {dtypes.begin(), dtypes.end()}, description);
}

/// --cleaning, for the texts of --vocabulary.
inline CLI::Option* add_cleaning(CLI::App& command, std::optional<clip::Cleaning>& cleaning) {
  using enum clip::Cleaning;
  std::vector<std::pair<std::string, clip::Cleaning>> choices;
  for (const auto one : {openai, openai_ftfy, open_clip, huggingface, canonicalize, siglip, siglip2, lower, none})
    choices.emplace_back(clip::name_of(one), one);
  return add_named(
      command, "--cleaning", cleaning, choices,
      "How texts are cleaned (default: openai; with SentencePiece files canonicalize for unigram, siglip2 for BPE). "
      "openai: quotes, widths, HTML references, white space, lower case; openai+ftfy: and text decoded with the wrong "
      "encoding; open_clip, huggingface: as those libraries; canonicalize: without punctuation, as OpenCLIP for "
      "SigLIP; siglip: without punctuation, as transformers for SigLIP; siglip2: lower case only, as for SigLIP 2; "
      "lower: white space and lower case only; none: nothing");
}

inline void add_weights(CLI::App& command, ModelOptions& options) {
  add_model(command, options.config);
  command.add_option("--weights", options.weights, weights_help)->required();
  command.add_option("--state-dict", options.state_dict, state_dict_help);
  command.add_option("--threads", options.threads, threads_help)->check(CLI::Range(1, 4096));
}
/// --device: "cpu", "cuda" or "cuda:N"; `cuda` is the number of a device then.
inline void add_device(CLI::App& command, std::optional<int>& cuda) {
  const auto read = [&cuda](const std::string& text) {
    cuda.reset();
    if (text == "cpu") return;
    const bool numbered = text.starts_with("cuda:");
    int number = 0;
    const char* const begin = text.data() + (numbered ? 5 : text.size());
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
    if (text != "cuda" && (!numbered || error != std::errc{} || end != text.data() + text.size() || number < 0))
      throw CLI::ValidationError("--device: expected cpu, cuda or cuda:N, found " + text);
    cuda = number;
  };
  command
      .add_option_function<std::string>("--device", read,
                                        "Where the model computes: cpu, cuda or cuda:N, a CUDA device by its number "
                                        "(default: cpu). A device that is not there is an error")
      ->option_text("cpu|cuda|cuda:N");
}
/// The same, --device and --dtype.
inline void add_loading(CLI::App& command, ModelOptions& options) {
  add_weights(command, options);
  add_device(command, options.cuda);
  add_dtype(command, options.dtype,
            "Type of the weights in memory, and of matrix products where the CPU supports it (default: f32)");
}

inline void add_images(CLI::App& command, ImageOptions& options) {
  command.add_flag("--flat", options.flat, "Do not search subfolders");
  command.add_flag("--strict", options.strict, "Exit with status 1 if any image cannot be read, or any text embedded");
  command.add_flag("--strict-images", options.strict_images,
                   "Refuse every damaged JPEG and PNG, also those that Pillow reads");
}
inline constexpr const char* images_help =
    "Image files and folders; @FILE: one per line of a file; -: an image on standard input";

/// The commands of analysis_options.cpp.
void add_attention(CLI::App& app, Job& job);
void add_similarity(CLI::App& app, Job& job);
void add_probe(CLI::App& app, Job& job);
void add_train(CLI::App& app, Job& job);
void add_fewshot(CLI::App& app, Job& job);
/// prompt_options.cpp.
void add_prompt(CLI::App& app, Job& job);
/// The command of evaluate_options.cpp.
void add_evaluate(CLI::App& app, Job& job);

}  // namespace tool
