// tests/small_models/trained.hpp: what a small model computes, and its gradients and running statistics after a step, against
// the numbers of a file that a reference wrote.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/image/image.hpp>
#include <clip/io/bytes.hpp>
#include <clip/tokens/texts.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::testing {

/// The expected numbers of one model, whose names are of the families F.
template <class F>
class Expected {
 public:
  Expected(const std::string& path, std::int32_t end_of_text) : texts{end_of_text}, file_{open_tensors(path)} {
    const auto pixels = (*this)("image");
    const Index side = file_.find("image")->shape[2];
    images = Images::from_floats(2, 3, side, side, {pixels.begin(), pixels.end()});
    const FileTensor& ids = *file_.find("ids");
    const std::size_t size = ids.dtype == Dtype::i64 ? 8 : 4;
    std::vector<std::int32_t> row(static_cast<std::size_t>(ids.shape[1]));
    for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = static_cast<std::int32_t>(
            load_little<std::uint32_t>(ids.parts[0].bytes.data() + size * (row.size() * i + j)));
      texts.add(row);
    }
    std::vector<FileTensor> named;  // of weights and of running statistics, under our names
    for (const std::string_view kind : {"grad/", "after/"})
      for (const FileTensor& t : file_.tensors())
        if (t.name.starts_with(kind)) {
          named.push_back(t);
          named.back().name.erase(0, kind.size());
        }
    const TensorFile renamed = in_openai_names<F>(file_.with(std::move(named)));
    for (const FileTensor& t : renamed.tensors()) trained_[t.name] = numbers(t);
  }

  std::vector<double> operator()(const std::string& name) const {
    const FileTensor* const tensor = file_.find(name);
    REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
    return numbers(*tensor);
  }
  const std::vector<double>& trained(const std::string& name) const {
    REQUIRE_MESSAGE(trained_.contains(name), "the file has no " << name);
    return trained_.at(name);
  }
  int count(std::string_view kind) const {
    return static_cast<int>(
        std::ranges::count_if(file_.tensors(), [&](const FileTensor& t) { return t.name.starts_with(kind); }));
  }

  Images images;
  Texts texts;

 private:
  static std::vector<double> numbers(const FileTensor& tensor) {
    std::vector<double> values(static_cast<std::size_t>(tensor.count()));
    convert(tensor, std::span<double>(values));
    return values;
  }

  TensorFile file_;
  std::map<std::string, std::vector<double>> trained_;
};

/// Within a tolerance of the reference, relative to its largest value where that is above one.
inline void check_near(const std::string& what, const Values& found, const Values& expected, double tolerance = 2e-5) {
  REQUIRE(found.size() == expected.size());
  const double worst = max_difference(found, expected), largest = std::max(1.0, max_magnitude(expected));
  INFO(what, ": off by ", worst, ", largest value ", largest);
  CHECK(worst <= tolerance * largest);
}
inline Values as_doubles(const auto& features) { return {features.values().begin(), features.values().end()}; }

template <class M, class E>
void check_features(const M& model, const E& expected, const std::string& image = "image_features") {
  check_near(image, as_doubles(model.encode_image(expected.images)), expected(image));
  check_near("text features", as_doubles(model.encode_text(expected.texts)), expected("text_features"));
}

/// One training step of the sum of all squared features: the gradient of every weight that is not frozen, and the
/// running statistics.
template <class M, class E>
void check_trained(M& model, const E& expected, double tolerance = 2e-5) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  Parameters<B> parameters{model};
  Tape<B> tape{parameters};
  int gradients = 0, statistics = 0;
  const auto check = [&](const auto& features, bool image) {
    std::vector<T> twice;
    for (const double x : values_of(tape.backend(), View<const T>{features.view}))
      twice.push_back(static_cast<T>(2 * x));
    tape.backward(features, View<const T>{twice.data(), features.rows(), features.cols()});
    tape.commit();
    for (const auto& e : parameters.entries()) {
      if (e.name.starts_with("logit_") || e.name.starts_with("visual.") != image) continue;
      Values found(static_cast<std::size_t>(e.gradient.count()));
      if (!e.fresh) found = values_of(tape.backend(), View<const T>{e.gradient});  // otherwise nothing depends on it
      check_near(std::string(e.name), found, expected.trained(std::string(e.name)), tolerance);
      ++gradients;
    }
  };
  tape.clear();
  check(model.encode_image(tape, expected.images), true);
  tape.clear();
  check(model.encode_text(tape, expected.texts), false);
  for (const auto& [name, p] : named_parameters<T>(model))
    if (p->kind == ParameterKind::buffer) {
      check_near(name, Values(p->data, p->data + p->count()), expected.trained(name));
      ++statistics;
    }
  const auto frozen = std::ranges::count_if(named_parameters<T>(model),
                                            [](const auto& p) { return p.parameter->kind == ParameterKind::frozen; });
  CHECK(gradients + static_cast<int>(frozen) == expected.count("grad/"));
  CHECK(statistics == expected.count("after/"));
}

}  // namespace clip::testing
