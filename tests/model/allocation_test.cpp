// Nothing is allocated once the largest size has been seen: not in encoding, not in a training step.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (p == nullptr) std::abort();
  return p;
}

}  // namespace

// Not inlined: g++ would see free() on what came from new.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(bytes == 0 ? 1 : bytes, alignof(std::max_align_t)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes == 0 ? 1 : bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return operator new(bytes); }
[[gnu::noinline]] void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

using namespace clip;
using namespace clip::testing;

namespace {

/// How often `work` asked for memory.
template <class F>
long allocations_in(F work) {
  const long before = allocations;
  work();
  return allocations - before;
}

struct Batch {
  Images images;
  Texts texts;
  Batch(Index n, std::uint64_t seed) : images{random_images(Odd, n, Rng{seed})}, texts{random_texts(Odd, n, Rng{seed + 1})} {}
};

}  // namespace

TEST_CASE("the count counts") {
  CHECK(allocations_in([] { std::vector<int>(100).data()[0] = 1; }) > 0);
  CHECK(allocations_in([] {}) == 0);
}

TEST_CASE("encoding in a context of the caller's allocates nothing once the largest batch was seen") {
  for (const int threads : {1, 2}) {
    const Model<Odd> model{Rng{1}, Cpu<>{{.threads = threads}}};
    const Batch large{9, 60}, small{4, 70};
    Inference<Cpu<>> cx{model.backend()};
    const auto encode = [&](const Batch& batch) {
      model.encode_image(cx, batch.images);
      model.encode_text(cx, batch.texts);
    };
    for (int i = 0; i < 3; ++i) encode(large);
    INFO("threads ", threads);
    CHECK(allocations_in([&] { encode(large); }) == 0);
    CHECK(allocations_in([&] { encode(small); }) == 0);
    CHECK(allocations_in([&] { encode(large); }) == 0);
  }
}

TEST_CASE("a training step allocates nothing once the largest batch was seen") {
  for (const bool recompute : {false, true}) {
    Model<Odd> model{Rng{1}, Cpu<>{{.threads = 2}}};
    Parameters table{model};
    AdamW optimizer{table};
    Tape tape{table, {.recompute = recompute}};
    const Batch large{9, 60}, small{4, 70};
    const auto step = [&](const Batch& batch) {
      tape.clear();
      const auto loss =
          contrastive(tape, model.encode_image(tape, batch.images), model.encode_text(tape, batch.texts), model.logit_scale, batch.texts.groups());
      tape.backward(loss);
      optimizer.step();
    };
    step(small);
    for (int i = 0; i < 3; ++i) step(large);
    INFO("recompute ", recompute);
    CHECK(allocations_in([&] { step(large); }) == 0);
    CHECK(allocations_in([&] { step(small); }) == 0);
    CHECK(allocations_in([&] { step(large); }) == 0);
  }
}
