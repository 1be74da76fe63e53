// Shows the way from pixels and sentences to probabilities through a small CLIP, which is not trained, so the numbers
// mean nothing yet; and that an image gets the same bits alone and in a batch.
#include <clip/clip.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Tiny{
    .embed_dim = 32,
    .image = {.image_size = 32,
              .patch_size = 8,
              .width = 48,
              .layers = 2,
              .heads = 3,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 24,
             .vocabulary = 514,
             .width = 32,
             .layers = 2,
             .heads = 2,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

/// An image of coloured noise, which depends on the seed.
clip::Image noise(std::uint64_t seed) {
  clip::Rng rng{seed};
  std::vector<std::uint8_t> bytes(32 * 32 * 3);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.below(256));
  return {32, 32, clip::Pixels::rgb, bytes};
}

int main() {
  const clip::Model<Tiny> model{clip::Rng{1}};  // initial weights; for a trained model, see clip::load
  const clip::Tokenizer tokenizer;              // bytes only; Tokenizer{path} opens a vocabulary

  const std::vector<clip::Image> inputs{noise(1), noise(2), noise(3)};
  const clip::Images pixels = clip::preprocess(Tiny.image, inputs);                   // (3, 3, 32, 32)
  const clip::Texts texts = tokenizer({"a cat", "a dog", "noise"}, {.context = 24});  // ragged ids
  std::printf("\"a cat\" is %d ids\n", static_cast<int>(texts[0].size()));

  // Cosines are not probabilities: scaled by the model's temperature, a softmax
  // over the sentences turns them into some.
  const auto images = model.encode_image(pixels);  // (3, 32)
  const auto cosines = clip::zero_shot(model, texts)(images);
  const auto probabilities = clip::probabilities(model, pixels, texts);  // (3, 3)
  std::printf("cosines:      ");
  for (int j = 0; j < 3; ++j) std::printf(" %5.2f", static_cast<double>(cosines(0, j)));
  std::printf("\nprobabilities:");
  for (const float p : probabilities[0]) std::printf(" %5.2f", static_cast<double>(p));

  // The batch does not change a bit.
  bool same = true;
  for (int i = 0; i < 3; ++i) {
    const auto alone = model.encode_image(clip::preprocess(Tiny.image, inputs[static_cast<std::size_t>(i)]));
    same = same && std::ranges::equal(alone[0], images[i]);
  }
  std::printf("\nencode(batch)[i] equals encode(i), bit for bit: %s\n", same ? "yes" : "no");
  return same ? 0 : 1;
}
