// clip/ops/patches.hpp: images cut into patches.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/composed.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Every image cut into g × g patches, one row each: the rows of a convolution whose stride is its kernel size. Pixels
/// beyond the last whole patch, right and below, are in no patch.
///   x : (n, channels · size²), y : (n g², channels · patch²)          Naive: backend/naive/patches.hpp
struct PatchesOp {
  static constexpr std::string_view name = "patches";
  Index channels, size, patch;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    b.patches(x, channels, size, patch, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (!dx) return;
    if (dx.fresh && size % patch != 0) b.fill(View<T>{dx}, T(0));  // pixels in no patch
    b.patches_backward(dy, channels, size, patch, Acc<T>{dx, dx.fresh && size % patch == 0});
  }
};

/// The same as one gather of rows of `row` pixels, for backends without the fused form. `ids`, of PatchIds, are in host
/// memory as long as the tape.          Naive: backend/naive/tables.hpp
struct GatherPatchesOp {
  static constexpr std::string_view name = "gather_patches";
  Ids ids;
  Index row;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    composed::patches(b, x, row, ids, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) composed::patches_backward(b, dy, row, ids, dx);
  }
};

template <class Cx, Index W, Index P>
Rows<Cx, P> patches(Cx& cx, Rows<Cx, W> images, Index channels, Index size, Index patch, Size<P> width) {
  const Index rows = images.rows() * (size / patch) * (size / patch);
  if constexpr (FusingBackend<BackendOf<Cx>>) {
    return cx.apply(PatchesOp{channels, size, patch}, rows, width, images);
  } else {
    const Ids ids = cx.template keep<composed::PatchIds>().of(images.rows(), channels, size, patch);
    return cx.apply(GatherPatchesOp{ids, composed::PatchIds::row(size, patch)}, rows, width, images);
  }
}

}  // namespace clip::inline CLIP_ABI
