// clip/tower/passes.hpp: a batch of images in passes of as many as the backend likes at once, and as the sequences of a
// vision transformer.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tensor/rows.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI::detail {

/// Images per pass of a vision transformer whose images have so many token rows: about B::rows_at_once together.
template <class B>
constexpr Index images_per_pass(Index tokens) {
  return std::max<Index>(1, (B::rows_at_once + tokens / 2) / tokens);
}
/// The same of convolutions, which want `per_400_rows` where a transformer takes 400 rows, as on the CPU.
template <class B>
constexpr Index convolved_per_pass(Index per_400_rows) {
  return std::max<Index>(1, per_400_rows * B::rows_at_once / 400);
}

/// The sequences of n images, of `tokens` rows each. The first row, the class token if there is one, is pooled.
template <class Cx>
const Sequences& image_sequences(Cx& cx, Index n, Index tokens) {
  Sequences& sequences = cx.template keep<Sequences>();
  sequences.assign_uniform(n, tokens);
  return sequences;
}

/// encode(some images) for the images, `at_once` at a time, in the same memory: (images, Embed). Inference only.
template <class Cx, Index Embed, class F>
Rows<Cx, Embed> in_passes(Cx& cx, Rows<Cx, dyn> images, Index at_once, Size<Embed> embed_dim, F encode) {
  const Rows<Cx, Embed> y = cx.allocate(images.rows(), embed_dim);
  for (Index begin = 0; begin < images.rows(); begin += at_once) {
    const Index n = std::min(at_once, images.rows() - begin);
    const Rows<Cx, dyn> some{images.view.middle_rows(begin, n)};
    cx.stage(Rows<Cx, Embed>{y.view.middle_rows(begin, n)}, [&](auto) { return encode(some); });
  }
  return y;
}

}  // namespace clip::inline CLIP_ABI::detail
