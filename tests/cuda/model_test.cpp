// Models on the CUDA backend, whose kernels run on the host: features, gradients, training.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/cuda.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>

#include "../support/matrix.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace {
using namespace clip;
using namespace clip::testing;

/// Features, gradients, and the losses and weights of AdamW steps.
struct Run {
  Values images, texts, gradients, losses, weights;
  clip_cuda::Counts of_step;  // the last one, from loss to update

  template <const auto& Config, class B>
  static Run of(Index steps) {
    Run run;
    Model<Config, B> model{Rng{1}};
    const Images pixels = random_images(Config, 3, Rng{2});
    const Texts words = random_texts(Config, 3, Rng{3});
    const auto image = model.encode_image(pixels);
    const auto text = model.encode_text(words);
    run.images.assign(image.values().begin(), image.values().end());
    run.texts.assign(text.values().begin(), text.values().end());

    Parameters table{model};
    Tape tape{table};
    AdamW optimizer{table, {.learning_rate = 1e-2f}};
    StepGuard<B> guard{table};
    for (Index s = 0; s < steps; ++s) {
      tape.clear();
      const auto loss = contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, words),
                                    model.similarity, words.groups());
      tape.backward(loss);
      if (s == 0)
        for (const auto& e : table.entries()) append(run.gradients, table.backend(), In<double>{e.gradient});
      const auto before = counts(table.backend());
      guard.measure(loss.view, 1.0);
      optimizer.step(guard);
      const auto after = counts(table.backend());
      run.of_step = {after.launches - before.launches, after.allocations - before.allocations,
                     after.uploads - before.uploads, after.downloads - before.downloads};
      run.losses.push_back(guard.read().loss);
    }
    for (const auto& e : table.entries()) append(run.weights, table.backend(), In<double>{e.value});
    return run;
  }

 private:
  static void append(Values& values, Naive<double> b, In<double> x) { append_from(values, b, x); }
  static void append(Values& values, Cuda<double> b, In<double> x) { append_from(values, b, x); }
  template <class B>
  static void append_from(Values& values, B b, In<double> x) {
    const Values more = values_of(b, x);
    values.insert(values.end(), more.begin(), more.end());
  }
  static clip_cuda::Counts counts(const Naive<double>&) { return {}; }
  static clip_cuda::Counts counts(const Cuda<double>& b) { return b.counts(); }
};

bool close(const Values& found, const Values& expected, double tolerance) {
  return max_difference(found, expected) <= tolerance * std::max(1.0, max_magnitude(expected));
}

}  // namespace

TEST_CASE("a model on Cuda has the features, gradients and losses of one on Naive, and the same bytes twice") {
  const Run naive = Run::of<Tiny, Naive<double>>(10), cuda = Run::of<Tiny, Cuda<double>>(10);
  CHECK(close(cuda.images, naive.images, ScalarTraits<double>::value_tolerance));
  CHECK(close(cuda.texts, naive.texts, ScalarTraits<double>::value_tolerance));
  CHECK(close(cuda.gradients, naive.gradients, ScalarTraits<double>::gradient_tolerance));
  CHECK(close(cuda.losses, naive.losses, ScalarTraits<double>::training_tolerance));
  CHECK(cuda.losses.back() < cuda.losses.front());

  const Run again = Run::of<Tiny, Cuda<double>>(10);
  CHECK(again.losses == cuda.losses);
  CHECK(again.weights == cuda.weights);
}

TEST_CASE("norm and update are a fixed number of launches, without a copy or an allocation") {
  const clip_cuda::Counts step = Run::of<Tiny, Cuda<double>>(4).of_step;
  CHECK(step.launches == 5);  // squares of chunks, their sum in three, the update
  CHECK(step.allocations == 0);
  CHECK(step.uploads == 0);
  CHECK(step.downloads == 0);
}

TEST_CASE("a residual network on Cuda has the features and gradients of one on Naive") {
  const Run naive = Run::of<SmallResNet, Naive<double>>(1), cuda = Run::of<SmallResNet, Cuda<double>>(1);
  CHECK(close(cuda.images, naive.images, ScalarTraits<double>::value_tolerance));
  CHECK(close(cuda.gradients, naive.gradients, ScalarTraits<double>::gradient_tolerance));
}
