// clip/autograd/inference.hpp: forward pass without recording, computed in a workspace.
#pragma once

#include <clip/autograd/context.hpp>

namespace clip::inline CLIP_ABI {

/// Computes into a workspace. Rows stay valid until clear(), or until the end of the stage that allocated them.
template <Backend B>
class Inference : public ContextBase<B, Mode::inference> {
 public:
  using T = typename B::Scalar;

  explicit Inference(B backend = {}) : workspace_{std::move(backend)} {}

  B& backend() { return workspace_.backend(); }
  std::size_t bytes() const { return workspace_.bytes(); }
  /// Batch norms use their running statistics.
  static constexpr bool evaluating() { return true; }

  void clear() {
    workspace_.clear();
    this->kept_.clear();
  }

  template <Index W>
  Rows<Inference, W> allocate(Index rows, Size<W> width) {
    return {workspace_.allocate(rows, width)};
  }

  /// y = op(inputs…) : (rows, width)
  template <class Op, Index W, class... In>
  Rows<Inference, W> apply(const Op& op, Index rows, Size<W> width, const In&... inputs) {
    Rows<Inference, W> y = allocate(rows, width);
    op.forward(backend(), detail::value_of<T>(inputs)..., y.view, Saved<T>{});
    return y;
  }

  /// The same, overwriting rows that are dead after this call; `op` reads each of their values before it writes there.
  template <class Op, Index W, class... In>
  Rows<Inference, W> apply_onto(const Op& op, Rows<Inference, W> y, const In&... inputs) {
    op.forward(backend(), detail::value_of<T>(inputs)..., y.view, Saved<T>{});
    return y;
  }

  /// x = f(x), releasing everything f allocated: one residual block after the other in the same memory.
  template <Index W, class F>
  Rows<Inference, W> stage(Rows<Inference, W> x, F&& f) {
    const auto mark = workspace_.mark();
    const Rows<Inference, W> y = f(x);
    if (y.view.data != x.view.data) backend().add(y.view, Acc<T>{x.view, true});
    workspace_.release(mark);
    return x;
  }

  /// Does not compile: gradients need a Tape.
  template <class Loss>
  void backward(const Loss&) {
    static_assert(sizeof(Loss) == 0, "backward: an inference context records nothing: use a Tape as context");
  }

 private:
  Workspace<B> workspace_;
};

}  // namespace clip::inline CLIP_ABI
