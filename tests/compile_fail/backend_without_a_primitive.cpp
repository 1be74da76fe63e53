// expect: fill(y,
#include <clip/backend/concept.hpp>
#include <clip/backend/naive.hpp>

// A backend with a primitive left out: the message names the primitive.
template <class T>
struct Mine : clip::Naive<T> {
#ifndef CLIP_CORRECTED
  void fill(clip::Out<T>, T) = delete;
#endif
};

static_assert(clip::Backend<Mine<float>>);
