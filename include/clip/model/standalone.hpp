// clip/model/standalone.hpp: a module with weights of its own: a head, a probe, any layer outside of a model.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/buffer.hpp>

#include <utility>

namespace clip::inline CLIP_ABI {

/// Gives a module (any type with `members`) the memory of its weights and their initial values, which depend only on
/// the seed and on the names. A parameter table, an optimiser, save and load take it as they take a model; the names
/// are the module's. Calls go to the module.
///   Standalone head{Linear<Cpu<>, dyn, dyn>{512, 10}, Rng{1}};
///   Parameters trainable{head};
///   Tape tape{trainable};
///   const auto logits = head(tape, constant(tape, features));          // (rows, 10)
template <class M, Backend B = Cpu<>>
class Standalone {
 public:
  using T = typename B::Scalar;

  explicit Standalone(M module_, Rng rng, B backend = {})
      : module{std::move(module_)}, backend_{std::move(backend)}, weights_{allocate_parameters(backend_, module)} {
    initialise(*this, rng);
  }

  M module;

  static constexpr void members(auto& self, auto&& visit) { visit("", self.module); }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }

  /// module(cx, inputs…)
  template <class Cx, class... Inputs>
  auto operator()(Cx& cx, const Inputs&... inputs) const {
    return module(cx, inputs...);
  }

 private:
  B backend_;
  Buffer<B> weights_;
};

template <class M>
Standalone(M, Rng) -> Standalone<M>;
template <class M, Backend B>
Standalone(M, Rng, B) -> Standalone<M, B>;

}  // namespace clip::inline CLIP_ABI
