// Compiled several times with different flags; UNIT is the name of the function that each object defines.
#include "unit.hpp"

#include <clip/clip.hpp>

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

Report UNIT() {
  const clip::Model<Tiny> model{clip::Rng{7}, clip::Cpu<>{{.threads = 1}}};
  const auto features = model.encode_text(clip::Tokenizer{}({"a cat", "a dog"}, {.context = 16}));  // (2, 8)
  Report report{clip::abi_name, {}};
  for (int i = 0; i < Report::count; ++i) report.values[i] = features.values()[static_cast<std::size_t>(i)];
  return report;
}
