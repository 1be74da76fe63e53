// clip/data/shuffle.inl.hpp: definitions of clip/data/shuffle.hpp.
#pragma once

#include <clip/data/shuffle.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

CLIP_HOST ShuffledBatches::ShuffledBatches(Index items, Index batch, Rng rng)
    : items_{items}, batch_{batch}, rng_{rng} {
  if (batch < 1) raise(OptionError{"batches", "batch size", "1 or more", batch});
  if (items < batch) raise(InputError{"batches", "items for one batch", batch, items});
  order_.resize(static_cast<std::size_t>(items));
}

CLIP_HOST std::span<const Index> ShuffledBatches::operator()(Index step) {
  const Index epoch = step / per_epoch();
  if (epoch != epoch_) shuffle(epoch);
  return std::span<const Index>(order_).subspan(static_cast<std::size_t>(step % per_epoch() * batch_),
                                                static_cast<std::size_t>(batch_));
}

CLIP_HOST void ShuffledBatches::shuffle(Index epoch) {  // Fisher and Yates
  std::iota(order_.begin(), order_.end(), Index{0});
  Rng rng = rng_.fork(static_cast<std::uint64_t>(epoch));
  for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[rng.below(i)]);
  epoch_ = epoch;
}

}  // namespace clip::inline CLIP_ABI
