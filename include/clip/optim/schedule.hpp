// clip/optim/schedule.hpp: learning rate schedules.
#pragma once

#include <clip/core/error.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Linear warm-up, then cosine decay to zero: the factor on the peak learning rate at `step` (0, 1, …).
///   (step + 1) / warmup                                        while step < warmup
///   ½ (1 + cos(π (step - warmup) / (total - warmup)))          after
struct WarmupCosine {
  Index warmup = 0;
  Index total = 1;

  double operator()(Index step) const {
    if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
    if (step >= total) return 0;
    return 0.5 *
           (1 + std::cos(std::numbers::pi * static_cast<double>(step - warmup) / static_cast<double>(total - warmup)));
  }
};

/// The learning rate schedule of a training run: the factor on the peak learning rate at each step, by the published
/// recipes. Lengths are shares of the run or epochs, so that one value serves runs of any length.
///   TrainOptions{.epochs = 50, .schedule = Schedule::epoch_cosine()}
class Schedule {
 public:
  /// WarmupCosine; the warm-up is this share of all steps, at least one step where it is above 0.
  static Schedule warmup_cosine(double warmup = 0.05) { return {Kind::warmup_cosine, {.warmup = warmup}}; }
  /// Half a cosine to zero, by steps.
  static Schedule cosine() { return warmup_cosine(0); }
  /// Linear warm-up over this share of all steps, then the peak.
  static Schedule constant(double warmup = 0) { return {Kind::constant, {.warmup = warmup}}; }
  /// OpenCLIP's const-cooldown: linear warm-up, then the peak, then over the last share `cooldown` of all steps
  ///   (1 - done / cooldown)^power (1 - last) + last
  static Schedule constant_cooldown(double warmup, double cooldown, double power = 1, double last = 0) {
    return {Kind::constant_cooldown, {warmup, cooldown, power, last}};
  }
  /// CoOp's: `factor` during the first `epochs` epochs, then by epoch e = 0, 1, … after them
  ///   ½ (1 + cos(π e / all epochs))
  static Schedule epoch_cosine(Index epochs = 1, double factor = 1e-5 / 2e-3) {
    return {Kind::epoch_cosine, {.factor = factor, .epochs = epochs}};
  }

  /// The factor at `step` (0, 1, …) of a run of `steps` steps with `per_epoch` steps in each epoch.
  double operator()(Index step, Index steps, Index per_epoch) const {
    const Index warm =
        values_.warmup == 0 ? 0 : std::max(Index{1}, static_cast<Index>(values_.warmup * static_cast<double>(steps)));
    switch (kind_) {
      case Kind::warmup_cosine: return WarmupCosine{warm, steps}(step);
      case Kind::epoch_cosine: return epoch_factor(step / per_epoch, steps / per_epoch);
      case Kind::constant:
      case Kind::constant_cooldown: break;
    }
    if (step < warm) return static_cast<double>(step + 1) / static_cast<double>(warm);
    if (kind_ == Kind::constant) return 1;
    const Index length = static_cast<Index>(values_.cooldown * static_cast<double>(steps)), begin = steps - length;
    if (step < begin) return 1;
    const double left = 1 - static_cast<double>(step - begin) / static_cast<double>(std::max(Index{1}, length));
    return std::pow(left, values_.power) * (1 - values_.last) + values_.last;
  }

  std::string_view name() const {
    switch (kind_) {
      case Kind::warmup_cosine: return "warmup_cosine";
      case Kind::constant: return "constant";
      case Kind::constant_cooldown: return "constant_cooldown";
      case Kind::epoch_cosine: return "epoch_cosine";
    }
    return "";
  }

  /// The settings that the schedule reads, by name.
  std::vector<std::pair<std::string_view, double>> facts() const {
    switch (kind_) {
      case Kind::warmup_cosine:
      case Kind::constant: return {{"warmup", values_.warmup}};
      case Kind::constant_cooldown:
        return {{"warmup", values_.warmup},
                {"cooldown", values_.cooldown},
                {"power", values_.power},
                {"last", values_.last}};
      case Kind::epoch_cosine:
        return {{"warmup_epochs", static_cast<double>(values_.epochs)}, {"factor", values_.factor}};
    }
    return {};
  }

 private:
  enum class Kind { warmup_cosine, constant, constant_cooldown, epoch_cosine };
  struct Values {
    double warmup = 0, cooldown = 0, power = 1, last = 0, factor = 0;
    Index epochs = 0;
  };

  Schedule(Kind kind, Values values) : kind_{kind}, values_{values} {
    const auto share = [](const char* name, double value) {
      if (!(value >= 0 && value < 1)) raise(OptionError{"schedule", name, "a share from 0 to below 1", value});
    };
    share("warmup", values.warmup);
    share("cooldown", values.cooldown);
    if (!(values.warmup + values.cooldown <= 1))
      raise(OptionError{"schedule", "warmup and cooldown", "1 or less together", values.warmup + values.cooldown});
    if (!(values.power > 0)) raise(OptionError{"schedule", "power", "above 0", values.power});
    if (!(values.last >= 0 && values.last <= 1)) raise(OptionError{"schedule", "last", "from 0 to 1", values.last});
    if (!(values.factor >= 0)) raise(OptionError{"schedule", "factor", "0 or more", values.factor});
    if (values.epochs < 0) raise(OptionError{"schedule", "warm-up epochs", "0 or more", values.epochs});
  }

  double epoch_factor(Index epoch, Index epochs) const {
    if (epoch < values_.epochs) return values_.factor;
    const double share = static_cast<double>(epoch - values_.epochs) / static_cast<double>(std::max(Index{1}, epochs));
    return 0.5 * (1 + std::cos(std::numbers::pi * share));
  }

  Kind kind_;
  Values values_;
};

}  // namespace clip::inline CLIP_ABI
