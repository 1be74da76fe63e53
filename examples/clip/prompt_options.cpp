// The command line of `clip prompt`.
#include "command_options.hpp"

namespace tool {

void add_prompt(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto p = add_command(app, job, prompt, "prompt",
                             "Learn the words before class names from a few images of each class (CoOp)",
                             "Print a JSON object", c);
  add_budget(*c);
  add_weights(*c, p->model);
  c->add_option("--vocabulary", p->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, p->cleaning);
  auto* const images =
      c->add_option("--images", p->images,
                    "A folder with a folder of images for each class, whose name is the folder's (_ is a space)");
  c->add_option("--test-images", p->test_images, "Such a folder of images to classify, for the accuracy")
      ->needs(images);
  auto* const features =
      c->add_option("--features", p->features, "Instead of images: a .npy file with features, as of embed")
          ->excludes(images);
  auto* const labels =
      c->add_option("--labels", p->labels, "A .npy file with the class of each, from 0")->needs(features);
  auto* const classes = c->add_option("--classes", p->classes,
                                      "Names of the classes, in order: with commas, or a file of "
                                      "them, or - for standard input")
                            ->needs(features);
  features->needs(labels)->needs(classes);
  auto* const test =
      c->add_option("--test-features", p->test_features, "Features of images to classify")->needs(features);
  auto* const answers = c->add_option("--test-labels", p->test_labels, "Their classes, for the accuracy")->needs(test);
  test->needs(answers);
  auto* const column = c->add_option("--column", p->column, std::string(column_help) + " of --classes")->needs(classes);
  c->add_flag("--lines", p->lines, lines_help)->needs(classes)->excludes(column);
  add_images(*c, p->reading);
  c->add_option("--shots", p->shots, "Images of each class to learn from, drawn by --seed (default: all)")
      ->check(CLI::Range(1, 1 << 30));
  auto* const context = c->add_option("--context", p->context, "Learned vectors in a prompt (default: 16)")
                            ->check(CLI::Range(1, 1 << 20));
  add_named<clip::Place, clip::Place>(
      *c, "--place", p->place,
      {{"end", clip::Place::end}, {"middle", clip::Place::middle}, {"front", clip::Place::front}},
      "Where the name stands in the vectors (default: end, behind them)");
  c->add_flag("--per-class", p->per_class, "Vectors of its own for every class");
  c->add_option("--init", p->words,
                "Words that the vectors begin as, one per token: \"a photo of a\" (default: random)")
      ->excludes(context);
  c->add_option("--epochs", p->epochs, "Epochs (default: CoOp's: 50 for 1 shot, 100 for 2 to 4, 200 for more)")
      ->check(CLI::Range(1, 1 << 30));
  c->add_option("--seed", p->seed, "Of the shots, the vectors and the batches (default: 1)");
  c->add_option("--output", p->output, "The .safetensors file to write: the vectors, and the text features");
  c->footer(
      "Trains as Zhou et al. 2022: SGD with rate 0.002, batches of 32. Prints classes, images, context, epochs, the "
      "loss "
      "of the last batch, seconds, train_accuracy and, with test images, accuracy; --json also failures.");
}

}  // namespace tool
