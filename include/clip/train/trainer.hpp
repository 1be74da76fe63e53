// clip/train/trainer.hpp: contrastive training from a source of pairs to a finished file.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/data/shuffle.hpp>
#include <clip/image/image.hpp>
#include <clip/io/files.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/train/run_state.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <functional>
#include <map>
#include <string>

namespace clip::inline CLIP_ABI {

/// What training reads: `size()` pairs; `batch(items, rng, images, texts)` fills the pairs with these numbers. Whatever is
/// random in a pair (a crop, a choice of captions) is drawn from `rng`, which depends on the seed and the step alone.
template <class S>
concept PairSource = requires(S& source, std::span<const Index> items, Rng rng, Images& images, Texts& texts) {
  { source.size() } -> std::convertible_to<Index>;
  source.batch(items, rng, images, texts);
};

struct TrainOptions {
  Index epochs = 1;
  Index batch = 256;
  AdamwOptions adamw{.learning_rate = 1e-3f};
  double warmup = 0.05;        // share of all steps; then half a cosine to zero
  double clip_norm = 0;        // 0: gradients are not clipped
  std::uint64_t seed = 1;      // of the order of the pairs and of what the source draws
  bool recompute = false;      // less memory, one more forward pass of every block
  std::string checkpoint;      // file to write while running and to go on from; empty: none
  Index checkpoint_every = 0;  // steps; 0: at the end of every epoch
};

/// What a callback is told after every step.
struct TrainProgress {
  Index step, steps;    // steps done, of how many
  Index epoch, epochs;  // epoch of this step, from 1
  bool epoch_done;
  double loss;
  double chance;  // ln(batch): the loss of guessing
  double learning_rate;
  double seconds;  // since run() began
  double images_per_second;
  double seconds_left;
};

/// Trains a model on pairs with the symmetric contrastive loss, AdamW, warm-up and cosine. One seed, one machine: one result,
/// bit for bit, interrupted or not.
template <class M, PairSource Source>
class Trainer {
 public:
  using B = std::remove_cvref_t<decltype(std::declval<M&>().backend())>;

  /// Trains the parameters `selection` chooses (all of them unless told otherwise). Where options.checkpoint exists, the run
  /// goes on from it.
  Trainer(M& model, Source& source, TrainOptions options, const Selection& selection = {})
      : options_{checked(std::move(options))}, model_{&model}, source_{&source}, parameters_{model, selection},
        optimizer_{parameters_, options_.adamw}, tape_{parameters_, {.recompute = options_.recompute}},
        order_{source.size(), options_.batch, Rng{options_.seed}.fork("order")} {
    const Index total = order_.per_epoch() * options_.epochs;
    schedule_ = {std::max(Index{1}, static_cast<Index>(options_.warmup * static_cast<double>(total))), total};
    if (options_.warmup == 0) schedule_.warmup = 0;
    // A checkpoint that cannot be read is an error, never a run begun anew.
    if (!options_.checkpoint.empty() && detail::may_be_there(options_.checkpoint))
      step_ = try_load_checkpoint(model, parameters_, optimizer_, options_.checkpoint, resolved()).value();
  }

  Parameters<B>& parameters() { return parameters_; }
  /// Steps done so far, also those of an interrupted run.
  Index step() const { return step_; }
  Index steps() const { return schedule_.total; }

