// expect: linear: input width differs from the layer's
#include <clip/autograd/inference.hpp>
#include <clip/backend/naive.hpp>
#include <clip/nn/linear.hpp>

using Backend = clip::Naive<float>;
using Context = clip::Inference<Backend>;

#ifdef CLIP_CORRECTED
constexpr clip::Index width = 768;
#else
constexpr clip::Index width = 640;
#endif

auto forward(Context& cx, const clip::Linear<Backend, 768, 512>& layer, clip::Rows<Context, width> x) {
  return layer(cx, x);
}
