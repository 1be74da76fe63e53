// Shows a linear probe: a logistic regression on the stored features of an image tower that does not change (Radford et
// al. 2021 §3.2). The features are computed once and written to a .npy file; the probe is a layer with 51 weights that
// trains on them in a moment, and names new images better than chance, though the tower was never trained.
#include "tiny.hpp"

#include <cstdio>
#include <span>

constexpr clip::Index classes = 3;

struct Probe {
  static void members(auto& self, auto&& visit) { visit("fc", self.fc); }
  template <class Cx, clip::Index W>
  auto operator()(Cx& cx, clip::Rows<Cx, W> x) const {
    return fc(cx, x);
  }

  clip::Linear<clip::Cpu<>, Tiny.embed_dim, classes> fc;
};

/// The features of n images, of unit length; the class of image i is its colour, i % 3.
clip::Features<float, Tiny.embed_dim> encode(const clip::Model<Tiny>& model, clip::Index n, std::uint64_t seed) {
  std::vector<clip::Image> images;
  for (clip::Rng rng{seed}; static_cast<clip::Index>(images.size()) < n;) {
    const auto i = images.size();
    images.emplace_back(32, 32, clip::Pixels::rgb, noise(static_cast<int>(i % classes), rng.fork(i)));
  }
  return clip::normalized(model.encode_image(clip::preprocess(model, images)));
}

int main() {
  const ScratchFolder scratch{"09_linear_probe"};
  const clip::Model<Tiny> model{clip::Rng{1}};
  const std::vector<clip::Index> shape{60, Tiny.embed_dim};
  const auto features = encode(model, shape[0], 2);
  clip::write_npy<float>("features.npy", shape, features.values());

  const auto stored = clip::read_npy<float>("features.npy");
  std::vector<clip::Index> labels;
  for (clip::Index i = 0; i < shape[0]; ++i) labels.push_back(i % classes);

  clip::Standalone probe{Probe{}, clip::Rng{1}};  // with memory and initial weights
  clip::Parameters trainable{probe};
  clip::AdamW optimizer{trainable, {.learning_rate = 0.5f}};
  clip::Tape tape{trainable};
  for (int step = 1; step <= 100; ++step) {
    tape.clear();
    const auto loss = clip::cross_entropy(tape, probe(tape, clip::constant(tape, stored)), labels);
    tape.backward(loss);
    optimizer.step();
    if (step == 1 || step == 100) std::printf("step %3d: loss %.1f\n", step, clip::value_of(tape, loss));
  }

  const auto unseen = encode(model, 30, 3);
  clip::Inference context{model.backend()};
  const auto scores = probe(context, clip::constant(context, unseen));
  int right = 0;
  for (clip::Index i = 0; i < 30; ++i) {
    const std::span<const float> row{scores.view.row(i), classes};
    right += clip::top(row, 1)[0] == i % classes ? 1 : 0;
  }
  std::printf("%d of 30 new images are right\n", right);
  return right > 20 ? 0 : 1;
}
