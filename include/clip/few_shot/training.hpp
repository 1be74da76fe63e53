// clip/few_shot/training.hpp: what few-shot methods that train share: options, batches, checkpoint, log.
#pragma once

#include <clip/few_shot/sources.hpp>
#include <clip/few_shot/task.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/learn/train_on_features.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

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

/// Options of training that a configuration may state; the recipe of the method's paper is the default of each.
struct FewShotTraining {
  Index epochs = 0, batch = 0;  // 0: the recipe's
  double learning_rate = 0;
  std::vector<double> rates{};  // of which the validation images choose one (rate_choice.hpp); empty: learning_rate

  void read(JsonReader& options) {
    if (options.may_have("epochs")) epochs = options.integer("epochs", 1);
    if (options.may_have("batch")) batch = options.integer("batch", 1);
    if (!options.may_have("learning_rate")) return;
    if (options.holds_array("learning_rate")) rates = options.numbers("learning_rate");
    else learning_rate = options.number("learning_rate");
    const bool positive = std::ranges::all_of(rates, [](double rate) { return rate > 0; });
    if (rates.empty() ? !(learning_rate > 0) : !positive)
      options.problem("learning_rate", "expected a number above 0, or an array of such numbers");
  }
  /// 0 where the recipe says.
  void put(JsonTree& options) const {
    options.put("epochs", epochs, "batch", batch, "learning_rate", rates.empty() ? Json(learning_rate) : Json(rates));
  }

  /// The recipe with these options; trains with a checkpoint in the folder of the run. Writes all of it to training.json
  /// there. SystemError: disk.
  template <class M, class O>
  TrainOptionsOf<O> resolved(const FewShotTask<M>& task, TrainOptionsOf<O> recipe) const {
    if (epochs > 0) recipe.epochs = epochs;
    if (batch > 0) recipe.batch = batch;
    if (learning_rate > 0) recipe.optimizer.learning_rate = static_cast<float>(learning_rate);
    recipe.batch = std::min(recipe.batch, static_cast<Index>(task.train.labels.size()));
    recipe.seed = task.seed_for("order");
    recipe.checkpoint = task.folder + "/checkpoint.safetensors";

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

  /// Trains a learner of features by the recipe with these options, and writes the log of the run.
  template <class Learner, class M, class O>
  void train(Learner& learner, const FewShotTask<M>& task, TrainOptionsOf<O> recipe) const {
    FewShotFeatures<M> source{task};
    train_on_features(learner, source, resolved(task, std::move(recipe)), EpochLog{*task.log});
  }
};

}  // namespace clip::inline CLIP_ABI
