// The configuration of `clip train`: a JSON file, read and checked as a whole before anything else happens.
#pragma once

#include "commands.hpp"

#include <clip/data/captioned_images.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/io/json.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/depth.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/train/any_objective.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tool {

/// Classes whose prompts are compared with labelled images.
struct ZeroShotSet {
  clip::LabelledImages images;
  std::vector<std::string> templates;
};

struct TrainConfig {
  clip::Json given;  // the file
  std::optional<clip::AnyConfig> model;
  std::string weights, image_weights, text_weights;  // to begin from; empty: random weights
  std::string vocabulary, output;
  std::optional<clip::Cleaning> cleaning;  // none: as the vocabulary's models expect
  bool truncate = false;

  clip::CaptionedImages data;
  std::optional<clip::CaptionedImages> retrieval;  // evaluation sets
  std::optional<ZeroShotSet> zero_shot;
  std::optional<clip::Augmentation> augmentation;  // of training images

  clip::AnyObjective objective;
  std::variant<clip::AdamwOptions, clip::SgdOptions> optimizer = clip::AdamwOptions::for_training();
  clip::Schedule schedule = clip::Schedule::warmup_cosine();
  clip::FirstBlocks first_blocks;            // to freeze
  std::vector<std::string> frozen_patterns;  // of parameters' names, to freeze as well
  clip::Index epochs = 1, batch = 64, checkpoint_every = 0;
  std::uint64_t seed = 1;
  double clip_norm = 0, layer_decay = 1, ema = 0, patch_dropout = 0;
  bool recompute = false;
  int threads = 0;
};

/// LoadError: all problems of the file in one message, each with its key; a list of images that cannot be used.
/// UsageError: an unknown model.
TrainConfig read_train_config(const std::string& path);

}  // namespace tool
