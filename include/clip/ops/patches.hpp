// clip/ops/patches.hpp: images cut into patches.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/backend/composed.hpp>

#include <string_view>

namespace clip::inline CLIP_ABI {

/// Every image cut into g × g patches, one row each: the rows of a convolution whose stride is its kernel size.
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
    if (dx) b.patches_backward(dy, channels, size, patch, dx);
  }
};

/// The same as one gather of rows of `patch` pixels, for backends without the fused form. `ids`, of PatchIds, are in
/// host memory as long as the tape.          Naive: backend/naive/tables.hpp
struct GatherPatchesOp {
  static constexpr std::string_view name = "gather_patches";
  Ids ids;
  Index patch;

  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {
    composed::patches(b, x, patch, ids, y);
  }
  template <class T>
  void backward(auto& b, In<T>, Saved<T>, In<T> dy, Acc<T> dx) const {
    if (dx) composed::patches_backward(b, dy, patch, ids, dx);
  }
};

template <class Cx, Index W, Index P>
Rows<Cx, P> patches(Cx& cx, Rows<Cx, W> images, Index channels, Index size, Index patch, Size<P> width) {
  const Index rows = images.rows() * (size / patch) * (size / patch);
  if constexpr (FusingBackend<BackendOf<Cx>>) {
    return cx.apply(PatchesOp{channels, size, patch}, rows, width, images);
  } else {
    const Ids ids = cx.template keep<composed::PatchIds>().of(images.rows(), channels, size, patch);
    return cx.apply(GatherPatchesOp{ids, patch}, rows, width, images);
  }
}

}  // namespace clip::inline CLIP_ABI
