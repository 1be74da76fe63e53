// A user's function, compiled for the device.
#include <clip/backend/cuda/own_functions.cuh>

#include "ops/softplus.hpp"

CLIP_CUDA_FUNCTION(clip::testing::Softplus)
