// Encodes texts with a small model in a project that uses an installed clip: equal texts have equal features.
#include <clip/clip.hpp>

#include <algorithm>
#include <cstdio>

namespace {
constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Tiny{.embed_dim = 8,
                                                                   .image = {.image_size = 8,
                                                                             .patch_size = 4,
                                                                             .width = 16,
                                                                             .layers = 1,
                                                                             .heads = 2,
                                                                             .activation = clip::Activation::quick_gelu,
                                                                             .epsilon = 1e-5f},
                                                                   .text = {.context = 16,
                                                                            .vocabulary = 514,
                                                                            .width = 16,
                                                                            .layers = 1,
                                                                            .heads = 2,
                                                                            .activation = clip::Activation::quick_gelu,
                                                                            .epsilon = 1e-5f}};
}

int main() {
  const clip::Model<Tiny> model{clip::Rng{1}};
  const auto features = model.encode_text(clip::Tokenizer{}({"a cat", "a dog", "a cat"}, {.context = 16}));  // (3, 8)
  std::printf("%s: %td features of %td values\n", clip::abi_name, features.size(), features.width());
  return std::ranges::equal(features[0], features[2]) && !std::ranges::equal(features[0], features[1]) ? 0 : 1;
}
