// clip/checkpoint/self_test.hpp: self test of a model file: recorded features, and their verification.
//
// Wrong activations, means and layouts load without an error and only reduce accuracy. A self test detects them: the
// file records a few features of known inputs.
//   save(model, path, {.self_test = self_test(model)});     …     self_test(model, path);
#pragma once

#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/core/scalar.hpp>
#include <clip/image/image.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/model/text_input.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The deviation from the record: of unit-length features, and of feature lengths relative to the recorded ones.
struct SelfTestReport {
  double image = 0, text = 0;
  double tolerance = 0;
};

namespace detail {

template <class M>
concept EncodesImages = requires(const M& model, const Images& images) {
  model.encode_image(images);
  model.input();
};
template <class M>
concept EncodesTexts = requires(const M& model, const Texts& texts) {
  model.encode_text(texts);
};

/// Two images of noise, 3 : 1 and 1 : 3, downscaled by two: the crop offset is a whole number of pixels, so that
/// rounding conventions agree.
CLIP_HOST Images self_test_images(const ImageInput& input, std::uint64_t seed);

/// A short text and one of full context length, with the start and end tokens of OpenAI's vocabularies.
CLIP_HOST std::vector<std::vector<std::int32_t>> self_test_ids(Index context, Index vocabulary, std::uint64_t seed);

template <class Features>
std::vector<FeatureDigest> digests_of(const Features& features, Index n) {
  std::vector<FeatureDigest> digests(static_cast<std::size_t>(n));
  const auto values = features.values();
  const std::size_t each = values.size() / static_cast<std::size_t>(n);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const auto row = values.subspan(i * each, each);
    double sum = 0;
    for (const auto v : row) sum += static_cast<double>(v) * static_cast<double>(v);
    digests[i].norm = std::sqrt(sum);
    for (const auto v : row.first(std::min<std::size_t>(each, 16)))
      digests[i].first.push_back(static_cast<double>(v) / std::max(digests[i].norm, 1e-300));
  }
  return digests;
}

template <class M>
void encode_inputs(const M& model, SelfTest& test, bool images, bool texts) {
  if constexpr (EncodesImages<M>)
    if (images) test.images = digests_of(model.encode_image(self_test_images(model.input(), test.seed)), 2);
  if constexpr (EncodesTexts<M>)
    if (texts) {
      Texts rows{test.ids[0].back()};
      for (const auto& row : test.ids) rows.add(row);
      test.texts = digests_of(model.encode_text(rows), rows.size());
    }
}

/// LoadError: ids of the record that exceed the model's context or vocabulary.
template <class M>
Result<void> try_check_ids(const M& model, const SelfTest& test, const std::string& path) {
  if constexpr (EncodesTexts<M>) {
    const TextInput text = model.text_input();
    for (const auto& row : test.ids)
      if (std::cmp_greater(row.size(), text.context) ||
          std::ranges::any_of(row, [&](std::int32_t id) { return id >= text.vocabulary; }))
        return LoadError{path, "the self test stored in it has ids beyond the model's context or vocabulary"};
  }
  return {};
}

/// The self test of a file. LoadError: none stored, or an unreadable one.
CLIP_HOST Result<SelfTest> try_stored_self_test(const TensorFile& file);

/// Compares what a model computes with its file's record. NumericError: the tower, its deviation and the tolerance.
CLIP_HOST Result<SelfTestReport> try_judge_self_test(const TensorFile& file, const SelfTest& stored,
                                                     const SelfTest& found, double arithmetic);

}  // namespace detail

/// The self test of a model or of one encoder, for SaveOptions::self_test. Encodes two images and two texts.
template <class M>
[[nodiscard]] SelfTest self_test(const M& model, std::uint64_t seed = 1) {
  SelfTest test;
  test.seed = seed;
  test.scalar = std::string(ScalarTraits<typename M::T>::name);
  if constexpr (detail::EncodesTexts<M>) {
    const TextInput text = model.text_input();
    test.ids = detail::self_test_ids(text.context, text.vocabulary, seed);
  }
  detail::encode_inputs(model, test, true, true);
  return test;
}

/// Encodes the inputs of the file's self test again and compares. Skips a tower that the model or the record lacks.
/// LoadError: no self test stored, or an unreadable one. NumericError: the tower, its deviation and the tolerance.
template <class M>
[[nodiscard]] Result<SelfTestReport> try_self_test(const M& model, const std::string& path) {
  const auto file = try_open_tensors(path);
  if (!file) return file.error();
  const auto stored = detail::try_stored_self_test(*file);
  if (!stored) return stored.error();
  const bool images = detail::EncodesImages<M> && !stored->images.empty(),
             texts = detail::EncodesTexts<M> && !stored->texts.empty();
  if (!images && !texts)
    return LoadError{path, "the self test stored in it is of another tower"}.with_id("clip.load.self_test");

  SelfTest found = *stored;
  if (auto possible = detail::try_check_ids(model, found, path); !possible) return possible.error();
  detail::encode_inputs(model, found, images, texts);
  return detail::try_judge_self_test(*file, *stored, found, ScalarTraits<typename M::T>::value_tolerance);
}
template <class M>
SelfTestReport self_test(const M& model, const std::string& path) {
  return try_self_test(model, path).value();
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/self_test.inl.hpp>
#endif
