// Shows a layer of one's own on stored features: it is made, initialised and trained on class labels without a model.
// The loss falls from above ln 3 = 1.1 (guessing among three classes) to almost 0. Then the layer names new features.
#include <clip/clip.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

/// An adapter (Gao et al., CLIP-Adapter, 2021) and a linear classifier: W (x + up(relu(down(x)))) + b.
/// x : (rows, 16), result : (rows, 3)
template <clip::Backend B>
struct Adapter {
  clip::Linear<B, 16, 4> down;
  clip::Linear<B, 4, 16> up;
  clip::Linear<B, 16, 3> classes;

  static constexpr void members(auto& self, auto&& visit) {
    visit("down", self.down);
    visit("up", self.up);
    visit("classes", self.classes);
  }

  template <class Cx, clip::Index W>
  clip::Rows<Cx, 3> operator()(Cx& cx, clip::Rows<Cx, W> x) const {
    return classes(cx, up.added_to(cx, x, down.with(cx, clip::fn::Relu{}, x)));
  }
};

/// Features of `n` images, whose classes take turns, as clip::read_npy<float>("features.npy") returns them.
clip::NpyArray<float> stored_features(clip::Index n, clip::Rng noise) {
  clip::NpyArray<float> array{{n, 16}, {}};
  for (clip::Index i = 0; i < n; ++i) {
    clip::Rng center = clip::Rng{7}.fork(static_cast<std::uint64_t>(i % 3));
    for (int k = 0; k < 16; ++k) array.values.push_back(static_cast<float>(center.normal() + 0.5 * noise.normal()));
  }
  return array;
}

int main() {
  const auto features = stored_features(60, clip::Rng{1});
  std::vector<int> labels;
  for (int i = 0; i < 60; ++i) labels.push_back(i % 3);

  clip::Standalone layer{Adapter<clip::Cpu<>>{}, clip::Rng{2}};  // memory and initial weights
  clip::Parameters trainable{layer};
  clip::AdamW optimizer{trainable, {.learning_rate = 1e-2f}};
  clip::Tape tape{trainable};
  for (int step = 1; step <= 60; ++step) {
    tape.clear();
    const auto loss = clip::cross_entropy(tape, layer(tape, clip::constant(tape, features)), labels);
    tape.backward(loss);
    optimizer.step();
    if (step == 1 || step == 60) std::printf("step %2d: loss %.1f\n", step, clip::value_of(tape, loss));
  }

  clip::Inference<clip::Cpu<>> cx;
  const auto unseen = stored_features(30, clip::Rng{3});
  const auto logits = layer(cx, clip::constant(cx, unseen));  // (30, 3)
  int right = 0;
  for (clip::Index i = 0; i < 30; ++i)
    right += std::max_element(logits.view.row(i), logits.view.row(i) + 3) == logits.view.row(i) + i % 3 ? 1 : 0;
  std::printf("%d of 30 new features have the right class\n", right);
}
