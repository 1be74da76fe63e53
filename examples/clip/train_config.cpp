#include "train_config.hpp"

#include "terminal.hpp"
#include "weights.hpp"

#include <clip/core/choice.hpp>
#include <clip/data/open_labelled_images.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/task/prompts.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tool {
namespace {

using clip::Index;
using clip::JsonReader;

/// The text of a key that may be absent.
std::string text_of(JsonReader& file, const char* key, std::string otherwise = {}) {
  return file.may_have(key) ? file.text(key) : otherwise;
}
double number_of(JsonReader& file, const char* key, double otherwise) {
  return file.may_have(key) ? file.number(key) : otherwise;
}
float float_of(JsonReader& file, const char* key, float otherwise) {
  return file.may_have(key) ? static_cast<float>(file.number(key)) : otherwise;
}
Index integer_of(JsonReader& file, const char* key, Index otherwise, Index least) {
  return file.may_have(key) ? file.integer(key, least) : otherwise;
}

/// The value under "name" of an object, one of the words; otherwise the problem is noted.
std::string name_of_choice(JsonReader& object, const std::vector<std::string>& words) {
  const std::string name = object.text("name");
  if (name.empty() || std::ranges::find(words, name) != words.end()) return name;
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
  object.problem("name", "expected one of " + list + ", found \"" + name + "\"");
  return {};
}

clip::AnyObjective::Choice read_objective(JsonReader object) {
  const std::string name =
      name_of_choice(object, {"contrastive", "sigmoid", "hinge", "siamese", "triplet", "supervised_contrastive"});
  const auto positive = [&](const char* key, double otherwise) {
    const double value = number_of(object, key, otherwise);
    if (!(value > 0)) object.problem(key, "expected a number above 0");
    return value;
  };
  if (name == "sigmoid") return clip::Sigmoid{};
  if (name == "hinge") {
    const double margin = positive("margin", 0.2);
    const bool hardest = object.may_have("hardest") && object.flag("hardest");
    return clip::HingeLoss{margin, hardest ? clip::Negatives::hardest : clip::Negatives::all};
  }
  if (name == "siamese") return clip::SiameseLoss{positive("margin", 1)};
  if (name == "triplet") return clip::TripletLoss{positive("margin", 0.2)};
  if (name == "supervised_contrastive") return clip::SupervisedContrastive{positive("temperature", 0.07)};
  const double smoothing = number_of(object, "smoothing", 0);
  if (!(smoothing >= 0 && smoothing < 1)) object.problem("smoothing", "expected a share from 0 to below 1");
  return clip::Contrastive{smoothing};
}

void read_optimizer(JsonReader object, TrainConfig& c) {
  const std::string name = name_of_choice(object, {"adamw", "sgd"});
  if (name == "sgd") {
    clip::SgdOptions o = clip::SgdOptions::for_training();
    o.learning_rate = float_of(object, "learning_rate", o.learning_rate);
    o.momentum = float_of(object, "momentum", o.momentum);
    o.weight_decay = float_of(object, "weight_decay", o.weight_decay);
    c.optimizer = o;
  } else {
    clip::AdamwOptions o = clip::AdamwOptions::for_training();
    o.learning_rate = float_of(object, "learning_rate", o.learning_rate);
    o.beta1 = float_of(object, "beta1", o.beta1);
    o.beta2 = float_of(object, "beta2", o.beta2);
    o.epsilon = float_of(object, "epsilon", o.epsilon);
    o.weight_decay = float_of(object, "weight_decay", o.weight_decay);
    if (object.may_have("decay_all") && object.flag("decay_all")) o.decays = clip::decay_all;
    c.optimizer = o;
  }
}

clip::Schedule read_schedule(JsonReader object) {
  using clip::Schedule;
  const std::string name =
      name_of_choice(object, {"warmup_cosine", "cosine", "constant", "constant_cooldown", "epoch_cosine"});
  if (name == "cosine") return Schedule::cosine();
  if (name == "epoch_cosine") {
    const Index epochs = integer_of(object, "warmup_epochs", 0, 0);
    return Schedule::epoch_cosine(epochs, number_of(object, "factor", 1e-5 / 2e-3));
  }
  const double warmup = number_of(object, "warmup", name == "warmup_cosine" ? 0.05 : 0);
  if (name == "constant") return Schedule::constant(warmup);
  if (name != "constant_cooldown") return Schedule::warmup_cosine(warmup);
  const double cooldown = object.number("cooldown"), power = number_of(object, "power", 1);
  return Schedule::constant_cooldown(warmup, cooldown, power, number_of(object, "last", 0));
}

/// What describes captioned images: a table, or a folder.
struct CaptionsAsked {
  std::string folder, table;
  clip::CaptionTableOptions options;
};
CaptionsAsked read_captions(JsonReader object) {
  CaptionsAsked asked;
  if (object.has("folder")) {
    asked.folder = object.text("folder");
    return asked;
  }
  asked.table = object.text("table");
  asked.options.image_column = text_of(object, "image_column", "image");
  asked.options.caption_column = text_of(object, "caption_column", "caption");
  asked.options.images = text_of(object, "images");
  return asked;
}
clip::CaptionedImages open_captions(const CaptionsAsked& asked) {
  return asked.folder.empty() ? clip::try_caption_table(asked.table, asked.options).value()
                              : clip::try_caption_folder(asked.folder).value();
}

void read_freezing(JsonReader object, TrainConfig& c) {
  c.first_blocks.image = integer_of(object, "image_blocks", 0, 0);
  c.first_blocks.text = integer_of(object, "text_blocks", 0, 0);
  if (object.may_have("stem")) c.first_blocks.stem = object.flag("stem");
  if (object.may_have("parameters")) c.frozen_patterns = object.texts("parameters");
}

/// The least and the most, if they are given.
void read_bounds(JsonReader& object, const char* key, std::array<double, 2>& bounds) {
  if (!object.may_have(key)) return;
  const std::vector<double> two = object.numbers(key, 2);
  if (two.size() == 2) bounds = {two[0], two[1]};
}

/// CoOp's numbers for all that is left out.
clip::Augmentation read_augmentation(JsonReader object) {
  clip::Augmentation how;
  if (object.may_have("crop")) {
    JsonReader crop = object.object("crop");
    read_bounds(crop, "scale", how.crop.scale);
    read_bounds(crop, "ratio", how.crop.ratio);
  }
  how.flip = number_of(object, "flip", how.flip);
  if (object.may_have("jitter")) {
    JsonReader jitter = object.object("jitter");
    how.jitter = {number_of(jitter, "brightness", 0), number_of(jitter, "contrast", 0),
                  number_of(jitter, "saturation", 0), number_of(jitter, "hue", 0)};
  }
  return how;
}

/// Only a vision transformer with a class token can leave patches out.
bool can_drop_patches(const clip::AnyConfig& model) {
  const auto* const vit = std::get_if<clip::VitConfig>(&model.image);
  return vit != nullptr && !vit->mean_pooled && !vit->pos_cnn;
}

}  // namespace

