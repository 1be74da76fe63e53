// The command lines of `clip attention`, `clip similarity`, `clip probe` and `clip fewshot`.
#include "command_options.hpp"

namespace tool {

void add_attention(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto a =
      add_command(app, job, attention, "attention",
                  "Draw attention maps: where in an image its feature, or its similarity to a text, comes from",
                  "Also print a JSON object: the values of every map, on the grid of patches", c);
  add_budget(*c);
  add_weights(*c, a->model);
  add_images(*c, a->images);
  c->add_option("--image", a->images.paths, images_help)->required();
  require_choice(add_named<AttentionKind, AttentionKind>(*c, "--kind", a->kind,
                                                         {{"last", AttentionKind::last},
                                                          {"heads", AttentionKind::heads},
                                                          {"rollout", AttentionKind::rollout},
                                                          {"relevance", AttentionKind::relevance}},
                                                         "last: attention of the last layer, mean of its heads; heads: "
                                                         "each head of it; rollout: through all layers (Abnar "
                                                         "& Zuidema 2020); relevance: to each --text, weighted by the "
                                                         "gradient of the similarity (Chefer, Gur & Wolf 2021)"));
  c->add_option("--text", a->texts, "For relevance: texts; @FILE: one per line of a file");
  c->add_option("--vocabulary", a->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, a->cleaning);
  c->add_flag("--truncate", a->truncate, truncate_help);
  c->add_option(
       "--layer", a->layer,
       "Layer of attention, counted from 0: the one to show (last, heads; default: the last), or the first that "
       "counts (rollout, relevance; default: 0)")
      ->check(CLI::Range(0, 1 << 20));
  c->add_option("--opacity", a->opacity, "Of the colours over the image (default: 0.6)")->check(CLI::Range(0.0, 1.0));
  c->add_option("--output", a->output, "The .png file to write")->required();
  c->footer(
      "The PNG has a row for each image: what the model sees of it, then one map, or one per head, or one per text. "
      "The "
      "darkest colour is the smallest value of a map, the lightest one its largest. Fields of --json: kind, output, "
      "images (path, maps), texts, failures.");
}

void add_similarity(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto s = add_command(app, job, similarity, "similarity",
                             "Compare all images with all texts: nearest neighbours, cosines, modality gap",
                             "Print a JSON object, which also has every cosine and logit", c);
  add_budget(*c);
  add_loading(*c, s->model);
  add_images(*c, s->images);
  c->add_option("--images", s->images.paths, images_help)->required();
  c->add_option("--texts", s->texts,
                "File of texts, or - for standard input: one per line, a CSV or TSV table (with --column, or "
                "FILE:COLUMN), a JSON array, or a JSON object of lists of prompts")
      ->required();
  auto* const column = c->add_option("--column", s->column, column_help);
  c->add_flag("--lines", s->lines, lines_help)->excludes(column);
  c->add_option("--vocabulary", s->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, s->cleaning);
  c->add_flag("--truncate", s->truncate, truncate_help);
  c->add_flag(
      "--paired", s->paired,
      "Text i describes image i: also the mean cosine of the pairs, and their alignment. An image that cannot be "
      "read is then an error");
  c->add_option("--top", s->top, "Neighbours per image and text (default: 5)")->check(CLI::Range(1, 1 << 20));
  c->add_option("--output", s->output, "Also write all cosines: a .csv file, a row per image, a column per text");
  c->add_option("--chart", s->chart, "Also draw them: an .svg file, of at most 100 images and texts");
  c->footer(
      "Prints image, cosine, text of the nearest texts of each image; text, cosine, image of the nearest images of "
      "each "
      "text; then a name and a number per line. The modality gap is the distance between the mean image and the mean "
      "text, of features of length 1 (Liang et al. 2022); alignment and uniformity are those of Wang & Isola 2020.");
}

void add_probe(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto p = add_command(app, job, probe, "probe",
                             "Train a linear classifier of features: logistic regression, as scikit-learn's",
                             "Print a JSON object", c);
  c->add_option("--features", p->features, "A .npy file with the features of n images, as of embed")->required();
  c->add_option("--labels", p->labels, "A .npy file with n integers")->required();
  auto* const test = c->add_option("--test-features", p->test_features, "Features of images to classify");
  auto* const answers = c->add_option("--test-labels", p->test_labels, "Their labels, for the accuracy");
  test->needs(answers);
  answers->needs(test);
  auto* const weight =
      c->add_option("--C", p->C, "Weight of the losses beside the penalty (default: 1)")->check(CLI::PositiveNumber);
  auto* const sweep =
      add_named<Sweep, Sweep>(
          *c, "--sweep", p->sweep, {{"clip", Sweep::clip}, {"coop", Sweep::coop}, {"benchmark", Sweep::benchmark}},
          "Choose C by the accuracy on validation images. clip: 97 values, searched from coarse to "
          "fine; then trains on both (Radford et al. 2021); coop: eight halvings around the best of "
          "seven (Zhou et al. 2022); benchmark: AdamW, and a weight decay instead of C, on "
          "features of length 1 (CLIP_benchmark)")
          ->excludes(weight);
  auto* const validation =
      c->add_option("--validation-features", p->validation_features, "Features of validation images");
  auto* const validated = c->add_option("--validation-labels", p->validation_labels, "Their labels");
  sweep->needs(validation)->needs(validated);
  validation->needs(sweep)->needs(validated);
  validated->needs(validation);
  c->add_flag("--normalize", p->normalize, "Scale every row of features to length 1 first");
  c->add_option("--max-iter", p->max_iterations, "Iterations of a fit (default: 100; of a sweep: 1000)")
      ->check(CLI::Range(1, 1 << 30));
  c->add_option("--tolerance", p->tolerance, "Largest entry of the gradient of the mean loss (default: 0.0001)")
      ->check(CLI::NonNegativeNumber);
  c->add_flag("--no-intercept", p->no_intercept, "No constant per class")->excludes(sweep);
  c->add_flag("--balanced", p->balanced, "Weigh each class by the inverse of its number of images");
  c->add_option("--threads", p->threads, threads_help)->check(CLI::Range(1, 4096));
  c->add_option("--output", p->output,
                "The classifier: a .safetensors file, or an .npz file for numpy: coef_, intercept_, classes_");
  c->footer(
      "Prints objective, iterations, seconds, train_accuracy and, with test images, accuracy. The protocol of Radford "
      "et "
      "al. 2021: features of embed without --normalize, --C 0.316, --max-iter 1000. Fields of --json: classes, "
      "objective, "
      "iterations, evaluations, converged, seconds, train_accuracy, accuracy; with --sweep also C or weight_decay, "
      "validation_accuracy, trials.");
}

void add_train(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto t = add_command(app, job, train, "train",
                             "Train or fine-tune a model on captioned images, as a configuration file says",
                             "Print a JSON object per report", c);
  add_budget(*c);
  c->add_option("CONFIG", t->config, "JSON file; docs/learning.md describes its keys")->required();
  c->add_flag("--resume", t->resume, "Go on with the run in the output folder, or begin it");
  c->footer(
      "Writes to the output folder: checkpoint.safetensors after every epoch, scores.json and best.safetensors after "
      "every evaluation, log.jsonl, log.csv, TensorBoard events, and in the end model.safetensors (with ema also "
      "ema.safetensors). Ctrl-C saves the steps that are done. A run that was ended in any way and resumed gives the "
      "bits of one that was not.");
}

void add_fewshot(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto f = add_command(app, job, fewshot, "fewshot",
                             "Compare methods that learn from a few labelled images per class: a table and a chart",
                             "Print a JSON object: the means, and the result of every run", c);
  add_budget(*c);
  c->add_option("CONFIG", f->config, "A JSON file that describes the experiment; see docs/learning.md")->required();
  c->add_option("--output", f->output, "The folder of all files (default: CONFIG without .json)");
  c->add_option("--threads", f->threads, threads_help)->check(CLI::Range(1, 4096));
  c->footer(
      "Prints the table. Writes splits/, features/, runs/METHOD/K-shots/seed-S/ (configuration, log as JSON lines, CSV "
      "and TensorBoard events, result), table.md, table.csv, table.json, chart.svg and chart.png. The same command "
      "goes "
      "on with an experiment that was interrupted.");
}

}  // namespace tool
