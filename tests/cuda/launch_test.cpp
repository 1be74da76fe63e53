// What the CUDA backend promises around its kernels: counts of launches and copies, errors, arithmetic, bits.
#include <clip/backend/cuda/runtime.hpp>
#include <clip/backend/cuda/staging_ring.hpp>
#include <clip/backend/naive.hpp>
#include <clip/cuda.hpp>

#include "../support/cuda_controls.hpp"
#include "../support/matrix.hpp"
#include "../support/primitives/own_functions.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// A matrix of seeded numbers on a backend.
template <class B>
Matrix<B> numbers(const B& b, Index rows, Index cols, std::uint64_t seed) {
  return {b, rows, cols, random_values(Rng{seed}, rows * cols)};
}

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& e) { return std::string(e.id()) + " " + e.message(); }
  return "none";
}

/// y = x wᵀ on Cuda.
Values linear(Cuda<float> b, Index m, Index n, Index k) {
  const auto x = numbers(b, m, k, 1), w = numbers(b, n, k, 2);
  const Matrix<Cuda<float>> y{b, m, n};
  b.linear(x.view(), Weights<float>{View<const float>{w.view()}}, Epilogue<float>{}, y.view());
  return y.values();
}

}  // namespace

TEST_CASE("the second run of a primitive allocates nothing, and sequences are uploaded once") {
  Cuda<float> b;
  Sequences sequences;
  sequences.assign_uniform(3, 5);
  const auto qkv = numbers(b, 15, 24, 1);
  const Matrix<Cuda<float>> y{b, 15, 8}, saved{b, 15, 2}, sum{b, 1, 24};
  const auto run = [&] {
    const View<const float> x = qkv.view();
    b.attention(x.middle_cols(0, 8), x.middle_cols(8, 8), x.middle_cols(16, 8), sequences, {.heads = 2}, y.view(),
                saved.view());
    b.column_sum(x, Acc<float>{sum.view(), true});
  };
  run();
  run();  // scratch becomes one block at the end of the first
  const clip_cuda::Counts before = b.counts();
  run();
  const clip_cuda::Counts after = b.counts();
  CHECK(after.launches - before.launches == 3);
  CHECK(after.allocations == before.allocations);
  CHECK(after.uploads == before.uploads);
  CHECK(after.downloads == before.downloads);
  sequences.pool(14);  // others
  run();
  CHECK(b.counts().uploads == after.uploads + 1);
}

TEST_CASE("other sequences of the same size are not taken for the last ones") {
  Cuda<double> b;
  Naive<double> naive;
  for (const Index first : {2, 3}) {
    Sequences sequences;
    sequences.add(first);
    sequences.add(5 - first);
    const auto run = [&](auto& backend) {
      const auto x = numbers(backend, 5, 4, 1);
      const Matrix<std::remove_reference_t<decltype(backend)>> y{backend, 5, 4};
      backend.attention(x.view(), x.view(), x.view(), sequences, {}, y.view(), {});
      return y.values();
    };
    CHECK(max_difference(run(b), run(naive)) < 1e-12);
  }
}

TEST_CASE("a launch object of another version, another device, and too little memory are errors of one sentence") {
  clip_cuda::Failure failure;
  clip_cuda::Options options;
  options.version = clip_cuda::launch_version + 1;
  CHECK(clip_cuda::open(options, failure) == nullptr);
  CHECK(failure.code == clip_cuda::Failure::version);
  CHECK(message_of([] { Cuda<float>{{.device = 7}}; }) == "clip.system.device cuda: device 7: this machine has 1");

  Cuda<float> b;
  clip_cuda_on_host::free_bytes() = 1000;
  CHECK(message_of([&] { b.allocate(4096); }) ==
        "clip.system.memory memory: out of memory: 4096 bytes asked for, 1000 free");
  clip_cuda_on_host::free_bytes() = -1;
  CHECK(message_of([&] { b.deallocate(b.allocate(4096), 4096); }) == "none");
  CHECK(linear(b, 3, 4, 5) == linear(Cuda<float>{}, 3, 4, 5));
}

TEST_CASE("a primitive whose scratch does not fit says so, and the next one works") {
  Cuda<float> b;
  const std::size_t bytes = 301 * 40 * sizeof(float);
  auto* const data = static_cast<float*>(b.allocate(bytes));
  const auto run = [&] { b.column_sum(View<const float>{data, 300, 40}, Acc<float>{{data + 300 * 40, 1, 40}, true}); };
  clip_cuda_on_host::free_bytes() = 64;
  CHECK(message_of(run).starts_with("clip.system.memory column_sum: "));
  clip_cuda_on_host::free_bytes() = -1;
  CHECK(message_of(run) == "none");
  b.deallocate(data, bytes);
}

TEST_CASE("an element of a product has the same bits whatever rows are beside it, and twice") {
  const Values all = linear(Cuda<float>{}, 70, 9, 33), few = linear(Cuda<float>{}, 3, 9, 33);
  CHECK(Values(all.begin(), all.begin() + 27) == few);
  CHECK(linear(Cuda<float>{}, 70, 9, 33) == all);
}

