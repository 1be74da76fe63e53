// clip/data/shuffle.hpp: shuffled batches of item indices, reproducible by seed.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/core/size.hpp>

#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Full batches of a shuffled data set. The order of an epoch depends only on the seed and the number of the epoch, so
/// a run can start at any step. The items that do not fill a batch are skipped in that epoch.
class ShuffledBatches {
 public:
  ShuffledBatches(Index items, Index batch, Rng rng) : items_{items}, batch_{batch}, rng_{rng} {
    if (batch < 1) raise(OptionError{"batches", "batch size", "1 or more", batch});
    if (items < batch) raise(InputError{"batches", "items for one batch", batch, items});
    order_.resize(static_cast<std::size_t>(items));
  }

  Index per_epoch() const { return items_ / batch_; }
  Index batch() const { return batch_; }

  /// The items of step `step` of the whole run, in epoch step / per_epoch(). Valid until the next call.
  std::span<const Index> operator()(Index step) {
    const Index epoch = step / per_epoch();
    if (epoch != epoch_) shuffle(epoch);
    return std::span<const Index>(order_).subspan(static_cast<std::size_t>(step % per_epoch() * batch_),
                                                  static_cast<std::size_t>(batch_));
  }

 private:
  void shuffle(Index epoch) {  // Fisher and Yates
    std::iota(order_.begin(), order_.end(), Index{0});
    Rng rng = rng_.fork(static_cast<std::uint64_t>(epoch));
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
    epoch_ = epoch;
  }

  Index items_, batch_;
  Rng rng_;
  Index epoch_ = -1;
  std::vector<Index> order_;
};

}  // namespace clip::inline CLIP_ABI
