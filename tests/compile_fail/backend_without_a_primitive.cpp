// expect: outer(a, b, c)
#include <clip/backend/naive.hpp>

/// Naive, all but one primitive.
struct Incomplete : clip::Naive<float> {
#ifndef CLIP_CORRECTED
  void outer(clip::In<float>, clip::In<float>, clip::Acc<float>) = delete;
#endif
};

static_assert(clip::Backend<Incomplete>);
