// Encoding, classification and training steps allocate nothing after the largest batch size.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tower/bert_text/text_transformer.hpp>

#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <span>
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

// Not inlined: g++ would warn about free() of memory from new.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return counted(bytes == 0 ? 1 : bytes, alignof(std::max_align_t));
}
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

/// The number of allocations of `work`.
template <class F>
long allocations_in(F work) {
  const long before = allocations;
  work();
  return allocations - before;
}

/// A BERT that pools by the mean.
struct OneTower {
  Index embed_dim;
  BertTextConfig text;
};
constexpr OneTower odd_bert{.embed_dim = 13,
                            .text = {.context = 17,
                                     .vocabulary = 31,
                                     .width = 20,
                                     .layers = 2,
                                     .heads = 5,
                                     .activation = Activation::gelu,
                                     .epsilon = 1e-12f,
                                     .pooling = TextPooling::mean,
                                     .projection = TextProjection::mlp}};

struct Batch {
  Images images;
  Texts texts;
  Batch(Index n, std::uint64_t seed)
      : images{random_images(Odd, n, Rng{seed})}, texts{random_texts(Odd, n, Rng{seed + 1})} {}
};

/// Encoding and training allocate nothing after the largest batch.
template <class M>
void check_convolutional(M model, const auto& config) {
  const Images images = random_images(config, 9, Rng{60});
  const Texts texts = random_texts(config, 9, Rng{61}), few = random_texts(config, 4, Rng{62});
  Inference<Cpu<>> cx{model.backend()};
  const auto encode = [&](const Texts& some) {
    model.encode_image(cx, images);
    model.encode_text(cx, some);
  };
  for (int i = 0; i < 3; ++i) encode(texts);
  CHECK(allocations_in([&] { encode(texts); }) == 0);
  CHECK(allocations_in([&] { encode(few); }) == 0);
  Parameters table{model};
  AdamW optimizer{table};
  Tape tape{table, {}};
  const auto step = [&] {
    tape.clear();
    const auto loss = contrastive(tape, model.encode_image(tape, images), model.encode_text(tape, texts),
                                  model.similarity, texts.groups());
    tape.backward(loss);
    tape.commit();
    optimizer.step();
  };
  for (int i = 0; i < 3; ++i) step();
  CHECK(allocations_in([&] { step(); }) == 0);
}

}  // namespace

TEST_CASE("the counter counts allocations") {
  CHECK(allocations_in([] { std::vector<int>(100).data()[0] = 1; }) > 0);
  CHECK(allocations_in([] {}) == 0);
}

TEST_CASE("encoding in the caller's context allocates nothing after the largest batch") {
  const auto check = [](const auto& model, int threads) {
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
  };
  for (const int threads : {1, 2}) {
    check(Model<Odd>{Rng{1}, Cpu<>{{.threads = threads}}}, threads);
    check(Model<OddClipa>{Rng{1}, Cpu<>{{.threads = threads}}}, threads);
  }
}

TEST_CASE("encoding and training of convolutional towers allocate nothing after the largest batch") {
  const Cpu<> cpu{{.threads = 2}};
  check_convolutional(Model<OddMct>{Rng{1}, cpu}, OddMct);
  check_convolutional(Model<OddTorchvision>{Rng{1}, cpu}, OddTorchvision);
}

TEST_CASE("encoding and training of a BERT allocate nothing after a batch of each size") {
  TextEncoder<odd_bert> model{Cpu<>{{.threads = 2}}};
  initialise(model, Rng{1});
  const auto some = [](Index count) {
    Texts texts = Texts::whole();
    for (Index i = 0; i < count; ++i) texts.add(std::vector<std::int32_t>(static_cast<std::size_t>(2 + i), 5));
    return texts;
  };
  const Texts texts = some(9), few = some(4);
  Inference<Cpu<>> cx{model.backend()};
  for (int i = 0; i < 3; ++i) {
    model.encode_text(cx, texts);
    model.encode_text(cx, few);  // products of few rows take other scratch memory
  }
  CHECK(allocations_in([&] { model.encode_text(cx, texts); }) == 0);
  CHECK(allocations_in([&] { model.encode_text(cx, few); }) == 0);
  Parameters table{model};
  AdamW optimizer{table};
  Tape tape{table, {}};
  const std::vector<float> gradient(9 * 13, 0.5f);
  const auto step = [&] {
    tape.clear();
    tape.backward(model.encode_text(tape, texts), View<const float>{gradient.data(), 9, 13});
    tape.commit();
    optimizer.step();
  };
  for (int i = 0; i < 3; ++i) step();
  CHECK(allocations_in([&] { step(); }) == 0);
}

