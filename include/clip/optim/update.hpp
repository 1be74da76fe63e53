// clip/optim/update.hpp: the table of a step as backends take it, which all optimisers share.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/core/stamp.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The parameters that have a gradient, as a table for primitives. It keeps its stamp while nothing changes, and its
/// memory always.
template <Backend B>
class Updates {
 public:
  using T = typename B::Scalar;

  /// complete(entry, update) adds what the optimiser knows to the value, the gradient and the range of an entry.
  template <class F>
  UpdateTable<T> operator()(const Parameters<B>& parameters, F&& complete) {
    next_.clear();
    for (const Trainable<T>& e : parameters.entries()) {
      if (e.fresh) continue;
      WeightUpdate<T>& update = next_.emplace_back();
      update.value = e.value;
      update.gradient = e.gradient;
      update.low = e.range.low;
      update.high = e.range.high;
      complete(e, update);
    }
    if (stamp_ == 0 || next_ != weights_) {
      std::swap(next_, weights_);
      stamp_ = next_stamp();
    }
    return {weights_, stamp_};
  }

 private:
  std::vector<WeightUpdate<T>> weights_, next_;
  std::uint64_t stamp_ = 0;
};

}  // namespace clip::inline CLIP_ABI
