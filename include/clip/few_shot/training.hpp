// clip/few_shot/training.hpp: what few-shot methods that train share: options, checkpoint, log.
#pragma once

#include <clip/few_shot/task.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Options of training that a configuration may state; the recipe of the method's paper is the default of each.
struct FewShotTraining {
  Index epochs = 0, batch = 0;  // 0: the recipe's
  double learning_rate = 0;

  void read(JsonReader& options) {
    if (options.may_have("epochs")) epochs = options.integer("epochs", 1);
    if (options.may_have("batch")) batch = options.integer("batch", 1);
    if (!options.may_have("learning_rate")) return;
    learning_rate = options.number("learning_rate");
    if (!(learning_rate > 0)) options.problem("learning_rate", "expected a number above 0");
  }
  /// 0 where the recipe says.
  void put(JsonTree& options) const { options.put("epochs", epochs, "batch", batch, "learning_rate", learning_rate); }

  /// The recipe with these options; trains with a checkpoint in the folder of the run. Writes all of it to training.json
  /// there. SystemError: disk.
  template <class M, class O>
  TrainOptionsOf<O> resolved(const FewShotTask<M>& task, TrainOptionsOf<O> recipe, bool checkpoint = true) const {
    if (epochs > 0) recipe.epochs = epochs;
    if (batch > 0) recipe.batch = batch;
    if (learning_rate > 0) recipe.optimizer.learning_rate = static_cast<float>(learning_rate);
    recipe.batch = std::min(recipe.batch, static_cast<Index>(task.train.labels.size()));
    recipe.seed = task.seed_for("order");
    if (checkpoint) recipe.checkpoint = task.folder + "/checkpoint.safetensors";

    JsonTree optimizer{Json::object()}, schedule{Json::object()};
    for (const auto& [name, value] : recipe.optimizer.facts())
      optimizer[std::string(name)] = as_written(static_cast<float>(value));
    schedule["name"] = std::string(recipe.schedule.name());
    for (const auto& [name, value] : recipe.schedule.facts()) schedule[std::string(name)] = value;
    const JsonTree all = json_object("epochs", recipe.epochs, "batch", recipe.batch, "seed", recipe.seed, "optimizer",
                                     std::move(optimizer), "schedule", std::move(schedule));
    write_file(task.folder + "/training.json", as_byte_span(json_text(all, 1) + '\n'));
    return recipe;
  }
};

/// A callback of Trainer that writes the mean loss and the learning rate of each epoch to a run's log, and drops what
/// the log holds behind the checkpoint that the run resumed from.
class EpochLog {
 public:
  explicit EpochLog(RunLog& log) : log_{&log} {}

  bool operator()(const TrainProgress& p) {
    if (!std::exchange(begun_, true)) log_->keep(p.step - 1);
    sum_ += p.loss;
    ++steps_;
    if (!p.epoch_done) return true;
    log_->add(p.step, {{"epoch", static_cast<double>(p.epoch)},
                       {"loss", std::exchange(sum_, 0) / static_cast<double>(std::exchange(steps_, 0))},
                       {"learning_rate", p.learning_rate}});
    return true;
  }

 private:
  RunLog* log_;
  bool begun_ = false;
  double sum_ = 0;
  Index steps_ = 0;
};

}  // namespace clip::inline CLIP_ABI
