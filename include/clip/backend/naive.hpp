// clip/backend/naive.hpp: reference backend in plain loops: the core, convolving and fusing lists of primitives.
//
// It documents every formula, and every other backend is compared with it.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/convolving.hpp>
#include <clip/backend/fusing.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/naive/attention.hpp>
#include <clip/backend/naive/batch_norm.hpp>
#include <clip/backend/naive/convolution.hpp>
#include <clip/backend/naive/depthwise.hpp>
#include <clip/backend/naive/feed_forward.hpp>
#include <clip/backend/naive/losses.hpp>
#include <clip/backend/naive/norms.hpp>
#include <clip/backend/naive/patches.hpp>
#include <clip/backend/naive/pointwise.hpp>
#include <clip/backend/naive/pooling.hpp>
#include <clip/backend/naive/products.hpp>
#include <clip/backend/naive/query_attention.hpp>
#include <clip/backend/naive/tables.hpp>
#include <clip/backend/naive/training.hpp>
#include <clip/core/scalar.hpp>

#include <string>

namespace clip::inline CLIP_ABI {

template <class T = float>
struct Naive : HostMemory<T>,
               NaivePointwise<T>,
               NaiveProducts<T>,
               NaiveNorms<T>,
               NaiveTables<T>,
               NaiveAttention<T>,
               NaiveLosses<T>,
               NaiveTraining<T>,
               NaiveConvolution<T>,
               NaiveDepthwise<T>,
               NaivePooling<T>,
               NaiveBatchNorm<T>,
               NaiveFeedForward<T>,
               NaiveQueryAttention<T>,
               NaivePatches<T> {
  using Scalar = T;
  static constexpr Index rows_at_once = 400;
  static constexpr bool grouping_keeps_bits = true;

  std::string describe() const { return "naive " + std::string(ScalarTraits<T>::name) + ", one thread"; }
};

static_assert(ConvolvingBackend<Naive<float>> && ConvolvingBackend<Naive<double>>);
static_assert(FusingBackend<Naive<float>> && FusingBackend<Naive<double>>);

}  // namespace clip::inline CLIP_ABI
