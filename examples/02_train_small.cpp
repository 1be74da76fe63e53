// Shows a hand-written training loop: in 64 steps a small CLIP learns which of four colours an image has.
// The loss falls from above ln 32 (guessing) to ln 8 (eight images of a batch share a colour, hence a
// caption). Then the model names new images.
#include <clip/clip.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 16,
    .image = {.image_size = 16,
              .patch_size = 8,
              .width = 32,
              .layers = 2,
              .heads = 2,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 16,
             .vocabulary = 514,
             .width = 32,
             .layers = 1,
             .heads = 2,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

const std::vector<std::string> captions{"red", "green", "blue", "grey"};

/// A noisy image of colour 0 … 3.
clip::Image paint(std::size_t color, clip::Rng rng) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < 16 * 16 * 3; ++i)
    bytes.push_back(static_cast<std::uint8_t>((color == 3 || i % 3 == color ? 100 : 60) + rng.below(120)));
  return {16, 16, clip::Pixels::rgb, bytes};
}

int main() {
  constexpr std::size_t batch = 32, steps = 64;
  const clip::Texts colors = clip::Tokenizer{}(captions, {.context = 16});  // tokenised once

  clip::Model<Small> model{clip::Rng{1}};  // initialised as in the paper
  clip::Parameters trainable{model};       // holds gradients and moments, outside the model
  clip::AdamW optimizer{trainable, {.learning_rate = 5e-4f, .weight_decay = 0.2f}};
  clip::Tape tape{trainable};

  std::printf("guessing: %.1f, knowing the colour: %.1f\n", std::log(32.0), std::log(8.0));
  for (std::size_t step = 0; step < steps; ++step) {
    std::vector<clip::Image> images;
    clip::Texts texts;
    for (std::size_t i = 0; i < batch; ++i) {
      images.push_back(paint(i % 4, clip::Rng{2}.fork(step * batch + i)));
      texts.append(colors, static_cast<clip::Index>(i % 4));
    }
    const clip::Images pixels = clip::preprocess(Small.image, images);

    tape.clear();
    const auto image = model.encode_image(tape, pixels);  // (32, 16)
    const auto text = model.encode_text(tape, texts);     // (32, 16), each distinct caption computed once
    const auto loss = clip::contrastive(tape, image, text, model.similarity, texts.groups());
    tape.backward(loss);
    optimizer.step();
    if (std::has_single_bit(step + 1))
      std::printf("step %2d: loss %.1f\n", static_cast<int>(step + 1), clip::value_of(tape, loss));
  }

  // The trained model names four new images.
  const auto classify = clip::zero_shot(model, colors);
  for (std::size_t c = 0; c < 4; ++c) {
    const auto found =
        classify(model.encode_image(clip::preprocess(Small.image, paint(c, clip::Rng{3}.fork(c))))).best()[0];
    std::printf("a %s image is called %s\n", captions[c].c_str(), captions[static_cast<std::size_t>(found)].c_str());
  }
}
