// clip/backend/update_table.hpp: the table of weights that one optimiser step updates, and the numbers of the step.
#pragma once

#include <clip/core/view.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace clip::inline CLIP_ABI {

/// One weight of an optimiser step. The matrices have one shape and no gaps between rows. The update may overwrite the
/// gradient.
template <class T>
struct WeightUpdate {
  View<T> value{}, gradient{};
  View<T> first{}, second{};  // the optimiser's states: m and v of AdamW; the velocity of SGD, which has no second
  double rate = 1;            // factor on the learning rate
  double weight_decay = 0;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();

  bool bounded() const { return std::isfinite(low) || std::isfinite(high); }
  friend bool operator==(const WeightUpdate& a, const WeightUpdate& b) {
    return a.value.data == b.value.data && a.gradient.data == b.gradient.data && a.first.data == b.first.data &&
           a.second.data == b.second.data && a.value.rows == b.value.rows && a.value.cols == b.value.cols &&
           a.rate == b.rate && a.weight_decay == b.weight_decay && a.low == b.low && a.high == b.high;
  }
};

/// All weights of a step, in host memory. Tables with equal stamps are equal: a backend may keep its copy of one.
template <class T>
struct UpdateTable {
  std::span<const WeightUpdate<T>> weights;
  std::uint64_t stamp;  // next_stamp(), unless the content is that of the last table
};

/// What a training step computes before its update. It lies in the backend's memory: nothing waits for it.
struct StepNumbers {
  double loss;
  double norm;    // √ Σ g² over the table
  double factor;  // on the gradients, so that their norm is at most the largest allowed

  /// `squares` is Σ g²; `most` the largest norm allowed, or infinity. (As PyTorch's clip_grad_norm_.)
  CLIP_HOST_DEVICE static StepNumbers of(double loss, double squares, double most) {
    const double norm = std::sqrt(squares), factor = most / (norm + 1e-6);
    return {loss, norm, factor < 1 ? factor : 1.0};
  }
  /// Whether the update takes place.
  CLIP_HOST_DEVICE bool finite() const { return std::isfinite(loss) && std::isfinite(norm); }
};

/// One AdamW step t (1, 2, …): m = β1 m + (1-β1) g;  v = β2 v + (1-β2) g²;  p = (1 - lr wd) p - lr m̂ / (√v̂ + ε)
/// with m̂ = m / (1 - β1ᵗ) and v̂ = v / (1 - β2ᵗ).  (Loshchilov & Hutter 2019)
struct AdamwStep {
  double learning_rate, beta1, beta2, epsilon;
  double correction1, correction2;  // 1 - βᵗ
};

/// One step of SGD with momentum: g += wd p;  v = μ v + g (v = g in the first step);  p -= lr v
struct SgdStep {
  double learning_rate, momentum;
  bool first;
};

}  // namespace clip::inline CLIP_ABI
