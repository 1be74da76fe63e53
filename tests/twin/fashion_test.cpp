// A small CLIP trained on Fashion-MNIST by PyTorch (bench/peers/fashion.py), and the same run here.
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/data/idx.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/io/json.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/model.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/optim/schedule.hpp>
#include <clip/task/accuracy.hpp>
#include <clip/task/agreement.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../support/npy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
inline constexpr ClipConfig<VitConfig, TextConfig> Small{.embed_dim = 64,
                                                         .image = {.image_size = 28,
                                                                   .patch_size = 7,
                                                                   .width = 64,
                                                                   .layers = 3,
                                                                   .heads = 1,
                                                                   .activation = Activation::quick_gelu,
                                                                   .epsilon = 1e-5f},
                                                         .text = {.context = 32,
                                                                  .vocabulary = 514,
                                                                  .width = 64,
                                                                  .layers = 2,
                                                                  .heads = 1,
                                                                  .activation = Activation::quick_gelu,
                                                                  .epsilon = 1e-5f}};
using SmallModel = Model<Small, Cpu<float>>;

constexpr std::array classes{"t-shirt", "trouser", "pullover", "dress", "coat",
                             "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
constexpr std::array<std::array<const char*, 2>, 5> templates{{{"a photo of a ", "."},
                                                               {"a picture of a ", "."},
                                                               {"an image of a ", "."},
                                                               {"this is a ", "."},
                                                               {"a grey photo of a ", "."}}};
constexpr Index run_steps = 702;

/// What preprocessing must know; mean and deviation are those of the training images.
ImageInput pixels_of(const Safetensors& trained) {
  const auto number = [&](const char* key) { return static_cast<float>(std::stod(trained.metadata().at(key))); };
  ImageInput pixels{28, 3, {}};
  pixels.preprocessing.mean.fill(number("image_mean"));
  pixels.preprocessing.deviation.fill(number("image_std"));
  return pixels;
}

/// Caption number class · templates + template.
Texts captions() {
  std::vector<std::string> all;
  for (const char* name : classes)
    for (const auto& [before, after] : templates) all.push_back(std::string(before) + name + after);
  return Tokenizer{}(all, {.context = Small.text.context});
}

/// Images of one file of the data set.
class FashionImages {
 public:
  explicit FashionImages(const std::string& path) : array_{read_idx(path)} {}
  Index size() const { return array_.shape[0]; }
  std::vector<Image> all() const {
    std::vector<Image> images;
    for (Index i = 0; i < size(); ++i) images.push_back((*this)[i]);
    return images;
  }
  Image operator[](Index i) const { return Image::view(array_.bytes.data() + i * 28 * 28, 28, 28, 28, Pixels::gray); }

 private:
  IdxArray array_;
};

std::string mnist_folder() {
  const char* set = std::getenv("CLIP_FASHION_MNIST");
  return set != nullptr ? set : "/usr/share/datasets/fashion-mnist";
}

bool can_read(const std::string& path) { return try_map_file(path).has_value(); }

std::size_t at(Index i) { return static_cast<std::size_t>(i); }
}  // namespace

#define FASHION_OR_RETURN(files, mnist, name)                                                                    \
  const char* const test_data = std::getenv("CLIP_TEST_DATA");                                                   \
  if (test_data == nullptr) {                                                                                    \
    MESSAGE("skipped: " name ": CLIP_TEST_DATA is not set");                                                     \
    return;                                                                                                      \
  }                                                                                                              \
  const std::string files = std::string(test_data) + "/fashion-clip/", mnist = mnist_folder();                   \
  if (!can_read(mnist + "/train-images-idx3-ubyte.gz") || !can_read(mnist + "/t10k-images-idx3-ubyte.gz")) {     \
    MESSAGE("skipped: " name ": no Fashion-MNIST in " << mnist << " (CLIP_FASHION_MNIST names another folder)"); \
    return;                                                                                                      \
  }

namespace {
/// PyTorch's run once more: its images and captions in its order. losses[i] and expected[i] are of step i, here and
/// there.
struct Twin {
  SmallModel model;
  std::vector<double> losses, expected;

