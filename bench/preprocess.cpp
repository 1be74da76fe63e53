// Benchmarks of preprocessing (decoded pixels to 224 x 224 model input) and of the resize alone, on one thread.
//   bench_preprocess --benchmark_filter=rgb
//   python3 bench/peers/preprocess.py        the same cases with Pillow
// Items are pixels of the source image.
#include <clip/image/preprocess.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace clip;

Image random_image(const benchmark::State& state, Pixels pixels) {
  const Index width = state.range(0), height = state.range(1);
  std::mt19937 random{1};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(width * height * channels(pixels)));
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random());
  return {width, height, pixels, std::move(bytes)};
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"width", "height"})
      ->Args({640, 480})
      ->Args({1920, 1080})
      ->Args({4000, 3000})
      ->Args({100, 100})
      ->Unit(benchmark::kMicrosecond);
}

void count_pixels(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

/// Resizes the whole image so that its shorter side is 224.
void resize_whole(benchmark::State& state, Pixels pixels, Interpolation interpolation) {
  const Image image = random_image(state, pixels);
  const Index shorter = std::min(image.width(), image.height()), width = 224 * image.width() / shorter,
              height = 224 * image.height() / shorter;
  for (auto _ : state) benchmark::DoNotOptimize(resize(image, width, height, interpolation));
  count_pixels(state);
}

void model_input(benchmark::State& state, Pixels pixels) {
  const Image image = random_image(state, pixels);
  Images out;
  for (auto _ : state) {
    preprocess(ViT_B_32.image, std::span<const Image>{&image, 1}, out);
    benchmark::DoNotOptimize(out.values().data());
  }
  count_pixels(state);
}

BENCHMARK_CAPTURE(resize_whole, bicubic_rgb, Pixels::rgb, Interpolation::bicubic)->Apply(sizes);
BENCHMARK_CAPTURE(resize_whole, bilinear_rgb, Pixels::rgb, Interpolation::bilinear)->Apply(sizes);
BENCHMARK_CAPTURE(resize_whole, bicubic_gray, Pixels::gray, Interpolation::bicubic)->Apply(sizes);
BENCHMARK_CAPTURE(resize_whole, bicubic_rgba, Pixels::rgba, Interpolation::bicubic)->Apply(sizes);
BENCHMARK_CAPTURE(resize_whole, bilinear_rgba, Pixels::rgba, Interpolation::bilinear)->Apply(sizes);
BENCHMARK_CAPTURE(resize_whole, bicubic_cmyk, Pixels::cmyk, Interpolation::bicubic)->Apply(sizes);
BENCHMARK_CAPTURE(model_input, rgb, Pixels::rgb)->Apply(sizes);
BENCHMARK_CAPTURE(model_input, gray, Pixels::gray)->Apply(sizes);
BENCHMARK_CAPTURE(model_input, rgba, Pixels::rgba)->Apply(sizes);

}  // namespace
