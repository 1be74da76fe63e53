#include "command_line.hpp"

#include "commands.hpp"
#include "terminal.hpp"

#include <clip/model/catalogue.hpp>
#include <clip/version.hpp>

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <sstream>

namespace tool {
namespace {

using Job = std::function<int()>;

constexpr const char* vocabulary_help =
    "bpe_simple_vocab_16e6.txt.gz, vocab.json, tokenizer.json or a folder with them";
constexpr const char* rows_help = "Say which file became which row, and which became none";

/// A command with --json whose options live until it has run.
template <class Options>
std::shared_ptr<Options> add_command(CLI::App& app, Job& job, int (*run)(const Options&), const char* name,
                                     const char* what, const char* json_help, CLI::App*& command) {
  const auto options = std::make_shared<Options>();
  command = app.add_subcommand(name, what);
  command->add_flag("--json", options->json, json_help);
  command->callback([&job, run, options] { job = [run, options] { return run(*options); }; });
  return options;
}

/// "a|b|c"
std::string between_bars(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : "|") + word;
  return list;
}

/// One of a few words, or a list of them.
template <class Value>
CLI::Option* add_choice(CLI::App& command, const char* name, Value& value, const std::vector<std::string>& words,
                        const char* what) {
  return command.add_option(name, value, what)
      ->check(CLI::IsMember(words).description(""))
      ->option_text(between_bars(words));
}

CLI::Option* add_model(CLI::App& command, std::optional<clip::AnyConfig>& config) {
  const auto find = [&config](const std::string& name) {
    auto found = clip::try_find_config(name);
    if (!found && found.error().place() == "model") throw UsageError{"--model: " + found.error().message()};
    config = std::move(found).value();
  };
  return command.add_option_function<std::string>("--model", find, "Name (see `clip models`) or configuration file");
}

/// One type of weights, or a list.
template <class Value>
CLI::Option* add_dtype(CLI::App& command, Value& value, const char* what) {
  const std::map<std::string, Dtype> values{dtypes.begin(), dtypes.end()};
  std::vector<std::string> words;
  for (const auto& [word, dtype] : dtypes) words.emplace_back(word);
  return command.add_option("--dtype", value, what)
      ->transform(CLI::CheckedTransformer(values).description(""))
      ->option_text(between_bars(words));
}

void add_loading(CLI::App& command, ModelOptions& options) {
  add_model(command, options.config)->required();
  command.add_option("--weights", options.weights, "OpenAI's .pt, .safetensors, .bin or a Hugging Face folder")
      ->required();
  command.add_option("--threads", options.threads, "Without it all cores this process may use")
      ->check(CLI::Range(1, 4096));
  add_dtype(command, options.dtype, "How weights are kept in memory, and products computed where the machine can");
}

void add_images(CLI::App& command, ImageOptions& options) {
  command.add_flag("--flat", options.flat, "Of folders only the images in them, not those in inner folders");
  command.add_flag("--strict", options.strict, "Exit status 1 where any image cannot be read");
}
constexpr const char* images_help = "Image files, or folders of them";

constexpr const char* bench_footer =
    "Lists (a,b,c) make a case of every combination. A call that is not counted warms up (of a head: its first "
    "template); then there are at least "
    "five and as many as fit --seconds, but no further one begins after ten times that. Rates are those of the fastest "
    "call.\n"
    "GFLOP/s count what the reference would compute (padded texts, every row of every layer, a multiply-add being "
    "two), so they can pass the peak; "
    "a training step counts three times its forward pass, a prompt step (the text part of CoOp: forward, and back to "
    "the learned vectors) two. The peak is "
    "that of multiply-adds in registers, measured here for the same type and threads. "
    "Peak memory is what was resident at most from the making of the case's model on (Linux; elsewhere since the "
    "program began).\n"
    "An object of --json holds case, dtype, batch, threads, seconds_min, seconds_median, rate, unit, gflops, "
    "share_of_peak and peak_rss_mib; "
    "what is not counted is null.";

void add_bench(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto b = add_command(app, job, bench, "bench", "How fast the parts of a model are here",
                             "An object a line for each case", c);
  add_model(*c, b->config)->required();
  add_choice(*c, "--part", b->parts, bench_parts(), "What is timed; a list")->required()->delimiter(',');
  c->add_option("--batch", b->batches,
                "Images, prompts or pairs at a time; a list. 1, for train 32 unless told otherwise")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--threads", b->threads, "A list; without it all cores this process may use")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096));
  add_dtype(*c, b->dtypes, "How weights are kept in memory, and products computed where the machine can; a list")
      ->delimiter(',');
  c->add_option("--weights", b->weights, "Any format; without it random ones");
  auto* const vocabulary = c->add_option("--vocabulary", b->vocabulary, vocabulary_help);
  auto* const labels = c->add_option("--labels", b->labels,
                                     "A file with one label a line: prompts are \"a photo of a {label}.\" in order, "
                                     "repeated; without it made-up ids")
                           ->needs(vocabulary);
  c->add_option("--templates", b->templates,
                "A file with one sentence a line, of head and tokenize; without it \"a photo of a {}.\"")
      ->needs(labels);
  c->add_option("--classes", b->classes, "So many of the labels, evenly spread; of prompt without labels 100")
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--context", b->context, "Learned vectors of a prompt, 16 unless told otherwise")
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--images", b->images, "A picture's file, decoded and preprocessed as well");
  c->add_option("--seconds", b->seconds, "How long each case is repeated, 1 unless told otherwise")
      ->check(CLI::Range(0.001, 3600.0));
  c->footer(bench_footer);
}

void add_all(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  add_command(app, job, models, "models", "The models known by name: resolution, width of the features, parameters",
              "An array of objects", c);

  const auto in = add_command(app, job, inspect, "inspect",
                              "What a file or folder of weights holds, and which model that is", "One object", c);
  c->add_option("FILE", in->file, "Weights in any format")->required();

  const auto t =
      add_command(app, job, tokenize, "tokenize", "Texts as ids: a JSON array a line, start to end of text, not padded",
                  "Changes nothing: every line is JSON already", c);
  c->add_option("--vocabulary", t->vocabulary, vocabulary_help)->required();
  c->add_option("--context", t->context, "Ids of a text at most, 77 unless told otherwise")
      ->check(CLI::Range(2, 1 << 20));
  c->add_flag("--truncate", t->truncate, "Cut what is too long instead of stopping");
  c->add_option("TEXT", t->texts, "Texts; - reads lines from standard input, as does no text at all");

  const auto p = add_command(app, job, preprocess, "preprocess",
                             "Images as a model sees them: float32 (n, 3, size, size) in a .npy file", rows_help, c);
  add_model(*c, p->config)->required();
  add_images(*c, p->images);
  c->add_option("IMAGE", p->images.paths, images_help)->required();
  c->add_option("--output", p->output, "The .npy file")->required();

  const auto e = add_command(
      app, job, +[](const EmbedOptions& o) { return o.texts.empty() ? embed_images(o) : embed_texts(o); }, "embed",
      "Features of images, or of the lines of a file: float32 (n, width) in a .npy file", rows_help, c);
  add_loading(*c, e->model);
  add_images(*c, e->images);
  auto* const vocabulary = c->add_option("--vocabulary", e->vocabulary, vocabulary_help);
  auto* const either = c->add_option_group("What is embedded, one of these")->require_option(1);
  either->add_option("--images", e->images.paths, images_help);
  either->add_option("--texts", e->texts, "A file with one text a line")->needs(vocabulary);
  c->add_flag("--truncate", e->truncate, "Cut texts that are too long instead of stopping");
  c->add_option("--output", e->output, "The .npy file")->required();
  c->add_flag("--normalize", e->normalize, "Rows of length one");
  c->add_option("--batch", e->batch, "Images encoded at a time, 16 unless told otherwise; the features are the same")
      ->check(CLI::Range(1, 4096));

  const auto l = add_command(app, job, classify, "classify",
                             "Which labels images go with: path, probability and label, the most probable first",
                             "An object a line for each image", c);
  add_loading(*c, l->model);
  c->add_option("--vocabulary", l->vocabulary, vocabulary_help)->required();
  c->add_option("--labels", l->labels, "A file with one label a line")->required();
  c->add_option("--templates", l->templates,
                "A file with one sentence a line, {} where the label goes; without it \"a photo of a {}.\"");
  c->add_option("--top", l->top, "Labels for each image, 5 unless told otherwise")->check(CLI::Range(1, 1 << 20));
  add_images(*c, l->images);
  c->add_option("IMAGE", l->images.paths, images_help)->required();

  const auto r = add_command(
      app, job, retrieve, "retrieve",
      "How often images find their captions and captions their image among the first 1, 5 and 10", "One object", c);
  c->add_option("--images", r->images, "Features of n images, a .npy file")->required();
  c->add_option("--texts", r->texts, "Features of their captions in the same order, a .npy file")->required();
  c->add_option("--captions-per-image", r->captions, "5 unless told otherwise")->check(CLI::Range(1, 1 << 20));

  const auto m =
      add_command(app, job, compare, "compare",
                  "What weights of fewer bits change: cosines to the features of float, labels chosen otherwise, speed",
                  "One object", c);
  add_loading(*c, m->model);
  c->get_option("--dtype")->required();
  c->add_option("--images", m->images.paths, images_help)->required();
  add_images(*c, m->images);
  auto* const words = c->add_option("--vocabulary", m->vocabulary, vocabulary_help);
  c->add_option("--labels", m->labels, "A file with one label a line, to choose among by \"a photo of a {label}.\"")
      ->needs(words);

  add_bench(app, job);

  const auto v = add_command(app, job, convert, "convert",
                             "Weights of any format as safetensors, by the names of a library", "One object", c);
  c->add_option("IN", v->in, "Weights in any format")->required();
  c->add_option("OUT", v->out,
                "A .safetensors file; for openclip and huggingface also a folder, which then describes the model")
      ->required();
  add_model(*c, v->config);
  add_choice(*c, "--dialect", v->dialect, dialect_names(), "Whose names")->required();
  add_choice(*c, "--dtype", v->dtype, {"f32", "f16", "bf16"}, "For all weights; without it each keeps its own");
}

/// Help goes to standard output, a wrong command line to standard error.
Job answer(const CLI::App& app, const CLI::ParseError& e) {
  std::ostringstream out, problem;
  const int status = app.exit(e, out, problem);
  std::string text = status == 0 ? out.str() : problem.str();
  text.erase(text.find_last_not_of('\n') + 1);
  if (status != 0) throw UsageError{text};
  return [text] {
    Output output;
    output.line(text);
    output.flush();
    return 0;
  };
}

}  // namespace

Job read_command_line(int argc, const char* const* argv) {
  CLI::App app{"Images and texts in one space: CLIP from the shell.", "clip"};
  Job job;
  app.require_subcommand(1);
  app.set_version_flag("--version", "clip " CLIP_STRING(CLIP_VERSION_MAJOR) "." CLIP_STRING(
                                        CLIP_VERSION_MINOR) "." CLIP_STRING(CLIP_VERSION_PATCH));
  app.footer("Exit status: 0; 1: the input was bad, one line says which file and why; 2: the command line was wrong.");
  add_all(app, job);
  const auto named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty())
    throw UsageError{std::string(argv[1]) + ": no such command; `clip --help` lists them"};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) { return answer(app, e); }
  return job;
}

}  // namespace tool
