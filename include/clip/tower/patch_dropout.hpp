// clip/tower/patch_dropout.hpp: patch dropout: training on a random subset of an image's patches (Li et al. 2023, FLIP).
#pragma once

#include <clip/core/rng.hpp>
#include <clip/core/sequences.hpp>
#include <clip/ops/tables.hpp>
#include <clip/tower/passes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// The class token and max(1, ⌊(1 - dropout) patches⌋) random patches of every image, in their order, as OpenCLIP's
/// PatchDropout: (images · kept tokens, width). `sequences` becomes theirs. Image i draws from fork(i) of the tape's
/// stream.          x : (images · tokens, width), the class token of each image first
template <class Cx, Index W>
Rows<Cx, W> kept_patches(Cx& cx, Rows<Cx, W> x, Index tokens, const Sequences*& sequences) {
  const Index images = x.rows() / tokens, patches = tokens - 1;
  const Index kept = std::max<Index>(1, static_cast<Index>(static_cast<double>(patches) * (1 - cx.patch_dropout())));
  const Rng rng = cx.draw().fork("patches");
  auto& ids = cx.template keep<std::vector<std::int32_t>>();
  ids.clear();
  std::vector<std::int32_t> order(static_cast<std::size_t>(patches));
  for (Index i = 0; i < images; ++i) {
    Rng own = rng.fork(static_cast<std::uint64_t>(i));
    std::iota(order.begin(), order.end(), static_cast<std::int32_t>(i * tokens + 1));
    for (std::size_t k = 0; k < static_cast<std::size_t>(kept); ++k)  // Fisher and Yates, as far as is needed
      std::swap(order[k], order[k + own.below(order.size() - k)]);
    std::sort(order.begin(), order.begin() + kept);
    ids.push_back(static_cast<std::int32_t>(i * tokens));
    ids.insert(ids.end(), order.begin(), order.begin() + kept);
  }
  sequences = &image_sequences(cx, images, kept + 1);
  return gather(cx, x, Ids{ids});
}

}  // namespace clip::inline CLIP_ABI::detail
