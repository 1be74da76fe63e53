#include "command_line.hpp"

#include "command_options.hpp"
#include "commands.hpp"
#include "terminal.hpp"

#include <clip/version.hpp>

#include <CLI/CLI.hpp>

#include <memory>
#include <sstream>

namespace tool {
namespace {

constexpr const char* bench_footer =
    "Every combination of the lists is a case. A case starts with one untimed call (head: with its first template "
    "only). Then it repeats the call at least 5 times and until --seconds have passed; no call starts after 10 times "
    "--seconds. The rate is that of the fastest call.\n"
    "GFLOP/s count the operations of the reference implementation (padded texts, every row of every layer, a "
    "multiply-add as 2). A training step counts as 3 forward passes, a prompt step (the text part of CoOp: forward, "
    "and backward to the learned vectors) as 2. The peak is measured on this machine: multiply-adds in registers with "
    "the same type and threads. Only the image part has a share of it: texts are not padded here, so that fewer "
    "operations are computed than are counted. int8 has none on a processor without products of integers.\n"
    "Peak memory is the maximum resident memory since the case began to create its model (Linux; elsewhere since the "
    "program started).\n"
    "Fields of --json: case, dtype, batch, threads, seconds_min, seconds_median, rate, unit, gflops, share_of_peak, "
    "peak_rss_mib. A value that does not apply is null. --part all prints an object before them (backend, peak_gflops: "
    "for every number of threads one of the types) and one after them (fastest, not_faster_than_f32: lists of case, "
    "batch, threads, dtype). A table ends with a line for every type of fewer bits that is not faster than f32 in the "
    "same case.";

void add_bench(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto b = add_command(app, job, bench, "bench", "Measure speed and memory of a model's parts on this machine",
                             "Print one JSON object per case", c);
  add_budget(*c);
  add_model(*c, b->config);
  require_choice(add_choice(*c, "--part", b->parts, bench_parts(),
                            "Parts to measure, comma-separated; all: image and text in every "
                            "type, one and many at a time, with the machine's peaks and its fastest types"))
      ->delimiter(',');
  c->add_option("--batch", b->batches,
                "Images, prompts or pairs per call, comma-separated (default: 1; train: 32; all: "
                "1 and 8 images, 1 and 64 prompts)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--threads", b->threads, "Numbers of threads, comma-separated (default: all available cores)")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096));
  add_dtype(*c, b->dtypes,
            "Types of the weights in memory, and of matrix products where the CPU supports it, comma-separated "
            "(default: f32; all: every one)")
      ->delimiter(',');
  c->add_option("--weights", b->weights, "Weights in any format (default: random weights of --model)");
  auto* const vocabulary = c->add_option("--vocabulary", b->vocabulary, vocabulary_help);
  auto* const labels =
      c->add_option("--labels", b->labels,
                    "File of labels, as of classify; prompts are \"a photo of a {label}.\", repeated in "
                    "order (default: random token ids)")
          ->needs(vocabulary);
  c->add_option("--templates", b->templates, std::string("For head and tokenize: ") + template_help)->needs(labels);
  c->add_option("--classes", b->classes,
                "Number of labels to use, evenly spaced in the file (default: all; prompt without labels: 100)")
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--tokens", b->tokens, "For text and train without labels: ids of each text (default: a few words)")
      ->check(CLI::Range(5, 1 << 20))
      ->excludes(labels);
  c->add_option("--context", b->context, "For prompt: number of learned context vectors (default: 16)")
      ->check(CLI::Range(1, 1 << 20));
  c->add_option("--images", b->images, "For preprocess: an image file to decode and preprocess as an additional case");
  c->add_option("--seconds", b->seconds, "Seconds to repeat each case (default: 1)")->check(CLI::Range(0.001, 3600.0));
  c->footer(bench_footer);
}

