// tests/support/core_only.hpp: a backend with the core list alone, as a new one begins.
#pragma once

#include <clip/backend/convolving.hpp>
#include <clip/backend/fusing.hpp>
#include <clip/backend/naive.hpp>
#include <clip/backend/packing.hpp>

#include <string>

namespace clip::testing {

/// Naive without its optional lists.
template <class T = float>
class CoreOnly : public HostMemory<T> {
 public:
  using Scalar = T;
  static constexpr Index rows_at_once = Naive<T>::rows_at_once;
  static constexpr bool grouping_keeps_bits = Naive<T>::grouping_keeps_bits;

  std::string describe() const { return "core only " + std::string(ScalarTraits<T>::name); }

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters { return naive_.name arguments; }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)
#define CLIP_PRIMITIVES_CORE
#include <clip/backend/primitives.def.hpp>

 private:
  Naive<T> naive_;
};

static_assert(Backend<CoreOnly<float>> && Backend<CoreOnly<double>>);
static_assert(!ConvolvingBackend<CoreOnly<float>> && !FusingBackend<CoreOnly<float>> &&
              !PackingBackend<CoreOnly<float>>);

}  // namespace clip::testing
