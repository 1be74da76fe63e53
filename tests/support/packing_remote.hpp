// tests/support/packing_remote.hpp: test double of a device that packs weights: Cpu over memory that the host cannot
// access.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/backend/packing.hpp>

#include "remote.hpp"

#include <cstddef>

namespace clip::testing {

template <class T = float>
class PackingRemote : public Remote<T, Cpu<T>> {
 public:
  static constexpr Layout layout_of(Storage storage) { return Cpu<T>::layout_of(storage); }
  static constexpr bool differentiable(Layout layout, Use use) { return Cpu<T>::differentiable(layout, use); }

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    const Arena::Visit visit{*this->arena_};                \
    return this->host_.name arguments;                      \
  }
#define CLIP_STATIC_PRIMITIVE(result, name, parameters, arguments) \
  static result name parameters { return Cpu<T>::name arguments; }
#define CLIP_PRIMITIVES_PACKING
#include <clip/backend/primitives.def.hpp>
};

static_assert(PackingBackend<PackingRemote<float>> && !PackingRemote<float>::host_memory);

}  // namespace clip::testing
