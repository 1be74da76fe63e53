// clip/train/trainer.hpp: training loop: batches, objective, optimiser, schedule, checkpoints.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/backend/arithmetic.hpp>
#include <clip/core/stop.hpp>
#include <clip/data/shuffle.hpp>
#include <clip/io/files.hpp>
#include <clip/model/config_json.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/clip_norm.hpp>
#include <clip/optim/depth.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/optim/step_guard.hpp>
#include <clip/optim/weight_average.hpp>
#include <clip/train/objective.hpp>
#include <clip/train/run_state.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

/// A source of training batches of its own type `Batch`. `batch(items, rng, out)` fills `out` with the items of these
/// indices. Random choices (a crop, one of several captions) are drawn from `rng`, which depends only on the seed and
/// the step.
template <class S>
concept BatchSource = requires(S& source, std::span<const Index> items, Rng rng, typename S::Batch& out) {
  { source.size() } -> std::convertible_to<Index>;
  source.batch(items, rng, out);
};

/// Options of a training run. `O` is the options type of an optimiser and selects it: AdamwOptions, SgdOptions, or your
/// own (see AdamwOptions).
template <class O>
struct TrainOptionsOf {
  Index epochs = 1;
  Index batch = 256;
  O optimizer = O::for_training();
  Schedule schedule = Schedule::warmup_cosine();
  double clip_norm = 0;      // 0: gradients are not clipped
  double layer_decay = 1;    // of the learning rate per block from the last to the first (set_layer_rates); 1: none
  double ema = 0;            // decay of a moving average of the weights, e.g. 0.999 (WeightAverage); 0: none
  double patch_dropout = 0;  // share of patches that each image leaves out while training (TapeOptions)
  std::uint64_t seed = 1;    // of the order of the items and of the source's random choices
  bool recompute = false;    // saves memory at the cost of one more forward pass of every block
  bool recompute_inside = false;  // saves less of it at less cost (TapeOptions)
  std::string checkpoint{};       // file to write during the run and to resume from; empty: none
  Index checkpoint_every = 0;     // steps; 0: at the end of every epoch
};
using TrainOptions = TrainOptionsOf<AdamwOptions>;

namespace detail {
/// Whether the batch norms of a model keep their statistics in training, as those of frozen towers do.
template <class M>
inline constexpr bool keeps_statistics = [] {
  if constexpr (requires { M::evaluation; }) return M::evaluation;
  else return false;
}();
}  // namespace detail

/// The argument of the callback after every step.
struct TrainProgress {
  Index step, steps;    // steps done; steps of the whole run
  Index epoch, epochs;  // epoch of this step, from 1
  bool epoch_done;
  double loss;
  double chance;  // ln(batch), the contrastive loss of random guessing
  double learning_rate;
  double seconds;  // since run() began
  double images_per_second;
  double seconds_left;
};

/// Trains a model (any type with `members`, `backend()` and the functions that the objective calls) with an objective,
/// an optimiser and a schedule. On one machine the result depends only on the seed, bit for bit,
/// whether or not the run was interrupted.
///   Trainer trainer{model, source, TrainOptions{.epochs = 3}};                        // contrastive, AdamW
///   Trainer trainer{model, source, TrainOptionsOf<SgdOptions>{}, {}, MyObjective{}};
template <class M, BatchSource Source, class O = AdamwOptions, class Objective = Contrastive>
class Trainer {
 public:
  using B = std::remove_cvref_t<decltype(std::declval<M&>().backend())>;
  using Optimizer = typename O::template Optimizer<B>;

  /// Trains the parameters in `selection` (default: all). If options.checkpoint exists, the run resumes from it.
  /// OptionError: an impossible option. InputError: fewer items than one batch. LoadError: a damaged checkpoint, or one
  /// of a run with other settings.
  Trainer(M& model, Source& source, TrainOptionsOf<O> options, const Selection& selection = {},
          Objective objective = {})
      : options_{checked(std::move(options))}, model_{&model}, source_{&source}, objective_{std::move(objective)},
        parameters_{model, selection},
        optimizer_{parameters_, options_.optimizer}, tape_{parameters_,
                                                           {.recompute = options_.recompute,
                                                            .recompute_inside = options_.recompute_inside,
                                                            .evaluation = detail::keeps_statistics<M>,
                                                            .patch_dropout = options_.patch_dropout}},
        order_{source.size(), options_.batch, Rng{options_.seed}.fork("order")} {
    if (options_.layer_decay != 1) set_layer_rates(parameters_, model, options_.layer_decay);
    if (options_.ema != 0) average_.emplace(parameters_, options_.ema);
    // An unreadable checkpoint is an error: it never starts a new run.
    if (!options_.checkpoint.empty() && detail::may_be_there(options_.checkpoint)) {
      step_ = try_load_checkpoint(model, parameters_, optimizer_, options_.checkpoint, resolved()).value();
      loss_ = try_checkpoint_number(options_.checkpoint, "loss").value();
      if (step_ > 0) rate_ = rate_of(step_ - 1);
    }
  }

