// The hybrid text tower against its formulas in PyTorch: features, gradients and statistics in training, fusing.
// tests/golden/make_mct.py made the numbers.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/backend/naive.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/model/standalone.hpp>
#include <clip/tower/mct_text/apple_names.hpp>
#include <clip/tower/mct_text/fuse.hpp>

#include "../../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace clip;
using namespace clip::testing;

inline constexpr MctTextConfig tiny{.context = 13, .vocabulary = 30, .width = 8, .layers = 2, .heads = 2};
inline constexpr FusedMctTextConfig tiny_fused = mct_text_config<true>(tiny);
inline constexpr MctTextConfig open_sizes = Tower<MctTextConfig>::dynamic;

/// The file of reference numbers.
class Golden {
 public:
  Golden() : file_{open_safetensors(CLIP_SOURCE_DIR "/tests/golden/tiny_mct.safetensors")} {}

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
  Texts texts() const {
    Texts texts{29};
    const auto ids = (*this)("input.ids");
    const std::vector<std::int32_t> all(ids.begin(), ids.end());
    for (std::size_t i = 0; i < all.size(); i += 13) texts.add(std::span{all}.subspan(i, 13));
    return texts;
  }

 private:
  Safetensors file_;
};

/// Apple's name of a parameter of the tower.
std::string apple(std::string_view name) {
  for (const NameRule& rule : detail::mct_text_apple_names)
    if (const auto captured = detail::match_openai(rule, name)) return detail::other_name(rule, *captured);
  FAIL("no rule for " << name);
  return {};
}

/// |found - expected| ≤ 2e-5 max(1, max |expected|) in float, 1e-6 of it in double (the file holds floats).
template <class T>
void check_near(const std::string& what, const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  const double worst = max_difference(found, expected), largest = std::max(1.0, max_magnitude(expected));
  INFO(what, ": off by ", worst, ", largest value ", largest);
  CHECK(worst <= (sizeof(T) == 4 ? 2e-5 : 1e-6) * largest);
}

template <auto C>
inline constexpr Index width_of = C.fixed() ? 6 : dyn;

template <auto C, class B>
using TestTower = MctTextTransformer<C, width_of<C>, B>;

/// The tower with the weights of the file; sizes of the type, or known at run time.
template <auto C, class B>
Standalone<TestTower<C, B>, B> tower(const Golden& file, const std::string& mixers = "") {
  using T = typename B::Scalar;
  Standalone<TestTower<C, B>, B> module{TestTower<C, B>{Known<C>{mct_text_config<C.fused>(tiny)}, Size<width_of<C>>{6}},
                                        Rng{1}, B{}};
  for (const auto& [name, p] : named_parameters<T>(module)) {
    const bool fused = name.find("reparam_conv") != name.npos;
    const auto stored = file((fused ? mixers : std::string()) + apple(name));
    REQUIRE(static_cast<Index>(stored.size()) == p->count());
    std::ranges::transform(stored, p->data, [](double x) { return static_cast<T>(x); });
  }
  return module;
}

template <class Cx, class M>
auto features(Cx& cx, const M& module, const Texts& texts) {
  TextBatch& batch = cx.template keep<TextBatch>();
  module.module.arrange(texts, batch);
  return module(cx, batch);
}

/// The values of rows in a context's memory.
template <class Cx>
Values values(Cx& cx, const auto& rows) {
  return values_of(cx.backend(), View<const typename Cx::Scalar>{rows.view});
}

template <auto C, class B>
Values encoded(const Standalone<TestTower<C, B>, B>& module, const Texts& texts) {
  Inference<B> cx;
  return values(cx, features(cx, module, texts));
}

template <auto C, class B>
void check_training(const Golden& file) {
  using T = typename B::Scalar;
  auto module = tower<C, B>(file);
  Parameters<B> parameters{module};
  Tape<B> tape{parameters};
  const auto y = features(tape, module, file.texts());
  check_near<T>("features", values(tape, y), file("training.features"));
  std::vector<T> twice;  // the gradient of the sum of squares
  for (const double x : values(tape, y)) twice.push_back(static_cast<T>(2 * x));
  tape.backward(y, View<const T>{twice.data(), y.rows(), y.cols()});
  tape.commit();
  CHECK(static_cast<Index>(parameters.entries().size()) == file.count("gradient."));
  for (const auto& entry : parameters.entries())
    check_near<T>(std::string(entry.name), values_of(tape.backend(), View<const T>{entry.gradient}),
                  file("gradient." + apple(entry.name)));
  Index statistics = 0;
  for (const auto& [name, p] : named_parameters<T>(module))
    if (const std::string after = "after." + apple(name); file.has(after)) {
      ++statistics;
      check_near<T>(name, std::vector<double>(p->data, p->data + p->count()), file(after));
    }
  CHECK(statistics == file.count("after."));
}

}  // namespace