  Twin(const std::string& files, const std::string& mnist, Index steps, CpuOptions options = {})
      : model{Cpu<float>{options}} {
    const FashionImages training_set{mnist + "/train-images-idx3-ubyte.gz"};
    const std::vector<std::uint8_t> labels = read_idx(mnist + "/train-labels-idx1-ubyte.gz").bytes;
    const NumpyArray order = read_npy(files + "order.npy"), chosen = read_npy(files + "templates.npy");
    const auto losses_file = map_file(files + "losses.json");
    const Json all_losses = try_parse_json(as_text(losses_file.bytes()), "losses.json").value();
    const ImageInput pixels = pixels_of(open_safetensors(files + "trained.safetensors"));
    const Texts all_captions = captions();
    const Index batch = order.shape[1];
    REQUIRE(order.shape == std::vector<Index>{run_steps, 256});
    REQUIRE(chosen.shape == order.shape);
    REQUIRE(all_losses.size() == at(run_steps));

    load(model, files + "initial.safetensors");
    Parameters parameters{model};
    Tape tape{parameters};
    AdamW optimizer{parameters,
                    {.learning_rate = 1e-3f, .beta1 = 0.9f, .beta2 = 0.98f, .epsilon = 1e-6f, .weight_decay = 0.2f}};
    const WarmupCosine schedule{.warmup = run_steps / 20, .total = run_steps};
    Images images;
    Texts texts;
    std::vector<Image> some(at(batch));
    for (Index step = 0; step < steps; ++step) {
      texts.clear();
      for (Index i = 0; i < batch; ++i) {
        const auto item = static_cast<Index>(order.values[at(step * batch + i)]),
                   t = static_cast<Index>(chosen.values[at(step * batch + i)]);
        some[at(i)] = training_set[item];
        texts.append(all_captions, labels[at(item)] * static_cast<Index>(templates.size()) + t);
      }
      preprocess(pixels, some, images);
      tape.clear();
      const auto image = model.encode_image(tape, images);
      const auto text = model.encode_text(tape, texts);
      const auto loss = contrastive(tape, image, text, model.similarity, texts.groups());
      losses.push_back(value_of(tape, loss));
      expected.push_back(all_losses[at(step)].get<double>());
      tape.backward(loss);
      optimizer.options.learning_rate = static_cast<float>(1e-3 * schedule(step));
      optimizer.step();
    }
  }

  /// The largest difference of a loss from PyTorch's in steps [begin, end).
  double apart(Index begin, Index end) const {
    double most = 0;
    for (Index i = begin; i < end; ++i) most = std::max(most, std::abs(losses[at(i)] - expected[at(i)]));
    return most;
  }
  /// The mean of steps [begin, end).
  static double mean(const std::vector<double>& of, Index begin, Index end) {
    return std::accumulate(of.begin() + begin, of.begin() + end, 0.0) / static_cast<double>(end - begin);
  }
};

/// The one prompt a class has in zero-shot classification.
Texts class_prompts() {
  Texts prompts;
  const Texts all = captions();
  for (Index c = 0; c < 10; ++c) prompts.append(all, c * static_cast<Index>(templates.size()));
  return prompts;
}
}  // namespace

TEST_CASE("twin: from the same weights and the same order, the loss follows PyTorch's for 50 steps") {
  FASHION_OR_RETURN(files, mnist, "the twin of a training run")
  const Twin twin{files, mnist, 50};
  for (Index step = 0; step < 50; ++step)
    CHECK_MESSAGE(std::abs(twin.losses[at(step)] - twin.expected[at(step)]) < 1e-3,
                  "step " << step << ": loss " << twin.losses[at(step)] << ", PyTorch's " << twin.expected[at(step)]);
  MESSAGE("largest difference of the loss in 50 steps: " << twin.apart(0, 50));
}

TEST_CASE("twin: in bfloat16 the loss follows the float run to its end, which is as accurate") {
  FASHION_OR_RETURN(files, mnist, "the twin of a training run in bfloat16")
  const Twin twin{files, mnist, run_steps, {.arithmetic = Arithmetic::bfloat16}};
  CHECK(twin.apart(0, 50) < 0.02);
  CHECK(twin.apart(50, run_steps) < 0.1);  // of one batch; what rounding moves adds up over the steps
  CHECK(std::abs(Twin::mean(twin.losses, run_steps - 100, run_steps) -
                 Twin::mean(twin.expected, run_steps - 100, run_steps)) < 0.005);

  const Safetensors trained = open_safetensors(files + "trained.safetensors");
  const FashionImages images{mnist + "/t10k-images-idx3-ubyte.gz"};
  const std::vector<std::uint8_t> labels = read_idx(mnist + "/t10k-labels-idx1-ubyte.gz").bytes;
  const std::vector<Index> found =
      zero_shot(twin.model, class_prompts())(twin.model.encode_image(preprocess(pixels_of(trained), images.all())))
          .best();
  const double top1 = accuracy(found, std::span<const std::uint8_t>(labels)),
               float_top1 = std::stod(trained.metadata().at("top1"));
  CHECK(std::abs(top1 - float_top1) <= 0.01);
  MESSAGE("largest difference of the loss: "
          << twin.apart(0, 50) << " in 50 steps, " << twin.apart(50, run_steps) << " later; mean of the last 100 steps "
          << Twin::mean(twin.losses, run_steps - 100, run_steps) << ", float's "
          << Twin::mean(twin.expected, run_steps - 100, run_steps) << "; top-1 " << top1 << ", float's " << float_top1);
}