  /// Trains to the end, or until `progress(TrainProgress)` returns false; a later call goes on. True at the end.
  /// A loss that is not finite is a NumericError that names the first layer where it went wrong; the weights are then as they
  /// were before that step.
  template <std::predicate<const TrainProgress&> F>
  bool run(F&& progress) {
    const auto began = std::chrono::steady_clock::now();
    const Index first = step_;
    while (step_ < steps()) {
      const double loss = one_step();
      const bool epoch_done = step_ % order_.per_epoch() == 0;
      if (!options_.checkpoint.empty() &&
          (options_.checkpoint_every > 0 ? step_ % options_.checkpoint_every == 0 : epoch_done))
        save_checkpoint().value();
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      const double done = static_cast<double>(step_ - first);
      if (!progress(TrainProgress{step_, steps(), (step_ - 1) / order_.per_epoch() + 1, options_.epochs, epoch_done,
                                  loss, std::log(static_cast<double>(options_.batch)), rate_, seconds,
                                  done * static_cast<double>(options_.batch) / seconds,
                                  seconds / done * static_cast<double>(steps() - step_)}))
        return step_ == steps();
    }
    return true;
  }
  bool run() {
    return run([](const TrainProgress&) { return true; });
  }

  /// Writes where the run stands to options.checkpoint.
  Result<void> save_checkpoint() {
    return try_save_checkpoint(*model_, parameters_, optimizer_, step_, options_.checkpoint, resolved());
  }

 private:
  double one_step() {
    const std::span<const Index> items = order_(step_);
    source_->batch(items, Rng{options_.seed}.fork("pairs").fork(static_cast<std::uint64_t>(step_)), images_, texts_);
    tape_.clear();
    const auto image = model_->encode_image(tape_, images_);
    const auto text = model_->encode_text(tape_, texts_);
    const auto loss = contrastive(tape_, image, text, model_->similarity, texts_.groups());
    const double value = value_of(tape_, loss);
    if (!std::isfinite(value)) {
      const std::string layer = tape_.first_not_finite();
      raise(NumericError{"step " + std::to_string(step_ + 1), "the loss is not finite; the first value that is not: " +
                                                                  (layer.empty() ? "the loss itself" : layer)}
                .with_id("clip.numeric.loss"));
    }
    tape_.backward(loss);
    tape_.commit();
    if (options_.clip_norm > 0) clip_gradient_norm(parameters_, options_.clip_norm);
    rate_ = static_cast<double>(options_.adamw.learning_rate) * schedule_(step_);
    optimizer_.options.learning_rate = static_cast<float>(rate_);
    optimizer_.step();
    ++step_;
    return value;
  }

  /// What must not change between a checkpoint and its continuation, each fact by its name.
  std::map<std::string, std::string> resolved() const {
    const auto& a = options_.adamw;
    const Json facts{{"model", to_json(model_->config())},
                     {"scalar", numbers_of(model_->backend())},
                     {"trained values", parameters_.count()},
                     {"pairs", source_->size()},
                     {"epochs", options_.epochs},
                     {"batch", options_.batch},
                     {"seed", options_.seed},
                     {"learning_rate", a.learning_rate},
                     {"beta1", a.beta1},
                     {"beta2", a.beta2},
                     {"epsilon", a.epsilon},
                     {"weight_decay", a.weight_decay},
                     {"warmup", options_.warmup},
                     {"clip_norm", options_.clip_norm}};
    std::map<std::string, std::string> texts;
    for (const auto& [name, fact] : facts.items()) texts.emplace("run." + name, json_text(fact));
    return texts;
  }

  static TrainOptions checked(TrainOptions o) {
    if (o.epochs < 1) raise(OptionError{"train", "epochs", "1 or more", o.epochs});
    if (!(o.warmup >= 0 && o.warmup < 1)) raise(OptionError{"train", "warmup", "a share from 0 to below 1", o.warmup});
    if (!(o.clip_norm >= 0)) raise(OptionError{"train", "clip_norm", "0 or more", o.clip_norm});
    return o;
  }

  TrainOptions options_;
  M* model_;
  Source* source_;
  Parameters<B> parameters_;
  AdamW<B> optimizer_;
  Tape<B> tape_;
  ShuffledBatches order_;
  WarmupCosine schedule_;
  Index step_ = 0;
  double rate_ = 0;
  Images images_;
  Texts texts_;
};

template <class M, class Source, class... Rest>
Trainer(M&, Source&, Rest...) -> Trainer<M, Source>;

}  // namespace clip::inline CLIP_ABI