void add_all(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  add_command(app, job, models, "models", "List the known models: name, resolution, feature width, parameters",
              "Print a JSON array", c);

  const auto in = add_command(
      app, job, inspect, "inspect",
      "Show the model, configuration, licence and tensors of a file or folder of weights, or of a configuration",
      "Print a JSON object", c);
  add_budget(*c);
  c->add_option("FILE", in->file, "Weights in any format, a vocabulary, or a JSON configuration")->required();
  c->add_option("--state-dict", in->state_dict, state_dict_help);

  const auto t =
      add_command(app, job, tokenize, "tokenize", "Print the token ids of texts: one JSON array per text, not padded",
                  "No effect: the output is JSON already", c);
  add_budget(*c);
  c->add_option("--vocabulary", t->vocabulary, vocabulary_help)->required();
  add_cleaning(*c, t->cleaning);
  add_model(*c, t->config)->description("Model whose context bounds the ids: name, configuration, or weights");
  c->add_option("--context", t->context,
                "Maximum ids per text, start and end of text included (default: that of --model, or 77)")
      ->check(CLI::Range(2, 1 << 20));
  c->add_flag("--truncate", t->truncate, truncate_help);
  c->add_option("TEXT", t->texts,
                "Texts; @FILE: one per line of a file; -: one per line of standard input (default: -)");

  const auto p = add_command(app, job, preprocess, "preprocess",
                             "Write images as model input: float32 (n, 3, size, size) in a .npy file", rows_help, c);
  add_budget(*c);
  add_model(*c, p->config);
  c->add_option("--weights", p->weights, "Weights that state the preprocessing, instead of --model");
  add_images(*c, p->images);
  c->add_option("IMAGE", p->images.paths, images_help)->required();
  c->add_option("--output", p->output, output_help)->required();

  const auto e = add_command(
      app, job,
      +[](const EmbedOptions& o) {
        return o.texts.empty() ? embed_images(o) : o.hidden_states.empty() ? embed_texts(o) : embed_states(o);
      },
      "embed", "Write features of images or texts: float32 (n, width) in a .npy file", rows_help, c);
  add_budget(*c);
  add_loading(*c, e->model);
  add_images(*c, e->images);
  c->add_option("--vocabulary", e->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, e->cleaning);
  auto* const either = c->add_option_group("Input, exactly one of")->require_option(1);
  either->add_option("--images", e->images.paths, images_help);
  auto* const texts = either->add_option("--texts", e->texts,
                                         "File of texts, or - for standard input: one per line, a CSV or TSV table "
                                         "(with --column, or FILE:COLUMN), a JSON array, or a JSON object of lists of "
                                         "prompts");
  auto* const column = c->add_option("--column", e->column, column_help)->needs(texts);
  c->add_flag("--lines", e->lines, lines_help)->needs(texts)->excludes(column);
  auto* const truncate = c->add_flag("--truncate", e->truncate, truncate_help);
  c->add_option("--output", e->output, output_help)->required();
  auto* const normalize = c->add_flag("--normalize", e->normalize, "Scale every row to length 1");
  c->add_flag(
      "--without-projection", e->model.without_projection,
      "For weights of a tower without projection (transformers' CLIPVisionModel, CLIPTextModel): its pooled rows, "
      "as wide as the tower, or its hidden states");
  c->add_option("--batch", e->batch,
                "Images per forward pass (default: 16), fewer if they do not fit in memory; the "
                "features do not depend on it")
      ->check(CLI::Range(1, 4096));
  add_choice(*c, "--names", e->names, {"txt", "jsonl"},
             "Also write the name of each row, beside the output: rows.npy and rows.txt, a file or text per line, or "
             "rows.jsonl");
  c->add_flag("--resume", e->resume,
              "Keep what is done in OUTPUT.resume until the output is complete; the same command goes on from there");
  auto* const states = add_choice(
      *c, "--hidden-states", e->hidden_states, {"last", "penultimate"},
      "Instead of features, every row after the last block of a text tower or the one before, which diffusion "
      "models read: float32 (chunks, context, width). A text longer than the context has several chunks, an empty one "
      "has one");
  states->needs(texts)->excludes(truncate)->excludes(normalize);
  c->add_flag("--ln-final", e->ln_final, "Apply ln_final to the hidden states, as for Stable Diffusion 1 and 2, not XL")
      ->needs(states);
  add_choice(*c, "--padding", e->padding, {"end", "zero"},
             "What follows the end of a chunk of hidden states: its id again (default; Stable Diffusion 1, the first "
             "tower of XL) or id 0 (2, the second tower of XL)")
      ->needs(states);
  c->add_flag(
       "--weighted", e->weighted,
       "Read \"(words:1.3)\" in texts as words whose hidden states are multiplied by 1.3, after which the mean of the "
       "chunk is restored; \\( and \\) are brackets")
      ->needs(states);

  const auto l = add_command(app, job, classify, "classify",
                             "Rank labels for each image (zero-shot): path, probability, label, most probable first",
                             "Print one JSON object per image", c);
  add_budget(*c);
  add_loading(*c, l->model);
  c->add_option("--vocabulary", l->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, l->cleaning);
  c->add_option("--labels", l->labels, labels_help)->required();
  auto* const column_of_labels = c->add_option("--column", l->column, std::string(column_help) + " of --labels");
  c->add_flag("--lines", l->lines, lines_help)->excludes(column_of_labels);
  c->add_option("--templates", l->templates, prompts_help);
  c->add_flag("--truncate", l->truncate, truncate_help);
  c->add_option("--top", l->top, "Labels per image (default: 5)")->check(CLI::Range(1, 1 << 20));
  add_images(*c, l->images);
  c->add_option("IMAGE", l->images.paths, images_help)->required();

  const auto r =
      add_command(app, job, retrieve, "retrieve", "Compute recall at 1, 5 and 10 of image-text retrieval from features",
                  "Print a JSON object", c);
  c->add_option("--images", r->images, "A .npy file with the features of n images")->required();
  c->add_option("--texts", r->texts, "A .npy file with the features of their captions, in the same order")->required();
  c->add_option("--captions-per-image", r->captions, "Captions per image (default: 5)")->check(CLI::Range(1, 1 << 20));

  const auto m = add_command(app, job, compare, "compare",
                             "Compare reduced-precision weights with f32: cosines of features, top-1 labels, speed",
                             "Print a JSON object", c);
  add_budget(*c);
  add_loading(*c, m->model);
  require_choice(c->get_option("--dtype"));
  c->add_option("--images", m->images.paths, images_help)->required();
  add_images(*c, m->images);
  c->add_option("--vocabulary", m->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, m->cleaning);
  auto* const labels = c->add_option(
      "--labels", m->labels,
      std::string(labels_help) + "; compares the best label for its prompts, or \"a photo of a {label}.\"");
  c->add_flag("--truncate", m->truncate, truncate_help);
  auto* const of_labels =
      c->add_option("--column", m->column, std::string(column_help) + " of --labels")->needs(labels);
  c->add_flag("--lines", m->lines, lines_help)->needs(labels)->excludes(of_labels);

  add_attention(app, job);
  add_similarity(app, job);
  add_probe(app, job);
  add_train(app, job);
  add_fewshot(app, job);
  add_prompt(app, job);
  add_evaluate(app, job);
  add_bench(app, job);

  const auto v = add_command(app, job, convert, "convert",
                             "Convert weights of any format to safetensors or .npz, with a library's names",
                             "Print a JSON object", c);
  add_budget(*c);
  c->add_option("IN", v->in, "Weights in any format")->required();
  c->add_option("OUT", v->out,
                "A .safetensors file; with the dialects openclip, huggingface and apple also a folder, which holds the "
                "configuration, too; with big_vision an .npz file")
      ->required();
  add_model(*c, v->config);
  c->add_option("--state-dict", v->state_dict, state_dict_help);
  require_choice(add_choice(*c, "--dialect", v->dialect, dialect_names(), "Library whose tensor names to write"));
  add_choice(*c, "--dtype", v->dtype, {"f32", "f16", "bf16"},
             "Type of all weights (default: unchanged; with --fuse f32)");
  auto* const fuse = c->add_flag("--fuse", v->fuse,
                                 "Make one convolution of the branches that MobileCLIP is trained with, for inference");
  auto* const patch_size =
      c->add_option("--patch-size", v->patch_size,
                    "Side of a patch in pixels, for a vision transformer of square patches (default: as it is). Its "
                    "kernel and its positions are resized; the image size stays, a multiple of it")
          ->check(CLI::Range(1, 32768))
          ->excludes(fuse);
  add_choice(*c, "--patches", v->patches, {"pseudo_inverse", "bilinear", "bicubic"},
             "How the kernel is resized: so that resized patches keep their products (FlexiViT, the default), or as an "
             "image")
      ->needs(patch_size);
  add_choice(*c, "--positions", v->positions, {"openclip", "huggingface", "tinyclip"},
             "Library whose interpolation of positions is used (default: openclip)")
      ->needs(patch_size);
  auto* const captions =
      c->add_option("--vocabulary-of", v->captions,
                    "File of texts, or - for standard input, in a form that `clip embed --texts` reads: keeps the "
                    "token embeddings of the ids that they use and no others, and writes the reduced vocabulary to "
                    "OUT. The features of these texts stay the same bits; a text that needs another id is an error")
          ->excludes(fuse);
  c->add_option("--vocabulary", v->vocabulary,
                "With --vocabulary-of: bpe_simple_vocab_16e6.txt.gz, vocab.json, tokenizer.json, spiece.model, or a "
                "folder that contains one (default: IN, if it is a folder)")
      ->needs(captions);
  add_cleaning(*c, v->cleaning)->needs(captions);
  auto* const of_captions =
      c->add_option("--column", v->column, std::string(column_help) + " of --vocabulary-of")->needs(captions);
  c->add_flag("--lines", v->lines, lines_help)->needs(captions)->excludes(of_captions);
}

