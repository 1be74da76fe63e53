// clip/data/shuffle.hpp: shuffled batches of item indices, reproducible by seed.
#pragma once

#include <clip/core/rng.hpp>
#include <clip/core/size.hpp>

#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Full batches of a shuffled data set. The order of an epoch depends only on the seed and the number of the epoch, so
/// a run can start at any step. The items that do not fill a batch are skipped in that epoch.
class ShuffledBatches {
 public:
  CLIP_HOST ShuffledBatches(Index items, Index batch, Rng rng);

  Index per_epoch() const { return items_ / batch_; }
  Index batch() const { return batch_; }

  /// The items of step `step` of the whole run, in epoch step / per_epoch(). Valid until the next call.
  CLIP_HOST std::span<const Index> operator()(Index step);

 private:
  CLIP_HOST void shuffle(Index epoch);

  Index items_, batch_;
  Rng rng_;
  Index epoch_ = -1;
  std::vector<Index> order_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/shuffle.inl.hpp>
#endif
