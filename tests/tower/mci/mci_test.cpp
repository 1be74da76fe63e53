// MCi towers against timm's FastVit: features, gradients and statistics in training, fusing. tests/golden/make_mci.py
// made the numbers.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/model/standalone.hpp>
#include <clip/tower/mci/fuse.hpp>

#include "../../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

inline constexpr MciConfig Open = Tower<MciConfig>::dynamic;
inline constexpr FusedMciConfig OpenFused = Tower<FusedMciConfig>::dynamic;

const MciConfig four{
    .image_size = 40,
    .stages = {MciStage{1, 4, 6}, {2, 8, 12}, {1, 16, 24, false, true}, {1, 32, 48, true, true, true}}};
const MciConfig five{.image_size = 72,
                     .stages = {MciStage{1, 4, 6},
                                {1, 8, 12},
                                {1, 16, 24},
                                {1, 32, 48, true, false, true},
                                {1, 64, 96, true, false, true}},
                     .stem_scale = false,
                     .layer_norm = true};

/// A file of reference numbers.
class File {
 public:
  explicit File(const char* name)
      : file_{open_safetensors(std::string(CLIP_SOURCE_DIR "/tests/golden/") + name + ".safetensors")} {}

  bool has(const std::string& name) const { return file_.find(name) != nullptr; }
  std::vector<double> operator()(const std::string& name) const {
    const StoredTensor* const tensor = file_.find(name);
    REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
    std::vector<double> values(static_cast<std::size_t>(tensor->count()));
    convert(*tensor, std::span<double>(values));
    return values;
  }
  Index count(std::string_view prefix) const {
    return std::ranges::count_if(file_.tensors(), [&](const StoredTensor& t) { return t.name.starts_with(prefix); });
  }

 private:
  Safetensors file_;
};

/// |found - expected| ≤ 2e-5 max(1, max |expected|) in float, 1e-6 of it in double (the file holds floats).
template <class T>
void check_near(const std::string& what, const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  const double worst = max_difference(found, expected), largest = std::max(1.0, max_magnitude(expected));
  INFO(what, ": off by ", worst, ", largest value ", largest);
  CHECK(worst <= (sizeof(T) == 4 ? 2e-5 : 1e-6) * largest);
}

template <auto C, class B>
using TestTower = Mci<C, dyn, B>;

template <class B>
Standalone<TestTower<Open, B>, B> tower(const File& file, const MciConfig& c) {
  using T = typename B::Scalar;
  Standalone<TestTower<Open, B>, B> module{TestTower<Open, B>{Known<Open>{c}, Size<dyn>{10}}, Rng{1}, B{}};
  const auto parameters = named_parameters<T>(module);
  CHECK(static_cast<Index>(parameters.size()) == file.count("visual."));
  for (const auto& [name, p] : parameters) {
    const auto stored = file("visual." + name);
    REQUIRE(static_cast<Index>(stored.size()) == p->count());
    std::ranges::transform(stored, p->data, [](double x) { return static_cast<T>(x); });
  }
  return module;
}

template <class Cx>
Rows<Cx, dyn> images(Cx& cx, const File& file, const MciConfig& c) {
  using T = typename Cx::Scalar;
  const auto pixels = file("input.images");
  const Index each = 3 * c.image_size * c.image_size;
  const auto x = cx.allocate(static_cast<Index>(pixels.size()) / each, Size<dyn>{each});
  std::ranges::transform(pixels, x.view.data, [](double p) { return static_cast<T>(p); });
  return x;
}

/// The values of rows in a context's memory.
template <class Cx>
Values values(Cx& cx, const auto& rows) {
  return values_of(cx.backend(), View<const typename Cx::Scalar>{rows.view});
}

}  // namespace

TEST_CASE_TEMPLATE("MCi towers have timm's features, with four stages and with five", B, Cpu<>, Naive<double>,
                   Naive<float>) {
  for (const auto& [name, c] : {std::pair{"tiny_mci", four}, {"tiny_mci_five", five}}) {
    const File file{name};
    const auto module = tower<B>(file, c);
    Inference<B> cx;
    const auto y = module(cx, images(cx, file, c));
    check_near<typename B::Scalar>(name, values(cx, y), file("evaluation.features"));
  }
}

TEST_CASE_TEMPLATE("MCi towers train as timm's do: gradients and running statistics", B, Cpu<>, Naive<double>) {
  using T = typename B::Scalar;
  const File file{"tiny_mci"};
  auto module = tower<B>(file, four);
  Parameters<B> parameters{module};
  Tape<B> tape{parameters};
  const auto y = module(tape, images(tape, file, four));
  check_near<T>("features", values(tape, y), file("training.features"));
  std::vector<T> twice;  // the gradient of the sum of squares
  for (const double x : values(tape, y)) twice.push_back(static_cast<T>(2 * x));
  tape.backward(y, View<const T>{twice.data(), y.rows(), y.cols()});
  tape.commit();
  CHECK(static_cast<Index>(parameters.entries().size()) == file.count("gradient."));
  for (const auto& entry : parameters.entries()) {
    check_near<T>(std::string(entry.name), values_of(tape.backend(), View<const T>{entry.gradient}),
                  file("gradient.visual." + std::string(entry.name)));
  }
  Index statistics = 0;
  for (const auto& [name, p] : named_parameters<T>(module))
    if (file.has("after.visual." + name)) {
      ++statistics;
      check_near<T>(name, std::vector<double>(p->data, p->data + p->count()), file("after.visual." + name));
    }
  CHECK(statistics == file.count("after."));
}

TEST_CASE("a fused MCi tower has the features of the tower with branches") {
  using B = Cpu<>;
  for (const auto& [name, c] : {std::pair{"tiny_mci", four}, {"tiny_mci_five", five}}) {
    const File file{name};
    const auto module = tower<B>(file, c);
    B backend;
    Standalone<TestTower<OpenFused, B>, B> fused{
        TestTower<OpenFused, B>{Known<OpenFused>{mci_config<true>(c)}, Size<dyn>{10}}, Rng{1}, backend};
    fuse(backend, module.module, fused.module);
    Inference<B> cx;
    check_near<float>(name, values(cx, fused(cx, images(cx, file, c))), file("evaluation.features"));
    CHECK(named_parameters<float>(fused).size() < named_parameters<float>(module).size());
  }
}

TEST_CASE("the features of an image do not depend on its batch") {
  using B = Cpu<>;
  const File file{"tiny_mci"};
  const auto module = tower<B>(file, four);
  Inference<B> cx;
  const auto all = images(cx, file, four);
  const auto together = values(cx, module(cx, all));
  for (Index i = 0; i < 3; ++i) {
    const Rows<Inference<B>, dyn> one{all.view.middle_rows(i, 1)};
    const auto alone = values(cx, module(cx, one));
    CHECK(std::ranges::equal(alone, std::span{together}.subspan(static_cast<std::size_t>(10 * i), 10)));
  }
}