TEST_CASE("encoding with a PosCNN between blocks allocates nothing after the largest batch") {
  static constexpr auto Reduced = [] {
    auto c = Tiny;
    c.image.pos_cnn = PosCnnConfig::after({0});
    return c;
  }();
  const Model<Reduced> model{Rng{1}, Cpu<>{{.threads = 2}}};
  const Images large = random_images(Reduced, 9, Rng{60}), small = random_images(Reduced, 4, Rng{61});
  Inference<Cpu<>> cx{model.backend()};
  for (int i = 0; i < 3; ++i) model.encode_image(cx, large);
  CHECK(allocations_in([&] { model.encode_image(cx, large); }) == 0);
  CHECK(allocations_in([&] { model.encode_image(cx, small); }) == 0);
}

TEST_CASE("classification in the caller's context allocates nothing after the largest batch") {
  for (const int threads : {1, 2}) {
    const Model<Odd> model{Rng{1}, Cpu<>{{.threads = threads}}};
    const auto classify = zero_shot(model, random_texts(Odd, 7, Rng{2}));
    const std::vector<Image> photos(9, Image{61, 47, Pixels::rgb, std::vector<std::uint8_t>(61 * 47 * 3, 100)});
    std::vector<float> probabilities(9 * 7);
    Inference<Cpu<>> cx{model.backend()};
    Images images;
    PreprocessMemory memory;
    const auto run = [&](std::size_t n) {
      preprocess(model.input(), std::span{photos}.first(n), images, memory);
      const auto features = model.encode_image(cx, images);
      classify(cx, features);
      classify.probabilities(cx, features, std::span{probabilities}.first(n * 7));
    };
    for (int i = 0; i < 3; ++i) run(9);
    INFO("threads ", threads);
    CHECK(allocations_in([&] { run(9); }) == 0);
    CHECK(allocations_in([&] { run(1); }) == 0);
    CHECK(allocations_in([&] { run(9); }) == 0);
  }
}

TEST_CASE("a training step allocates nothing after the largest batch") {
  for (const bool recompute : {false, true}) {
    Model<Odd> model{Rng{1}, Cpu<>{{.threads = 2}}};
    Parameters table{model};
    AdamW optimizer{table};
    Tape tape{table, {.recompute = recompute}};
    const Batch large{9, 60}, small{4, 70};
    const auto step = [&](const Batch& batch) {
      tape.clear();
      const auto loss = contrastive(tape, model.encode_image(tape, batch.images), model.encode_text(tape, batch.texts),
                                    model.similarity, batch.texts.groups());
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

TEST_CASE("a step of prompt learning allocates nothing after the largest batch") {
  const Model<Odd> model{Rng{1}, Cpu<>{{.threads = 2}}};
  ContextVectors context{3, Odd.text.width, Rng{2}, model.backend()};
  Parameters table{context};
  AdamW optimizer{table};
  Tape tape{table};
  const auto prompts_of = [](int n) {
    Texts names = no_texts(Odd);
    for (int i = 0; i < n; ++i) add_text(Odd, names, {i % 3, i % 7});
    return with_learned(names, 3);
  };
  const Texts large = prompts_of(9), small = prompts_of(4);
  const std::vector<float> dy(9 * 13, 0.1f);
  const auto step = [&](const Texts& prompts) {
    tape.clear();
    tape.backward(model.encode_prompts(tape, prompts, context.ctx), View<const float>{dy.data(), prompts.size(), 13});
    optimizer.step();
  };
  step(small);
  for (int i = 0; i < 3; ++i) step(large);
  CHECK(allocations_in([&] { step(large); }) == 0);
  CHECK(allocations_in([&] { step(small); }) == 0);
  CHECK(allocations_in([&] { step(large); }) == 0);
}

TEST_CASE("preprocessing into a batch allocates nothing after the largest image") {
  std::vector<Image> large, small;
  for (int i = 0; i < 12; ++i) {
    large.emplace_back(61, 47, Pixels::rgb, std::vector<std::uint8_t>(61 * 47 * 3, 100));
    small.emplace_back(23, 31, Pixels::rgba, std::vector<std::uint8_t>(23 * 31 * 4, 100));
  }
  const ImageInput input = Model<Odd>{}.input();
  Images out;
  ThreadPool threads{2};
  PreprocessMemory memory, memories;
  const auto alone = [&](const std::vector<Image>& images) { preprocess(input, std::span{images}, out, memory); };
  const auto together = [&](const std::vector<Image>& images) {
    try_preprocess(input, std::span{images}, out, threads, memories).value();
  };
  for (int i = 0; i < 20; ++i) alone(large), alone(small), together(large), together(small);
  for (int i = 0; i < 3; ++i) {
    CHECK(allocations_in([&] { alone(large); }) == 0);
    CHECK(allocations_in([&] { alone(small); }) == 0);
    CHECK(allocations_in([&] { together(large); }) == 0);
    CHECK(allocations_in([&] { together(small); }) == 0);
  }
}
