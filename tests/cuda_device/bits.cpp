// Prints features and weights of two training steps as one number: two runs of the program print the same, or bits are
// not the same twice. Exit status 77 (skipped) without a device.
#include <clip/autograd/tape.hpp>
#include <clip/cuda.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>

#include "../support/small_models.hpp"

#include <bit>
#include <cstdint>
#include <cstdio>
#include <span>
#include <vector>

namespace {

/// FNV-1a of the bits of every value.
void add(std::uint64_t& hash, float value) { hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001B3; }

template <const auto& Config>
void print(const char* name, clip::Arithmetic arithmetic) {
  using namespace clip;
  using B = Cuda<float>;
  std::uint64_t hash = 0xCBF29CE484222325;
  Model<Config, B> model{Rng{1}, B{{.arithmetic = arithmetic}}};
  const Images pixels = testing::random_images(Config, 33, Rng{2});
  const Texts words = testing::random_texts(Config, 33, Rng{3});
  Parameters<B> table{model};
  Tape<B> tape{table};
  AdamW<B> optimizer{table, {.learning_rate = 1e-3f}};
  for (int step = 0; step < 2; ++step) {
    tape.clear();
    tape.backward(contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, words), model.similarity,
                              words.groups()));
    optimizer.step();
  }
  const auto images = model.encode_image(pixels);
  const auto texts = model.encode_text(words);
  for (const float x : images.values()) add(hash, x);
  for (const float x : texts.values()) add(hash, x);
  for (const auto& e : table.entries()) {
    std::vector<float> values(static_cast<std::size_t>(e.value.count()));
    table.backend().download(In<float>{e.value}, std::span<float>(values));
    for (const float x : values) add(hash, x);
  }
  std::printf("%s, %s: %016llx\n", name, model.backend().numbers().c_str(), static_cast<unsigned long long>(hash));
}

}  // namespace

int main() {
  try {
    for (const auto arithmetic : {clip::Arithmetic::full, clip::Arithmetic::bfloat16}) {
      print<clip::testing::Odd>("vision transformer", arithmetic);
      print<clip::testing::SmallResNet>("residual network", arithmetic);
    }
    return 0;
  } catch (const clip::Error& error) {
    std::printf("%s\n", error.what());
    return error.id() == "clip.system.driver" || error.id() == "clip.system.device" ? 77 : 1;
  }
}
