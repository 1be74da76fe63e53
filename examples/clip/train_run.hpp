// A training run with its model, evaluations and files. Its templates are compiled once, in train_run.cpp.
#pragma once

#include "text.hpp"
#include "train_config.hpp"

namespace tool {

/// Trains as the configuration says and evaluates after every epoch. In the output folder: checkpoint.safetensors,
/// scores.json, best.safetensors, the log, and in the end model.safetensors (and ema.safetensors).
/// `captions`: the tokens of all captions of the data; `queries`: those of the evaluation's. `lines`: JSON lines instead
/// of sentences. SystemError clip.system.stopped: a signal; what was done is saved.
void train_and_evaluate(const TrainConfig& config, clip::Texts captions, clip::Texts queries,
                        const Tokenizer& tokenizer, bool lines);

}  // namespace tool
