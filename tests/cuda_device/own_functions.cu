// The tests' own functions, compiled for devices.
#include <clip/backend/cuda/own_functions.cuh>

#include "../ops/softplus.hpp"
#include "../support/primitives/own_functions.hpp"

CLIP_CUDA_FUNCTION(clip::testing::Softplus)
CLIP_CUDA_FUNCTION(clip::testing::Shrink)
CLIP_CUDA_FUNCTION_WITHOUT_SLOPE(clip::testing::Square)
