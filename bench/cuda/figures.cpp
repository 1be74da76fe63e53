// Images per second of published towers on a CUDA device, images in host memory, weights random: one line per case.
// bench/cuda/figures.py measures PyTorch eager the same way. Exit status 77 (skipped) without a device.
#include <clip/cuda.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_resnet/openai.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

/// Values repeat: drawing all of them takes longer than the measurement.
template <class M>
void randomise(M& model) {
  clip::Rng rng{1};
  std::vector<float> some(4099);
  for (float& x : some) x = static_cast<float>(rng.normal());
  std::vector<float> values;
  auto& backend = model.backend();
  clip::visit_parameters(model, [&](std::string_view, auto& p) {
    const auto scale = static_cast<float>(p.init.scale);
    values.resize(static_cast<std::size_t>(p.count()));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = p.init.rule == clip::Init::Rule::constant ? scale : scale * some[i % some.size()];
    backend.upload(std::span<const float>(values), p.view());
  });
}

/// The fastest of ten batches.
template <const auto& Config>
void measure(const char* name, clip::Index batch, clip::Arithmetic arithmetic) {
  clip::Model<Config, clip::Cuda<float>> model{clip::Cuda<float>{{.arithmetic = arithmetic}}};
  randomise(model.image);
  const clip::Index size = Config.image.image_size;
  std::vector<float> values(static_cast<std::size_t>(batch * 3 * size * size));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 509) / 254 - 1;
  const clip::Images images = clip::Images::from_floats(batch, 3, size, size, std::move(values));
  double least = INFINITY;
  bool finite = true;
  clip_cuda::Counts before{}, after{};
  for (int run = 0; run < 12; ++run) {
    before = model.backend().counts();
    const auto begin = std::chrono::steady_clock::now();
    const auto features = model.encode_image(images);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    after = model.backend().counts();
    if (run >= 2) least = std::min(least, seconds.count());
    finite = finite && std::ranges::all_of(features.values(), [](float x) { return std::isfinite(x); });
  }
  std::printf("%s, batch %td, %s: %.0f images/s, %td launches, %td allocations%s\n", name, batch,
              model.backend().numbers().c_str(), static_cast<double>(batch) / least, after.launches - before.launches,
              after.allocations - before.allocations, finite ? "" : ", NOT FINITE");
  std::fflush(stdout);
}

}  // namespace

int main() {
  try {
    std::printf("%s\n", clip::Cuda<float>{}.describe().c_str());
    for (const auto arithmetic : {clip::Arithmetic::full, clip::Arithmetic::bfloat16}) {
      measure<clip::ViT_B_32>("ViT-B/32", 256, arithmetic);
      measure<clip::ViT_L_14>("ViT-L/14", 256, arithmetic);
      measure<clip::RN50>("RN50", 256, arithmetic);
    }
    return 0;
  } catch (const clip::Error& error) {
    std::printf("%s\n", error.what());
    return error.id() == "clip.system.driver" || error.id() == "clip.system.device" ? 77 : 1;
  }
}
