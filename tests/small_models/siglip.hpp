// tests/small_models/siglip.hpp: the small SigLIP models of make_siglip.py: features, logits and each gradient.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/model/model.hpp>
#include <clip/task/similarities.hpp>
#include <clip/tower/siglip_vit/google.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden.hpp"

namespace clip::testing {

/// The model of siglip_transformers.safetensors; siglip2_transformers.safetensors has 70 ids and pads with 0.
inline constexpr SiglipClipConfig TinySiglip{.embed_dim = 16,
                                             .image = {.image_size = 36,
                                                       .patch_size = 8,
                                                       .width = 16,
                                                       .layers = 2,
                                                       .heads = 2,
                                                       .activation = Activation::gelu_tanh,
                                                       .epsilon = 1e-6f,
                                                       .mlp_width = 40},
                                             .text = {.context = 8,
                                                      .vocabulary = 40,
                                                      .width = 16,
                                                      .layers = 2,
                                                      .heads = 2,
                                                      .activation = Activation::gelu_tanh,
                                                      .epsilon = 1e-6f,
                                                      .mlp_width = 40},
                                             .logit_bias = true};

inline std::string siglip_path(const std::string& name) {
  return std::string(CLIP_SOURCE_DIR "/tests/golden/siglip/") + name + ".safetensors";
}

/// The expected numbers of one model.
class GoldenSiglip {
 public:
  explicit GoldenSiglip(const std::string& name)
      : gradients{open_tensors(siglip_path(name + "_expected"))}, file_{gradients} {
    const std::vector<double> pixels = (*this)("image");
    images = Images::from_floats(2, 3, 36, 36, {pixels.begin(), pixels.end()});
    const FileTensor& ids = *file_.find("ids");
    const auto columns = static_cast<std::size_t>(ids.shape[1]);
    std::vector<std::int32_t> row(columns);
    for (std::size_t i = 0; i < static_cast<std::size_t>(ids.shape[0]); ++i) {
      for (std::size_t j = 0; j < columns; ++j)
        row[j] =
            static_cast<std::int32_t>(load_little<std::uint32_t>(ids.parts[0].bytes.data() + 4 * (i * columns + j)));
      texts.add(row);
    }
    // Gradients under transformers' names, q, k and v joined as the weights are.
    std::vector<FileTensor> named;
    for (const FileTensor& t : file_.tensors())
      if (t.name.starts_with("grad/")) {
        named.push_back(t);
        named.back().name.erase(0, 5);
      }
    gradients = in_openai_names(file_.with(std::move(named)));
  }

  std::vector<double> operator()(const std::string& name) const { return values_of(file_, name); }
  static std::vector<double> values_of(const TensorFile& file, const std::string& name) {
    const FileTensor* const tensor = file.find(name);
    REQUIRE_MESSAGE(tensor != nullptr, "the file has no " << name);
    std::vector<double> values(static_cast<std::size_t>(tensor->count()));
    convert(*tensor, std::span<double>(values));
    return values;
  }

  Images images;
  Texts texts{1};
  TensorFile gradients;

 private:
  TensorFile file_;
};

/// Within 2e-5 of the reference, relative to its largest value where that is above one.
template <class T>
void check_close(const std::string& what, std::span<const T> found, const std::vector<double>& expected) {
  CHECK_MESSAGE(largest_difference(found, std::span<const double>(expected)) <= 2e-5 * std::max(1.0, largest(expected)),
                what);
}

/// `ending`: "" for GELU by tanh, "_erf" for the other.
template <class M>
void check_siglip_features(const M& model, const GoldenSiglip& golden, const std::string& ending = "") {
  const auto image = model.encode_image(golden.images);
  const auto text = model.encode_text(golden.texts);
  check_close("image features", image.values(), golden("image_features" + ending));
  check_close("text features", text.values(), golden("text_features" + ending));
}

/// exp(logit_scale) · cosine + logit_bias
template <class M>
void check_siglip_logits(const M& model, const GoldenSiglip& golden) {
  const auto cosines =
      similarities(model.backend(), model.encode_image(golden.images), model.encode_text(golden.texts));
  std::vector<double> logits;
  for (const auto x : cosines.values.values())
    logits.push_back(model.similarity.temperature() * static_cast<double>(x) + model.similarity.bias());
  check_close("logits", std::span<const double>(logits), golden("logits_per_image"));
}

/// The gradient of every weight of the sum of all squared features.
template <class M>
void check_siglip_gradients(M& model, const GoldenSiglip& golden) {
  using B = std::remove_cvref_t<decltype(model.backend())>;
  using T = typename B::Scalar;
  Parameters<B> parameters{model};
  Tape<B> tape{parameters};
  int checked = 0;
  const auto check = [&](const auto& features, bool image) {
    std::vector<double> twice = downloaded(tape.backend(), In<T>{features.view});
    for (double& x : twice) x *= 2;
    const std::vector<T> dy(twice.begin(), twice.end());
    tape.backward(features, View<const T>{dy.data(), features.rows(), features.cols()});
    for (const auto& e : parameters.entries()) {
      if (e.name.starts_with("logit_") || e.name.starts_with("visual.") != image) continue;
      const std::vector<double> found = downloaded(parameters.backend(), View<const T>{e.gradient});
      check_close(e.name, std::span<const double>(found), GoldenSiglip::values_of(golden.gradients, e.name));
      ++checked;
    }
  };
  tape.clear();
  check(model.encode_image(tape, golden.images), true);
  tape.clear();
  check(model.encode_text(tape, golden.texts), false);
  CHECK(checked == static_cast<int>(golden.gradients.tensors().size()));
}

using SiglipFamilies = Families<List<SiglipVitConfig>, List<SiglipTextConfig>>;

/// Sizes fixed: the v1 model. Sizes from the file: both models, and OpenCLIP's naming of the first.
template <class T, template <class> class B>
void check_siglip() {
  const GoldenSiglip one{"siglip"}, two{"siglip2"};
  Model<TinySiglip, B<T>> fixed;
  load(fixed, siglip_path("siglip_transformers"));
  check_siglip_features(fixed, one);
  check_siglip_logits(fixed, one);
  check_siglip_gradients(fixed, one);

  auto dynamic = open<B<T>, SiglipFamilies>(siglip_path("siglip2_transformers"), {.image_heads = 2, .text_heads = 2});
  CHECK(dynamic.text_input().row.pad == 1);  // by default
  AnyConfigOf<SiglipFamilies> c = dynamic.config();
  std::get<SiglipTextConfig>(c.text).pad = 0;
  std::get<SiglipVitConfig>(c.image).image_size = 36;  // the shapes of the file show 32 pixels at least
  AnyModel<B<T>, SiglipFamilies> padded{c};
  load(padded, siglip_path("siglip2_transformers"));
  check_siglip_features(padded, two);
  check_siglip_logits(padded, two);
  check_siglip_gradients(padded, two);
}

}  // namespace clip::testing
