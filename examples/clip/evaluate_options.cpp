// The command line of `clip evaluate`.
#include "command_options.hpp"

namespace tool {

void add_evaluate(CLI::App& app, Job& job) {
  CLI::App* c = nullptr;
  const auto e =
      add_command(app, job, evaluate, "evaluate",
                  "Measure zero-shot classification or retrieval, as CLIP_benchmark does", "Print a JSON object", c);
  add_budget(*c);
  add_model(*c, e->model.config);
  auto* const weights = c->add_option("--weights", e->model.weights, weights_help);
  c->add_option("--state-dict", e->model.state_dict, state_dict_help)->needs(weights);
  c->add_option("--threads", e->model.threads, threads_help)->check(CLI::Range(1, 4096));
  add_dtype(*c, e->model.dtype, "Type of the weights in memory (default: f32)");

  auto* const what = c->add_option_group("Images, exactly one of")->require_option(1);
  auto* const dataset =
      what->add_option("--dataset", e->dataset,
                       "A folder with a folder of images for each class, or a JSON description of another dataset, "
                       "as of fewshot")
          ->needs(weights);
  auto* const captions = what->add_option("--captions", e->captions,
                                          "A CSV or TSV table with an image and one of its captions in each record; "
                                          "paths are relative to its folder")
                             ->needs(weights);
  auto* const images =
      what->add_option("--image-features", e->image_features, "A .npy file with the features of n images, as of embed");

  c->add_option("--path-column", e->path_column, "Column of the images of --captions")->needs(captions);
  c->add_option("--caption-column", e->caption_column, "Column of the captions")->needs(captions);
  auto* const texts =
      c->add_option("--text-features", e->text_features, "A .npy file with the features of each class, or of captions")
          ->needs(images);
  auto* const truth = c->add_option_group("With --image-features, one of")->require_option(0, 1);
  auto* const labels = truth->add_option("--labels", e->labels,
                                         "A .npy file with the class of each image, from 0; or an array (images, "
                                         "classes), not 0 where an image is of a class");
  auto* const image_of = truth->add_option("--image-of-text", e->image_of_text,
                                           "For retrieval: a .npy file with the row of the image of each caption");
  labels->needs(images)->needs(texts);
  image_of->needs(images)->needs(texts);
  images->needs(texts);

  auto* const classes = c->add_option("--classes", e->classes,
                                      std::string(labels_help) +
                                          "; in the order of the dataset's classes (default: their names, with "
                                          "spaces for underscores)")
                            ->needs(dataset);
  auto* const column = c->add_option("--column", e->column, std::string(column_help) + " of --classes")->needs(classes);
  c->add_flag("--lines", e->lines, lines_help)->needs(classes)->excludes(column);
  c->add_option("--templates", e->templates, prompts_help)->needs(dataset);
  c->add_option("--vocabulary", e->vocabulary, vocabulary_or_folder_help);
  add_cleaning(*c, e->cleaning);
  c->add_flag("--truncate", e->truncate, truncate_help);
  c->add_option("--recall-k", e->recall_k, "For retrieval: numbers of results, comma-separated (default: 1,5,10)")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 30));
  auto* const pseudo =
      c->add_option("--pseudo-labels", e->pseudo_labels,
                    "For classification: also take that many images of each class, the most confident ones, and "
                    "print the accuracy of the predictions by threshold of the confidence")
          ->check(CLI::Range(1, 1 << 30))
          ->excludes(captions);
  c->add_option("--output", e->output, "Write the pseudo-labels: a .csv file (image, label, class, confidence)")
      ->needs(pseudo);
  c->footer(
      "Classification: acc1, acc5 (none for fewer than five classes), mean_per_class_recall, or for several labels of "
      "an image mean_average_precision. Retrieval, with any number of captions of an image: "
      "image_retrieval_recall@K, text_retrieval_recall@K. All are fractions. Fields of --json: dataset, model, task, "
      "images, classes or texts, metrics, pseudo_labels (count, accuracy, thresholds).");
}

}  // namespace tool