TrainConfig read_train_config(const std::string& path) {
  TrainConfig c;
  const auto bytes = clip::try_read_bytes(path).value();
  c.given = clip::try_parse_json(clip::as_text(bytes), path).value();
  JsonReader file{c.given, path};

  const std::string model = text_of(file, "model");
  c.weights = text_of(file, "weights");
  c.image_weights = text_of(file, "image_weights");
  c.text_weights = text_of(file, "text_weights");
  c.vocabulary = file.text("vocabulary");
  c.output = file.text("output");
  if (model.empty() && c.weights.empty()) file.problem("model", "expected a model, or weights that state one");
  if (file.may_have("cleaning")) {
    const std::string name = file.text("cleaning");
    for (int i = 0; i <= static_cast<int>(clip::Cleaning::none); ++i)
      if (clip::name_of(static_cast<clip::Cleaning>(i)) == name) c.cleaning = static_cast<clip::Cleaning>(i);
    if (!c.cleaning && !name.empty()) file.problem("cleaning", "unknown: \"" + name + "\"");
  }
  if (file.may_have("truncate")) c.truncate = file.flag("truncate");

  const CaptionsAsked data = read_captions(file.object("data"));
  std::optional<CaptionsAsked> retrieval;
  if (file.may_have("augmentation")) c.augmentation = read_augmentation(file.object("augmentation"));
  if (file.may_have("retrieval")) retrieval = read_captions(file.object("retrieval"));
  std::optional<std::vector<std::string>> templates;
  const clip::Json* labelled = nullptr;
  if (file.may_have("zero_shot")) {
    JsonReader object = file.object("zero_shot");
    labelled = object.value("images");
    templates = object.may_have("templates") ? object.texts("templates") : std::vector<std::string>{"a photo of a {}."};
    if (retrieval) file.problem("zero_shot", "expected one evaluation: retrieval or zero_shot, found both");
  }

  if (file.may_have("objective")) c.objective.choice = read_objective(file.object("objective"));
  if (file.may_have("optimizer")) read_optimizer(file.object("optimizer"), c);
  if (file.may_have("schedule")) c.schedule = read_schedule(file.object("schedule"));
  if (file.may_have("freeze")) read_freezing(file.object("freeze"), c);
  c.epochs = integer_of(file, "epochs", 1, 1);
  c.batch = integer_of(file, "batch", 64, 1);
  c.objective.micro = integer_of(file, "micro_batch", 0, 1);
  c.checkpoint_every = integer_of(file, "checkpoint_every", 0, 1);
  c.seed = static_cast<std::uint64_t>(integer_of(file, "seed", 1, 0));
  c.clip_norm = number_of(file, "clip_norm", 0);
  c.layer_decay = number_of(file, "layer_decay", 1);
  c.ema = number_of(file, "ema", 0);
  c.patch_dropout = number_of(file, "patch_dropout", 0);
  if (file.may_have("recompute")) c.recompute = file.flag("recompute");
  c.threads = static_cast<int>(file.may_have("threads") ? file.integer("threads", 1, 4096) : 0);
  file.finish().value();

  c.model = model.empty() ? model_of_weights(c.weights) : find_model(model);
  if (std::holds_alternative<clip::Sigmoid>(c.objective.choice) && !c.model->logit_bias)
    clip::raise(clip::LoadError{path, "objective", "another than sigmoid for a model without logit_bias", "sigmoid"});
  if (c.patch_dropout > 0 && !can_drop_patches(*c.model))
    clip::raise(clip::LoadError{path, "patch_dropout",
                                "0 for an image tower that is no vision transformer with a class token, or has modules "
                                "between its blocks",
                                c.patch_dropout});
  if (c.augmentation) clip::try_check(*c.augmentation).value();
  c.data = open_captions(data);
  if (retrieval) c.retrieval = open_captions(*retrieval);
  if (labelled != nullptr)
    c.zero_shot =
        ZeroShotSet{clip::try_open_labelled_images(*labelled, path + ": zero_shot.images").value(), *templates};
  if (c.zero_shot) static_cast<void>(clip::try_templates(c.zero_shot->templates).value());
  return c;
}

}  // namespace tool
