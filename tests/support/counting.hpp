// tests/support/counting.hpp: test double of a device that records which of its functions are called.
#pragma once

#include "remote.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::testing {

/// Names of functions, in the order of their calls.
class Calls {
 public:
  void add(std::string_view name) { names_.push_back(name); }
  void clear() { names_.clear(); }
  Index count(std::string_view name) const { return std::ranges::count(names_, name); }
  Index count() const { return static_cast<Index>(names_.size()); }
  /// The place of the first call; behind the last one where there is none.
  Index first(std::string_view name) const { return std::ranges::find(names_, name) - names_.begin(); }

 private:
  std::vector<std::string_view> names_;
};

/// Remote with a record of calls, which copies share.
template <class T = float>
class Counting {
 public:
  using Scalar = T;
  static constexpr bool host_memory = false;

  Calls& calls() { return *calls_; }
  std::string describe() const { return remote_.describe(); }

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    calls_->add(#name);                                     \
    return remote_.name arguments;                          \
  }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)

  CLIP_PRIMITIVE(void*, allocate, (std::size_t bytes), (bytes))
  CLIP_PRIMITIVE(void, deallocate, (void* p, std::size_t bytes), (p, bytes))
  CLIP_PRIMITIVE_OF_F(upload, (std::span<const F> host, View<T> y), (host, y))
  CLIP_PRIMITIVE_OF_F(download, (In<T> x, std::span<F> host), (x, host))
  CLIP_PRIMITIVE(StepNumbers, read, (const StepNumbers* numbers), (numbers))
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

 private:
  Remote<T> remote_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

static_assert(ConvolvingBackend<Counting<float>> && FusingBackend<Counting<float>>);

}  // namespace clip::testing