  /// The table of the trained parameters and their gradients.
  Parameters<B>& parameters() { return parameters_; }
  /// Calls f() while the model has the moving averages of its weights; without them, f() alone.
  template <class F>
  void with_averages(F&& f) {
    if (average_) average_->with(f);
    else f();
  }
  /// Steps done so far, including those before an interruption.
  Index step() const { return step_; }
  /// The loss of the last step and its learning rate, also where a resumed run took it before: a log that is written
  /// after every step may lack its row. Nothing before the first step.
  std::optional<double> loss() const { return loss_; }
  double learning_rate() const { return rate_; }
  /// Steps of the whole run.
  Index steps() const { return order_.per_epoch() * options_.epochs; }

  /// Trains to the end, or until `progress(TrainProgress)` returns false; a later call continues. True at the end.
  /// NumericError: the loss is not finite, or the norm of the gradients. The error names the first layer with such a
  /// value, or the first parameter with such a gradient; the weights are unchanged by the step. SystemError
  /// clip.system.stopped: request_stop(); the steps done so far remain and can be saved.
  template <std::predicate<const TrainProgress&> F>
  bool run(F&& progress) {
    const auto began = std::chrono::steady_clock::now();
    const Index first = step_;
    while (step_ < steps()) {
      check_stop("train");
      const double loss = one_step();
      loss_ = loss;
      tape_.clear();  // its blocks become one: no later step of this size allocates
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

  /// Writes the state of the run to options.checkpoint, atomically. SystemError: the disk.
  Result<void> save_checkpoint() {
    std::map<std::string, std::string> metadata = resolved();
    if (loss_) metadata["loss"] = detail::fact_text(*loss_);
    return try_save_checkpoint(*model_, parameters_, optimizer_, step_, options_.checkpoint, metadata);
  }

 private:
  /// Runs the next step and returns its loss.
  double one_step() {
    const std::span<const Index> items = order_(step_);
    source_->batch(items, Rng{options_.seed}.fork("pairs").fork(static_cast<std::uint64_t>(step_)), batch_);
    tape_.clear();
    tape_.draw_from(Rng{options_.seed}.fork("draws").fork(static_cast<std::uint64_t>(step_)));
    View<const typename B::Scalar> loss;
    double value = 0;  // of the loss, where the objective has computed the gradients itself
    if constexpr (requires { objective_.gradients(std::as_const(*model_), tape_, std::as_const(batch_)); }) {
      value = objective_.gradients(std::as_const(*model_), tape_, std::as_const(batch_));
      if (!std::isfinite(value)) raise_not_finite({value, 0, 1});
    } else {
      const auto y = objective_(tape_, std::as_const(*model_), std::as_const(batch_));
      tape_.backward(y);
      loss = y.view;
    }
    if (options_.patch_dropout > 0 && !tape_.drew())
      raise(OptionError{"train", "patch_dropout", "0: no tower of this model leaves patches out",
                        options_.patch_dropout});
    rate_ = rate_of(step_);
    optimizer_.options.learning_rate = static_cast<float>(rate_);
    const StepNumbers numbers = update(loss);
    if (!numbers.finite()) raise_not_finite(numbers);
    tape_.commit();
    if (average_) average_->update();
    ++step_;
    return loss ? numbers.loss : value;
  }

  double rate_of(Index step) const {
    return static_cast<double>(options_.optimizer.learning_rate) * options_.schedule(step, steps(), order_.per_epoch());
  }

  /// Updates the weights unless a number is not finite. The host waits for the backend only here, after the update.
  StepNumbers update(View<const typename B::Scalar> loss) {
    if (options_.clip_norm > 0) guard_.measure(loss, options_.clip_norm);
    else guard_.measure(loss);
    if constexpr (requires { optimizer_.step(guard_); }) {
      const Index steps_before = optimizer_.steps();
      optimizer_.step(guard_);
      const StepNumbers numbers = guard_.read();
      if (!numbers.finite()) optimizer_.set_steps(steps_before);
      return numbers;
    } else {  // an optimiser that cannot be guarded has to wait
      const StepNumbers numbers = guard_.read();
      if (!numbers.finite()) return numbers;
      if (options_.clip_norm > 0) clip_gradient_norm(parameters_, options_.clip_norm);
      optimizer_.step();
      return numbers;
    }
  }

  /// NumericError for a step that was not taken. The backward pass has overwritten results that it did not need any
  /// more: the forward pass runs again to find the layer.
  [[noreturn]] void raise_not_finite(const StepNumbers& numbers) {
    const std::string place = "step " + std::to_string(step_ + 1);
    parameters_.clear_gradients();
    if (std::isfinite(numbers.loss)) {
      std::string first;
      for (const auto& e : parameters_.entries())
        if (first.empty() && !parameters_.backend().all_finite(View<const typename B::Scalar>{e.gradient}))
          first = e.name;
      raise(NumericError{place, "the gradient norm is not finite; first non-finite gradient of: " +
                                    (first.empty() ? "none, the sum of squares is too large" : first)}
                .with_id("clip.numeric.gradient"));
    }
    if constexpr (requires { objective_(tape_, std::as_const(*model_), std::as_const(batch_)); }) {
      tape_.clear();
      static_cast<void>(objective_(tape_, std::as_const(*model_), std::as_const(batch_)));
    }
    const std::string layer = tape_.first_not_finite();
    tape_.clear();
    raise(NumericError{
        place, "the loss is not finite; first non-finite value in: " + (layer.empty() ? "the loss itself" : layer)}
              .with_id("clip.numeric.loss"));
  }

  /// The settings that must be equal in a checkpoint and in the run that resumes from it, by name.
  std::map<std::string, std::string> resolved() const {
    using detail::fact_text;
    std::map<std::string, std::string> facts{{"run.model", described_model()},
                                             {"run.scalar", fact_text(numbers_of(model_->backend()))},
                                             {"run.trained values", fact_text(parameters_.count())},
                                             {"run.pairs", fact_text(static_cast<Index>(source_->size()))},
                                             {"run.epochs", fact_text(options_.epochs)},
                                             {"run.batch", fact_text(options_.batch)},
                                             {"run.seed", fact_text(options_.seed)},
                                             {"run.schedule", std::string(options_.schedule.name())},
                                             {"run.clip_norm", fact_text(options_.clip_norm)}};
    facts["run.layer_decay"] = fact_text(options_.layer_decay);
    facts["run.ema"] = fact_text(options_.ema);
    facts["run.patch_dropout"] = fact_text(options_.patch_dropout);
    if constexpr (requires { objective_.in_words(); }) facts["run.objective"] = objective_.in_words();
    for (const auto& [name, value] : options_.optimizer.facts()) facts["run." + name] = fact_text(value);
    for (const auto& [name, value] : options_.schedule.facts()) facts["run." + std::string(name)] = fact_text(value);
    return facts;
  }

  /// The model's configuration, or the names and shapes of an aggregate without one, as JSON text.
  std::string described_model() const {
    if constexpr (detail::DescribesItself<M>) {
      return config_text(model_->config());
    } else {
      std::map<std::string, std::string> shapes;
      visit_parameters(*model_,
                       [&](std::string_view name, const auto& p) { shapes[std::string(name)] = p.shape.in_words(); });
      return detail::fact_text(shapes);
    }
  }

  /// The same options. OptionError: an impossible one.
  static TrainOptionsOf<O> checked(TrainOptionsOf<O> o) {
    if (o.epochs < 1) raise(OptionError{"train", "epochs", "1 or more", o.epochs});
    if (!(o.clip_norm >= 0)) raise(OptionError{"train", "clip_norm", "0 or more", o.clip_norm});
    if (!(o.patch_dropout >= 0 && o.patch_dropout < 1))
      raise(OptionError{"train", "patch_dropout", "a share from 0 to below 1", o.patch_dropout});
    return o;
  }

  TrainOptionsOf<O> options_;
  M* model_;
  Source* source_;
  [[no_unique_address]] Objective objective_;
  Parameters<B> parameters_;
  Optimizer optimizer_;
  StepGuard<B> guard_{parameters_};
  std::optional<WeightAverage<B>> average_;
  Tape<B> tape_;
  ShuffledBatches order_;
  Index step_ = 0;
  double rate_ = 0;
  std::optional<double> loss_;
  typename Source::Batch batch_;
};

template <class M, class Source>
Trainer(M&, Source&, TrainOptions) -> Trainer<M, Source>;
template <class M, class Source>
Trainer(M&, Source&, TrainOptions, const Selection&) -> Trainer<M, Source>;
template <class M, class Source, class O>
Trainer(M&, Source&, TrainOptionsOf<O>) -> Trainer<M, Source, O>;
template <class M, class Source, class O>
Trainer(M&, Source&, TrainOptionsOf<O>, const Selection&) -> Trainer<M, Source, O>;
template <class M, class Source, class O, class Objective>
Trainer(M&, Source&, TrainOptionsOf<O>, const Selection&, Objective) -> Trainer<M, Source, O, Objective>;

}  // namespace clip::inline CLIP_ABI
