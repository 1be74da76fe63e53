// A program with a CUDA backend: on a device it computes, without one it says what is missing. Exit status 1: neither.
#include <clip/cuda.hpp>

#include "mish.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <span>

namespace {

#ifdef NO_OWN_FUNCTION
using Activation = clip::fn::QuickGelu;
#else
using Activation = my::Mish;
#endif

/// Whether y = f(x wᵀ) is right on the device.
bool computes(clip::Cuda<float> b) {
  const std::array<float, 4> values{1, 2, -3, 0.5f};
  std::array<float, 4> found{};
  auto* const memory = static_cast<float*>(b.allocate(12 * sizeof(float)));
  const clip::View<float> x{memory, 2, 2}, w{memory + 4, 2, 2}, y{memory + 8, 2, 2};
  b.upload(std::span<const float>{values}, x);
  b.upload(std::span<const float>{values}, w);
  b.linear(x, clip::Weights<float>{clip::View<const float>{w}}, clip::Epilogue<float, Activation>{}, y);
  b.download(y, std::span<float>{found});
  b.deallocate(memory, 12 * sizeof(float));
  bool right = true;
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 2; ++j) {
      const float z = values[2 * i] * values[2 * j] + values[2 * i + 1] * values[2 * j + 1];
      right = right && std::abs(found[2 * i + j] - Activation{}(z)) < 1e-4f;
    }
  return right;
}

}  // namespace

int main() {
  try {
    const clip::Cuda<float> backend;
    std::printf("%s\n", backend.describe().c_str());
    return computes(backend) ? 0 : 1;
  } catch (const clip::Error& error) {
    std::printf("%s\n", error.what());
    return error.id() == "clip.system.driver" || error.id() == "clip.system.device" ? 0 : 1;
  }
}
