// clip/backend/naive.hpp: the list of backend/concept.hpp in plain loops: its documentation, and the oracle of the others.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/host_memory.hpp>
#include <clip/backend/naive/attention.hpp>
#include <clip/backend/naive/batch_norm.hpp>
#include <clip/backend/naive/convolution.hpp>
#include <clip/backend/naive/losses.hpp>
#include <clip/backend/naive/norms.hpp>
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
               NaiveConvolution<T>,
               NaivePooling<T>,
               NaiveNorms<T>,
               NaiveBatchNorm<T>,
               NaiveTables<T>,
               NaiveAttention<T>,
               NaiveQueryAttention<T>,
               NaiveLosses<T>,
               NaiveTraining<T> {
  using Scalar = T;

  std::string describe() const { return "naive " + std::string(ScalarTraits<T>::name) + ", one thread"; }
};

static_assert(Backend<Naive<float>> && Backend<Naive<double>>);

}  // namespace clip::inline CLIP_ABI
