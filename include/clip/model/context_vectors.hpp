// clip/model/context_vectors.hpp: learned context vectors of a prompt (Zhou et al., Learning to Prompt, 2022).
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/buffer.hpp>

#include <utility>

namespace clip::inline CLIP_ABI {

/// `count` vectors as wide as the text tower, drawn from N(0.02) as in CoOp's code. A parameter table of them trains
/// them alone and leaves the model unchanged.
///   ContextVectors context{16, model.text.config().width, Rng{1}, model.backend()};
///   Parameters learned{context};
///   Tape tape{learned};
///   const auto y = model.encode_prompts(tape, with_learned(names, 16), context.ctx);
template <Backend B = Cpu<>>
class ContextVectors {
 public:
  using T = typename B::Scalar;

  ContextVectors(Index count, Index width, Rng rng, B backend = {})
      : ctx{{count, width}, Init::normal(0.02)}, backend_{std::move(backend)}, values_{allocate_parameters(backend_,
                                                                                                           *this)} {
    initialise(*this, rng);
  }

  Parameter<T> ctx;  // (count, width)

  static constexpr void members(auto& self, auto&& visit) { visit("ctx", self.ctx); }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }

 private:
  B backend_;
  Buffer<B> values_;
};

}  // namespace clip::inline CLIP_ABI
