// clip/nn/patch_mean.hpp: mean of the patches of every image, without its class token.
#pragma once

#include <clip/backend/convolving.hpp>
#include <clip/core/grid.hpp>
#include <clip/core/result.hpp>
#include <clip/ops/pooling.hpp>
#include <clip/ops/tables.hpp>

#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI {

/// y_i = mean of rows 1 ... side² of image i.          x : (n (side² + 1), W), y : (n, W)
/// OptionError: the backend has no pooling (backend/convolving.hpp).
template <class Cx, Index W>
Rows<Cx, W> patch_mean(Cx& cx, Rows<Cx, W> x, Index side) {
  if constexpr (ConvolvingBackend<BackendOf<Cx>>) {
    const Index tokens = side * side + 1, images = x.rows() / tokens;
    if (images * tokens != x.rows()) raise(ShapeError{"patch_mean", "rows", images * tokens, x.rows()});
    auto& patches = cx.template keep<std::vector<std::int32_t>>();
    patches.clear();
    for (std::int32_t row = 0; row < x.rows(); ++row)
      if (row % tokens != 0) patches.push_back(row);
    return average_pool(cx, gather(cx, x, Ids{patches}), Grid{images, side, side}, side);
  } else {
    raise(OptionError{"patch_mean", "backend", "one with pooling (backend/convolving.hpp)", "another"});
  }
}

}  // namespace clip::inline CLIP_ABI