TEST_CASE("attention of a tree has the bits of its sequences written out") {
  Cuda<float> b;
  Sequences tree, flat;
  tree.add(3);
  tree.add(40, 0);
  flat.add(43);
  const auto run = [&](const Sequences& sequences) {
    const auto x = numbers(b, 43, 12, 1);
    const Matrix<Cuda<float>> y{b, 43, 12};
    b.attention(x.view(), x.view(), x.view(), sequences, {.heads = 2, .causal = true}, y.view(), {});
    return y.values();
  };
  CHECK(run(tree) == run(flat));
}

TEST_CASE("products in bfloat16 are as close to the exact ones as rounding allows") {
  for (const bool backwards : {false, true})
    for (const auto& size : {std::array<Index, 3>{1, 1, 1}, {5, 7, 3}, {67, 70, 40}, {16, 8, 129}}) {
      const FiberOrder order{backwards};
      const auto [m, n, k] = size;
      Cuda<float> b{{.arithmetic = Arithmetic::bfloat16}};
      CHECK(b.numbers() == "float32, products in bfloat16");
      CHECK(b.in_full().numbers() == "float32");
      const Values found = linear(b, m, n, k), x = random_values(Rng{1}, m * k), w = random_values(Rng{2}, n * k);
      double beyond = 0;
      for (Index i = 0; i < m; ++i)
        for (Index j = 0; j < n; ++j) {
          double exact = 0, size_of_terms = 0;
          for (Index c = 0; c < k; ++c) {
            const double term = x[static_cast<std::size_t>(i * k + c)] * w[static_cast<std::size_t>(j * k + c)];
            exact += term;
            size_of_terms += std::abs(term);
          }
          const double allowed = (2.01 * bfloat16_rounding + ScalarTraits<float>::backend_tolerance) * size_of_terms;
          beyond = std::max(beyond, std::abs(found[static_cast<std::size_t>(i * n + j)] - exact) - allowed);
        }
      CHECK(beyond <= 0);
      if (m == 67) CHECK(max_difference(found, linear(b.in_full(), m, n, k)) > 0);
    }
}

TEST_CASE("a user's own function after a product onto its residual") {
  const auto run = [](auto b) {
    const auto x = numbers(b, 5, 7, 1), w = numbers(b, 6, 7, 2), y = numbers(b, 5, 6, 3);
    b.linear(x.view(), Weights<double>{View<const double>{w.view()}}, Epilogue<double, Shrink>{.residual = y.view()},
             y.view());
    return y.values();
  };
  CHECK(max_difference(run(Cuda<double>{}), run(Naive<double>{})) < 1e-12);
}

TEST_CASE("a kernel whose barrier is missing gives other results in one order of fibers at least") {
  const Values right = linear(Cuda<float>{}, 40, 40, 40);
  for (const int number : {0, 1, 2, 3}) {  // loaded, read, and both again
    const MissingBarrier fault{number};
    double most = 0;
    for (const bool backwards : {false, true}) {
      const FiberOrder order{backwards};
      most = std::max(most, max_difference(linear(Cuda<float>{}, 40, 40, 40), right));
    }
    INFO("barrier ", number);
    CHECK(most > 0.01);
  }
  CHECK(linear(Cuda<float>{}, 40, 40, 40) == right);
}

TEST_CASE("a ring sends host values in parts, and waits for a part before it is used again") {
  std::vector<std::byte> memory(3 * 4), sent(25, std::byte{0xEE}), host(25);
  for (std::size_t i = 0; i < host.size(); ++i) host[i] = static_cast<std::byte>(i);
  clip_cuda::StagingRing ring{memory.data(), 3, 4};
  std::vector<std::size_t> waited;
  const auto wait = [&](std::size_t part) {
    waited.push_back(part);
    return true;
  };
  const auto send = [&](std::size_t, const std::byte* data, std::size_t offset, std::size_t n) {
    std::copy_n(data, n, sent.begin() + static_cast<std::ptrdiff_t>(offset));
    return true;
  };
  CHECK(ring.copy(host.data(), host.size(), wait, send));
  CHECK(sent == host);
  CHECK(waited == std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0});
  CHECK_FALSE(ring.copy(
      host.data(), 1, [](std::size_t) { return false; }, send));
}

TEST_CASE("scratch becomes one block after a primitive that needed several") {
  std::vector<std::vector<std::byte>> blocks;
  std::size_t released = 0;
  clip_cuda::Scratch scratch;
  const auto allocate = [&](std::size_t bytes) -> void* { return blocks.emplace_back(bytes).data(); };
  const auto release = [&](void*, std::size_t bytes) { released += bytes; };
  const auto run = [&] {
    void* const a = scratch.take(100, allocate);
    void* const b = scratch.take(1000, allocate);
    CHECK(a != b);
    scratch.end(allocate, release);
  };
  run();
  CHECK(blocks.size() == 3);
  CHECK(released == 256 + 1024);
  run();
  run();
  CHECK(blocks.size() == 3);
  CHECK(scratch.take(1, [](std::size_t) -> void* { return nullptr; }) != nullptr);
  CHECK(scratch.take(5000, [](std::size_t) -> void* { return nullptr; }) == nullptr);
}
