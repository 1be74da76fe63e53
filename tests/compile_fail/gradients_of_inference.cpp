// expect: backward: an inference context records nothing: use a Tape as context
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>

using Backend = clip::Naive<float>;

#ifdef CLIP_CORRECTED
using Context = clip::Tape<Backend>;
#else
using Context = clip::Inference<Backend>;
#endif

void learn(Context& cx, clip::Rows<Context, 1> loss) { cx.backward(loss); }
