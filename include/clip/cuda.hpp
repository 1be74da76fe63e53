// clip/cuda.hpp: clip::Cuda, the backend of a CUDA device, for programs that link clip::cuda.
//
//   clip::Model<clip::ViT_L_14, clip::Cuda<float>> model;
#pragma once

#include <clip/backend/cuda/cuda.hpp>
