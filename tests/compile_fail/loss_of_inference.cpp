// expect: backward: this tape did not record these rows: call the model and the loss with the tape as context
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>

using Backend = clip::Naive<float>;

#ifdef CLIP_CORRECTED
using Context = clip::Tape<Backend>;
#else
using Context = clip::Inference<Backend>;
#endif

void learn(clip::Tape<Backend>& tape, clip::Rows<Context, 1> loss) { tape.backward(loss); }
