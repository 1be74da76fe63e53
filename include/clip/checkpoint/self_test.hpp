// clip/checkpoint/self_test.hpp: self test of a model file: recorded features, and their verification.
//
// Wrong activations, means and layouts load without an error and only reduce accuracy. A self test detects them: the
// file records a few features of known inputs.
//   save(model, path, {.self_test = self_test(model)});     …     self_test(model, path);
#pragma once

#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/core/rng.hpp>
#include <clip/core/scalar.hpp>
#include <clip/image/image.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/model/text_input.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
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
inline Images self_test_images(const ImageInput& input, std::uint64_t seed) {
  Images images;
  std::vector<float> values;
  for (const auto& [width, height] :
       {std::pair{6 * input.image_size, 2 * input.image_size}, {2 * input.image_size, 6 * input.image_size}}) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * 3));
    Rng rng = Rng{seed}.fork("clip.self_test").fork(static_cast<std::uint64_t>(width));
    for (std::uint8_t& p : pixels) p = static_cast<std::uint8_t>(rng.bits() >> 24);
    const Images one = preprocess(input, Image{width, height, Pixels::rgb, std::move(pixels)});
    values.insert(values.end(), one.values().begin(), one.values().end());
  }
  return Images::from_floats(2, input.channels, input.image_size, input.image_size, std::move(values));
}

/// A short text and one of full context length, with the start and end tokens of OpenAI's vocabularies.
inline std::vector<std::vector<std::int32_t>> self_test_ids(Index context, Index vocabulary, std::uint64_t seed) {
  Rng rng = Rng{seed}.fork("clip.self_test").fork("ids");
  std::vector<std::vector<std::int32_t>> ids;
  for (const Index length : {std::min<Index>(context, 5), context}) {
    std::vector<std::int32_t> row(static_cast<std::size_t>(length));
    for (std::int32_t& id : row)
      id = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(std::max<Index>(1, vocabulary - 2))));
    row.front() = static_cast<std::int32_t>(vocabulary - 2);
    row.back() = static_cast<std::int32_t>(vocabulary - 1);
    ids.push_back(std::move(row));
  }
  return ids;
}

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

/// The largest deviation between recorded and found values; infinity for records of different form and for NaN.
inline double distance(const std::vector<FeatureDigest>& stored, const std::vector<FeatureDigest>& found) {
  constexpr double none = std::numeric_limits<double>::infinity();
  if (stored.size() != found.size()) return none;
  double most = 0;
  const auto take = [&](double d) { most = d <= most ? most : std::isnan(d) ? none : d; };
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].first.size() != found[i].first.size()) return none;
    take(std::abs(stored[i].norm - found[i].norm) / std::max(stored[i].norm, 1e-300));
    for (std::size_t k = 0; k < stored[i].first.size(); ++k) take(std::abs(stored[i].first[k] - found[i].first[k]));
  }
  return most;
}

/// The tolerance after a whole network, by arithmetic type; weights rounded to 16 bits change features by more.
inline double self_test_tolerance(const TensorFile& file, double arithmetic) {
  double tolerance = arithmetic;
  for (const FileTensor& t : file.tensors()) {
    if (t.dtype == Dtype::f16) tolerance = std::max(tolerance, 4e-3);
    if (t.dtype == Dtype::bf16) tolerance = std::max(tolerance, 3e-2);
  }
  return tolerance;
}

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
template <class M, class Inflate = detail::Inflate>
[[nodiscard]] Result<SelfTestReport> try_self_test(const M& model, const std::string& path) {
  const auto file = try_open_tensors<Inflate>(path);
  if (!file) return file.error();
  const auto at = file->metadata().find(self_test_key);
  if (at == file->metadata().end()) return LoadError{path, "no self test stored in it"}.with_id("clip.load.self_test");
  const auto stored = try_parse_self_test(at->second, path);
  if (!stored) return stored.error();
  const bool images = detail::EncodesImages<M> && !stored->images.empty(),
             texts = detail::EncodesTexts<M> && !stored->texts.empty();
  if (!images && !texts)
    return LoadError{path, "the self test stored in it is of another tower"}.with_id("clip.load.self_test");

  SelfTest found = *stored;
  if (auto possible = detail::try_check_ids(model, found, path); !possible) return possible.error();
  detail::encode_inputs(model, found, images, texts);
  SelfTestReport report;
  using Mine = ScalarTraits<typename M::T>;
  report.tolerance = detail::self_test_tolerance(
      *file, 2 * std::max(Mine::value_tolerance, stored->scalar == ScalarTraits<double>::name
                                                     ? ScalarTraits<double>::value_tolerance
                                                     : ScalarTraits<float>::value_tolerance));
  if (images) report.image = detail::distance(stored->images, found.images);
  if (texts) report.text = detail::distance(stored->texts, found.texts);
  std::string wrong;
  for (const auto& [tower, off] : {std::pair{"image", report.image}, {"text", report.text}})
    if (!(off <= report.tolerance))
      wrong += (wrong.empty() ? "" : "; ") + std::string(tower) + " tower: features differ by " +
               detail::in_words(off) + ", tolerance " + detail::in_words(report.tolerance);
  if (!wrong.empty()) return NumericError{path, "self test: " + wrong}.with_id("clip.numeric.self_test");
  return report;
}
template <class M, class Inflate = detail::Inflate>
SelfTestReport self_test(const M& model, const std::string& path) {
  return try_self_test<M, Inflate>(model, path).value();
}

}  // namespace clip::inline CLIP_ABI
