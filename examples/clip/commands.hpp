// The commands of the tool: the options of each, and the function that runs it and returns the exit status.
#pragma once

#include "model.hpp"

#include <clip/learn/context_prompts.hpp>
#include <clip/tokenizer/options.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tool {

struct ModelOptions {
  std::optional<clip::AnyConfig> config;  // of --model, otherwise of the weights
  std::string weights, state_dict;        // state_dict: which of several models' weights in the file
  int threads = 0;                        // 0: all cores this process may use
  std::optional<int> cuda;                // of --device
  Dtype dtype = Dtype::f32;
  bool without_projection = false;  // the file's tower has none: config->embed_dim is its width

  /// Loads the model for a number of images and texts. Packing the weights of ViT-B/32
  /// pays off from 150 images or 2,000 texts on.
  Model load(Towers towers, clip::Index images, std::size_t texts) const {
    return {*config,    weights,           towers,
            dtype,      {threads, cuda},   images > 150 || texts > 2000 ? Work::many : Work::few,
            state_dict, without_projection};
  }
};

struct ImageOptions {
  std::vector<std::string> paths;  // files, folders, - for an image on standard input, @FILE for a list of them
  bool flat = false;               // do not search subfolders
  bool strict = false;             // exit status 1 if any image or text fails
  bool strict_images = false;      // damaged images fail, also those that the reference reads
};

struct ModelsOptions {
  bool json = false;
};
int models(const ModelsOptions& options);

struct InspectOptions {
  std::string file, state_dict;
  bool json = false;
};
int inspect(const InspectOptions& options);

struct TokenizeOptions {
  std::optional<clip::AnyConfig> config;
  std::string vocabulary;
  std::vector<std::string> texts;          // "-", "@FILE": read lines from standard input, or from a file
  clip::Index context = 0;                 // 0: the model's, or the vocabulary's
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  bool truncate = false, json = false;
};
int tokenize(const TokenizeOptions& options);

struct PreprocessOptions {
  std::optional<clip::AnyConfig> config;  // of --model, otherwise of the weights
  std::string weights;
  ImageOptions images;
  std::string output;
  bool json = false;
};
int preprocess(const PreprocessOptions& options);

struct EmbedOptions {
  ModelOptions model;
  ImageOptions images;
  std::string texts, column, vocabulary, output, names;  // names: "txt", "jsonl" or none
  std::optional<clip::Cleaning> cleaning;                // none: as the vocabulary's models expect
  clip::Index batch = 16;
  bool truncate = false, normalize = false, resume = false, lines = false, json = false;
  std::string hidden_states, padding = "end";  // hidden_states: "last", "penultimate" or none; padding: "end" or "zero"
  bool ln_final = false, weighted = false;
};
int embed_images(const EmbedOptions& options);
int embed_texts(const EmbedOptions& options);
int embed_states(const EmbedOptions& options);

struct ClassifyOptions {
  ModelOptions model;
  ImageOptions images;
  std::string vocabulary, labels, column, templates;
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  clip::Index top = 5;
  bool lines = false, truncate = false, json = false;
};
int classify(const ClassifyOptions& options);

enum class Sweep { none, clip, coop, benchmark };
struct ProbeOptions {
  std::string features, labels, test_features, test_labels, validation_features, validation_labels, output;
  Sweep sweep = Sweep::none;
  bool normalize = false;
  double C = 1, tolerance = 1e-4;
  clip::Index max_iterations = 0;  // 0: 100, or 1000 for each fit of a sweep
  int threads = 0;
  bool no_intercept = false, balanced = false, json = false;
};
int probe(const ProbeOptions& options);

struct TrainOptions {
  std::string config;
  bool resume = false, json = false;
};
int train(const TrainOptions& options);

struct FewshotOptions {
  std::string config, output;  // output: empty: beside the configuration file
  int threads = 0;
  bool json = false;
};
int fewshot(const FewshotOptions& options);

struct PromptOptions {
  ModelOptions model;
  ImageOptions reading;                                      // of the images; without paths
  std::string images, test_images;                           // folders with one folder per class
  std::string features, labels, test_features, test_labels;  // .npy files instead
  std::string classes, column;                               // names, with features
  std::string vocabulary, output, words;                     // words: what the context begins as
  std::optional<clip::Cleaning> cleaning;                    // none: as the vocabulary's models expect
  clip::Place place = clip::Place::end;
  clip::Index shots = 0, context = 16, epochs = 0;  // 0 shots: all images; 0 epochs: CoOp's
  std::uint64_t seed = 1;
  bool per_class = false, lines = false, json = false;
};
int prompt(const PromptOptions& options);

struct EvaluateOptions {
  ModelOptions model;
  std::string vocabulary, dataset, classes, column, templates, captions, path_column, caption_column;
  std::string image_features, text_features, labels, image_of_text, output;
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  std::vector<clip::Index> recall_k{1, 5, 10};
  clip::Index pseudo_labels = 0;  // per class; 0: none
  bool lines = false, truncate = false, json = false;
};
int evaluate(const EvaluateOptions& options);

struct RetrieveOptions {
  std::string images, texts;
  clip::Index captions = 5;
  bool json = false;
};
int retrieve(const RetrieveOptions& options);

enum class AttentionKind { last, heads, rollout, relevance };
struct AttentionOptions {
  ModelOptions model;
  ImageOptions images;
  std::string vocabulary, output;
  std::vector<std::string> texts;          // @FILE: read lines from a file
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  AttentionKind kind = AttentionKind::last;
  clip::Index layer = -1;  // -1: the default of the kind
  double opacity = 0.6;
  bool truncate = false, json = false;
};
int attention(const AttentionOptions& options);

struct SimilarityOptions {
  ModelOptions model;
  ImageOptions images;
  std::string vocabulary, texts, column, output, chart;
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  clip::Index top = 5;
  bool lines = false, truncate = false, paired = false, json = false;
};
int similarity(const SimilarityOptions& options);

struct ConvertOptions {
  std::string in, out, state_dict, dialect, dtype;  // empty dtype: keep each tensor's type
  std::string captions, column, vocabulary;         // captions: whose ids are kept; empty: all ids are
  std::optional<clip::Cleaning> cleaning;           // none: as the vocabulary's models expect
  std::optional<clip::AnyConfig> config;
  clip::Index patch_size = 0;      // 0: as it is
  std::string patches, positions;  // how the patch size is changed; empty: the library's defaults
  bool fuse = false, lines = false, json = false;
};
int convert(const ConvertOptions& options);
/// The values of --dialect.
std::vector<std::string> dialect_names();

struct CompareOptions {
  ModelOptions model;
  ImageOptions images;
  std::string vocabulary, labels, column;
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  bool lines = false, truncate = false, json = false;
};
int compare(const CompareOptions& options);

struct BenchOptions {
  std::optional<clip::AnyConfig> config;  // of --model, otherwise of the weights
  std::vector<std::string> parts;
  std::vector<clip::Index> batches;  // empty: the default of the part
  std::vector<int> threads{0};       // 0: all cores this process may use
  std::vector<Dtype> dtypes;         // empty: f32; of the part `all` every one
  std::string weights, vocabulary, labels, templates, images;
  clip::Index classes = 0;   // 0: all labels
  clip::Index tokens = 0;    // ids of each random text; 0: of a prompt of a few words
  clip::Index context = 16;  // learned vectors of a prompt
  double seconds = 1;
  bool json = false;
};
int bench(const BenchOptions& options);
/// The values of --part.
std::vector<std::string> bench_parts();

}  // namespace tool
