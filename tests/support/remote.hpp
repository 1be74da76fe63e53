// tests/support/remote.hpp: test double of a device: Naive over memory that the host cannot access between primitives.
#pragma once

#include <clip/backend/naive.hpp>

#include "arena.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>

namespace clip::testing {

/// Naive with memory in an arena. Copies share the memory.
template <class T = float>
class Remote {
 public:
  using Scalar = T;
  static constexpr bool host_memory = false;

  void* allocate(std::size_t bytes) {
    void* const p = arena_->allocate(bytes);
    const Arena::Visit visit{*arena_};
    return std::memset(p, 0, bytes);
  }
  void deallocate(void* p, std::size_t bytes) { arena_->deallocate(p, bytes); }
  std::string describe() const { return "remote " + std::string(ScalarTraits<T>::name); }

// A primitive of Naive during a visit.
#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    const Arena::Visit visit{*arena_};                      \
    return naive_.name arguments;                           \
  }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)

  CLIP_PRIMITIVE_OF_F(upload, (std::span<const F> host, View<T> y), (host, y))
  CLIP_PRIMITIVE_OF_F(download, (In<T> x, std::span<F> host), (x, host))
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

 private:
  Naive<T> naive_;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
};

static_assert(ConvolvingBackend<Remote<float>> && FusingBackend<Remote<double>>);

}  // namespace clip::testing
