// tests/support/remote.hpp: test double of a device: a backend of the host over memory that only primitives access.
#pragma once

#include <clip/backend/naive.hpp>

#include "arena.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace clip::testing {

/// Naive, or another backend of the host, with memory in an arena. Copies share the memory.
template <class T = float, class Host = Naive<T>>
class Remote {
 public:
  using Scalar = T;
  static constexpr Index rows_at_once = Host::rows_at_once;
  static constexpr bool grouping_keeps_bits = Host::grouping_keeps_bits;
  static constexpr bool host_memory = false;

  void* allocate(std::size_t bytes) {
    void* const p = arena_->allocate(bytes);
    const Arena::Visit visit{*arena_};
    return std::memset(p, 0, bytes);
  }
  void deallocate(void* p, std::size_t bytes) { arena_->deallocate(p, bytes); }
  std::string describe() const { return "remote " + std::string(ScalarTraits<T>::name); }

// A primitive of the host's backend during a visit.
#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    const Arena::Visit visit{*arena_};                      \
    return host_.name arguments;                            \
  }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)

  CLIP_PRIMITIVE_OF_F(upload, (std::span<const F> host, View<T> y), (host, y))
  CLIP_PRIMITIVE_OF_F(download, (In<T> x, std::span<F> host), (x, host))
  CLIP_PRIMITIVE(StepNumbers, read, (const StepNumbers* numbers), (numbers))
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

 protected:
  Host host_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

static_assert(ConvolvingBackend<Remote<float>> && FusingBackend<Remote<double>>);

}  // namespace clip::testing
