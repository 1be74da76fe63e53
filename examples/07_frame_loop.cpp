// Shows a loop over the frames of a camera: each is a view of the camera's memory, is classified, and costs no
// allocation after the first ones. The program counts its allocations and fails if a later frame makes one.
#include "tiny.hpp"

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>

std::atomic<long> allocations{0};

// Not inlined: g++ would warn about free() of memory from new.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* const p = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return p;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return operator new (bytes == 0 ? 1 : bytes, std::align_val_t{alignof(std::max_align_t)});
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

int main() {
  clip::Model<Tiny> model{clip::Rng{1}};  // initial weights; for a trained model, see clip::load
  model.pack();                           // panels for fast products: the same bits
  const auto classifier =
      clip::zero_shot(model, clip::Tokenizer{}({"a face", "a hand", "an empty room"}, {.context = 16}));

  constexpr int width = 64, height = 48, stride = 200;  // bytes: a row of 3 * 64, padded by the camera
  std::vector<std::uint8_t> camera(stride * height);

  // What a frame needs is made once.
  clip::Inference context{model.backend()};
  clip::PreprocessMemory memory;
  clip::Images input;
  std::vector<float> probabilities(3);

  clip::Rng rng{2};
  long before = 0;
  double sum = 0;
  for (int frame = 0; frame < 103; ++frame) {
    if (frame == 3) before = allocations;
    for (auto& byte : camera) byte = static_cast<std::uint8_t>(rng.below(256));
    const auto image = clip::Image::view(camera.data(), width, height, stride, clip::Pixels::bgr);
    clip::preprocess(model.input(), std::span{&image, 1}, input, memory);
    classifier.probabilities(context, model.encode_image(context, input), probabilities);
    for (const float p : probabilities) sum += static_cast<double>(p);
  }
  const long later = allocations - before;
  std::printf("probabilities of 103 frames sum to %.0f\nallocations of the last 100 frames: %ld\n", sum, later);
  return later == 0 ? 0 : 1;
}
