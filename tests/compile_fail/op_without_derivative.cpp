// expect: tape: this op has no derivative: it can be used in inference, not in training
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>

struct Half {
  static constexpr std::string_view name = "half";

  template <class T>
  void forward(auto& b, clip::In<T> x, clip::Out<T> y, clip::Saved<T>) const {
    b.add(x, clip::Acc<T>{y, true});
    b.blend(0.5, 0, y, y);
  }
#ifdef CLIP_CORRECTED
  template <class T>
  void backward(auto& b, clip::In<T>, clip::Saved<T>, clip::In<T> dy, clip::Acc<T> dx) const {
    if (dx) b.add(dy, dx);
  }
#endif
};

template <class Cx>
clip::Rows<Cx, 4> half(Cx& cx, clip::Rows<Cx, 4> x) {
  return cx.apply(Half{}, x.rows(), clip::Size<4>{}, x);
}

using Backend = clip::Naive<float>;

// Valid in inference.
clip::Rows<clip::Inference<Backend>, 4> infer(clip::Inference<Backend>& cx, clip::Rows<clip::Inference<Backend>, 4> x) {
  return half(cx, x);
}

clip::Rows<clip::Tape<Backend>, 4> train(clip::Tape<Backend>& cx, clip::Rows<clip::Tape<Backend>, 4> x) {
  return half(cx, x);
}
