// Shows a linear probe: a logistic regression on the stored features of an image tower that does not change (Radford et
// al. 2021 §3.2). The features are computed once and written to a .npy file; the probe trains on them in a moment, and
// names new images better than chance, though the tower was never trained.
#include "tiny.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

constexpr clip::Index classes = 3;
constexpr const char* names[] = {"red", "green", "blue"};

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

  clip::Features<float, Tiny.embed_dim> stored{shape[0]};
  std::ranges::copy(clip::read_npy<float>("features.npy").values, stored.values().begin());
  std::vector<std::string> labels;
  for (clip::Index i = 0; i < shape[0]; ++i) labels.push_back(names[i % classes]);

  const auto [probe, fit] = clip::fit_linear_probe(stored, labels, {.C = 100});
  std::printf("%zu classes, %s\n", probe.classes.size(), fit.converged ? "converged" : "not converged");

  const auto predicted = probe.predict(encode(model, 30, 3));
  int right = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == names[i % classes] ? 1 : 0;
  std::printf("%d of 30 new images are right\n", right);
  return right > 20 ? 0 : 1;
}