/// Help goes to standard output; a wrong command line becomes a UsageError.
Job handle_parse_error(const CLI::App& app, const CLI::ParseError& e) {
  if (dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr) {  // its own sentence has them in reverse
    const auto commands = app.get_subcommands();
    const std::string name = commands.empty() ? "clip" : "clip " + commands.front()->get_name();
    std::string words;
    for (const std::string& word : app.remaining(true)) words += (words.empty() ? "" : " ") + word;
    throw UsageError{"not expected: " + words + "; `" + name + " --help` lists what is"};
  }
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
  CLI::App app{"CLIP: classify, embed and compare images and texts from the shell.", "clip"};
  Job job;
  app.require_subcommand(1);
  app.set_version_flag("--version", "clip " CLIP_STRING(CLIP_VERSION_MAJOR) "." CLIP_STRING(
                                        CLIP_VERSION_MINOR) "." CLIP_STRING(CLIP_VERSION_PATCH));
  app.footer(
      "`clip COMMAND --help` describes a command.\nExit status: 0 success; 1 bad input, one line on standard error "
      "names the file and the reason; 2 wrong command line.");
  add_all(app, job);
  const auto named = [&](const CLI::App* command) { return command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty())
    throw UsageError{std::string(argv[1]) + ": no such command; `clip --help` lists them"};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) { return handle_parse_error(app, e); }
  return job;
}

}  // namespace tool
