// Encodes texts with a small model on linked kernels: the backend names them. Saves it and reads it again. This unit
// includes neither Eigen nor JSON nor stb.
#include <clip/clip.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

#ifdef EIGEN_WORLD_VERSION
#error "expected linked kernels, found Eigen, which compiles them"
#endif
#if defined(INCLUDE_NLOHMANN_JSON_HPP_) || defined(STBI_VERSION)
#error "expected declarations of the host half, found its definitions"
#endif

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
  clip::Model<Tiny> model{clip::Rng{1}};
  model.pack();
  const auto features = model.encode_text(clip::Tokenizer{}({"a cat", "a dog", "a cat"}, {.context = 16}));  // (3, 8)
  const std::string kernels = model.backend().describe();
  std::printf("%s, %s: %td features of %td values\n", clip::abi_name, kernels.c_str(), features.size(),
              features.width());
  if (kernels.find("generic") != std::string::npos) return 1;
  clip::save(model, "consumer.safetensors");
  const clip::AnyModel<> again = clip::open("consumer.safetensors");
  const auto same = again.encode_text(clip::Tokenizer{}({"a dog"}, {.context = 16}));
  if (!std::ranges::equal(same[0], features[1])) return 2;
  return std::ranges::equal(features[0], features[2]) && !std::ranges::equal(features[0], features[1]) ? 0 : 1;
}