TEST_CASE("twin: a run in bfloat16 is the same bits again, on any number of threads") {
  FASHION_OR_RETURN(files, mnist, "a run in bfloat16 on more threads")
  const auto losses = [&](int threads) {
    return Twin{files, mnist, 6, {.threads = threads, .arithmetic = Arithmetic::bfloat16}}.losses;
  };
  const std::vector<double> one = losses(1);
  CHECK(one == losses(1));
  CHECK(one == losses(3));
}

TEST_CASE("twin: the trained weights load by name and give PyTorch's features and predictions") {
  FASHION_OR_RETURN(files, mnist, "the twin's features")
  const auto expected = read_npz(files + "expected.npz");
  SmallModel model;
  load(model, files + "trained.safetensors");
  const Safetensors trained = open_safetensors(files + "trained.safetensors");
  const ImageInput pixels = pixels_of(trained);

  const Texts prompts = class_prompts();
  const std::vector<std::int32_t> ids = prompts.padded(Small.text.context);
  CHECK(std::ranges::equal(ids, expected.at("ids").values));

  const auto check = [](const auto& features, const NumpyArray& array, const char* what) {
    REQUIRE(array.shape == std::vector<Index>{features.size(), features.width()});
    double most = 0;
    for (std::size_t i = 0; i < array.values.size(); ++i) {
      const double difference = std::abs(static_cast<double>(features.values()[i]) - array.values[i]);
      if (!(difference <= most)) most = difference;
    }
    CHECK_MESSAGE(most <= 1e-5, what << ": largest difference " << most);
  };
  const auto classifier = zero_shot(model, prompts);
  check(classifier.classes(), expected.at("text"), "text features");

  const FashionImages images{mnist + "/t10k-images-idx3-ubyte.gz"};
  const std::vector<std::uint8_t> labels = read_idx(mnist + "/t10k-labels-idx1-ubyte.gz").bytes;
  REQUIRE(images.size() == 10000);
  Features<float, 64> features = model.encode_image(preprocess(pixels, images.all()));
  const std::vector<Index> found = classifier(features).best();
  Features<float, 64> first{100};
  std::ranges::copy(features.values().first(first.values().size()), first.values().begin());
  check(normalized(first), expected.at("image"), "image features");

  Index others = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    others += found[i] == static_cast<Index>(expected.at("predictions").values[i]) ? 0 : 1;
  CHECK_MESSAGE(others <= 3, others << " of 10,000 predictions differ");
  CHECK(std::abs(accuracy(found, std::span<const std::uint8_t>(labels)) - std::stod(trained.metadata().at("top1"))) <=
        3e-4);
}

TEST_CASE("twin: weights of fewer bits give the 10,000 test images nearly the same features and names") {
  FASHION_OR_RETURN(files, mnist, "the twin in fewer bits")
  const std::string weights = files + "trained.safetensors";
  const Texts prompts = class_prompts();
  const Images images =
      preprocess(pixels_of(open_safetensors(weights)), FashionImages{mnist + "/t10k-images-idx3-ubyte.gz"}.all());
  SmallModel floats;
  load(floats, weights);
  const auto expected = floats.encode_image(images);
  const std::vector<Index> names = zero_shot(floats, prompts)(expected).best();

  struct Least {
    Storage storage;
    std::string name;
    double cosine, same;
  };
  for (const Least& least :
       {Least{Storage::half, "half", 0.99999, 0.999}, Least{Storage::bfloat16, "bfloat16", bfloat16_cosine, 0.995},
        Least{Storage::int8, "int8", int8_cosine, 0.99}}) {
    SmallModel model;
    load(model, weights);
    model.pack(least.storage);
    const auto found = model.encode_image(images);
    Agreement agreement;
    agreement.add(expected, found);
    agreement.add_choices(names, zero_shot(model, prompts)(found).best());
    MESSAGE(least.name << ": cosine " << agreement.mean_cosine() << ", smallest " << agreement.smallest_cosine()
                       << "; the same name for " << 100 * agreement.same_choices() << " %");
    CHECK(agreement.smallest_cosine() >= least.cosine);
    CHECK(agreement.same_choices() >= least.same);
  }
}
