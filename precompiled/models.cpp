// precompiled/models.cpp: models of any known family on the processor: their making, encoding, training and parameters.
#include <clip/autograd/tape.hpp>
#include <clip/model/any_model.hpp>

#if !CLIP_HOST_LINKED
#error "clip::precompiled is compiled with exceptions and without -march flags"
#endif

namespace clip::inline CLIP_ABI {

CLIP_KNOWN_ENCODERS(template);

}  // namespace clip::inline CLIP_ABI