TEST_CASE_TEMPLATE("the hybrid text tower has the features of its formulas", B, Cpu<>, Naive<double>, Naive<float>) {
  using T = typename B::Scalar;
  const Golden file;
  check_near<T>("sizes in the type", encoded<tiny, B>(tower<tiny, B>(file), file.texts()), file("evaluation.features"));
  check_near<T>("sizes at run time", encoded<open_sizes, B>(tower<open_sizes, B>(file), file.texts()),
                file("evaluation.features"));
  check_near<T>("fused", encoded<tiny_fused, B>(tower<tiny_fused, B>(file, "fused."), file.texts()),
                file("evaluation.features"));
}

TEST_CASE_TEMPLATE("the hybrid text tower trains: gradients, and running statistics over padding, too", B, Cpu<>,
                   Naive<double>, Naive<float>) {
  const Golden file;
  check_training<tiny, B>(file);
  check_training<open_sizes, B>(file);
}

TEST_CASE("fusing a hybrid text tower gives the weights of the formulas") {
  using B = Cpu<>;
  const Golden file;
  const auto module = tower<tiny, B>(file);
  B backend;
  Standalone<TestTower<tiny_fused, B>, B> fused{TestTower<tiny_fused, B>{tiny_fused, Size<6>{}}, Rng{1}, backend};
  fuse(backend, module.module, fused.module);
  Index convolutions = 0;
  for (const auto& [name, p] : named_parameters<float>(fused))
    if (name.find("reparam_conv") != name.npos) {
      ++convolutions;
      check_near<float>(name, std::vector<double>(p->data, p->data + p->count()), file("fused." + apple(name)));
    }
  CHECK(convolutions == file.count("fused."));
  const auto expected = encoded<tiny, B>(module, file.texts()), found = encoded<tiny_fused, B>(fused, file.texts());
  CHECK(max_difference(found, expected) <= 1e-5);
  CHECK(max_difference(found, expected) > 0);  // another way to the same numbers
}

TEST_CASE("the features of a text do not depend on its batch, and all rows of the last layer hold them") {
  using B = Cpu<>;
  const Golden file;
  const auto module = tower<tiny, B>(file);
  const Texts texts = file.texts();
  Texts many{29};  // more than one pass
  for (Index i = 0; i < 21; ++i) many.append(texts, i % texts.size());
  const auto all = encoded<tiny, B>(module, many);
  for (Index i = 0; i < 21; ++i) {
    Texts one{29};
    one.append(texts, i % texts.size());
    CHECK(
        std::ranges::equal(encoded<tiny, B>(module, one), std::span{all}.subspan(static_cast<std::size_t>(6 * i), 6)));
  }
  Inference<B> cx;
  TextBatch batch;
  module.module.arrange_rows(texts, false, batch);
  CHECK(batch.sequences.rows() == 4 * 13);
  const auto states = module.module.states(cx, batch, module.module.depth());
  const auto pooled = gather(cx, states, batch.sequences.pooled());
  const auto y = project(cx, module.module.ln_final(cx, pooled), Size<6>{}, module.module.text_projection);
  const Values by_states = values(cx, y);
  CHECK(max_difference(by_states, encoded<tiny, B>(module, texts)) <= 1e-6);
}

TEST_CASE("texts that do not fill their rows are refused, and a fused tower on a tape") {
  using B = Naive<float>;
  const Golden file;
  const auto module = tower<tiny, B>(file);
  TextBatch ragged;
  ragged_batch(file.texts(), ragged);
  Inference<B> cx;
  CHECK_THROWS_WITH_AS(module(cx, ragged), doctest::Contains("padded to the context"), ShapeError);
  auto fused = tower<Tower<FusedMctTextConfig>::dynamic, B>(file, "fused.");
  Parameters<B> parameters{fused};
  Tape<B> tape{parameters};
  CHECK_THROWS_WITH_AS(features(tape, fused, file.texts()), doctest::Contains("one with branches"), OptionError);
}
