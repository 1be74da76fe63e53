// clip/checkpoint/self_test.hpp: a file that knows what its model answers, and the check that it still does.
//
// Wrong activations, means and layouts load without a word and only cost accuracy. A file that carries a few answers tells:
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

/// How far the answers lay apart: of unit-length features, and of their lengths relative to the recorded ones.
struct SelfTestReport {
  double image = 0, text = 0;
  double tolerance = 0;
};

namespace detail {

template <class M>
concept AnswersImages = requires(const M& model, const Images& images) {
  model.encode_image(images), model.input();
};
template <class M>
concept AnswersTexts = requires(const M& model, const Texts& texts) {
  model.encode_text(texts);
};

/// Two pictures of noise, three times as wide as high and three times as high, to be shrunk by two: what is cut off is a whole
/// number of pixels, about which nobody's rounding differs.
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

/// A short text and one that fills the context, as OpenAI's vocabularies begin and end them.
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
std::vector<FeatureSign> signs_of(const Features& features, Index n) {
  std::vector<FeatureSign> signs(static_cast<std::size_t>(n));
  const auto values = features.values();
  const std::size_t each = values.size() / static_cast<std::size_t>(n);
  for (std::size_t i = 0; i < signs.size(); ++i) {
    const auto row = values.subspan(i * each, each);
    double sum = 0;
    for (const auto v : row) sum += static_cast<double>(v) * static_cast<double>(v);
    signs[i].norm = std::sqrt(sum);
    for (const auto v : row.first(std::min<std::size_t>(each, 16)))
      signs[i].first.push_back(static_cast<double>(v) / std::max(signs[i].norm, 1e-300));
  }
  return signs;
}

template <class M>
void answer(const M& model, SelfTest& test, bool images, bool texts) {
  if constexpr (AnswersImages<M>)
    if (images) test.images = signs_of(model.encode_image(self_test_images(model.input(), test.seed)), 2);
  if constexpr (AnswersTexts<M>)
    if (texts) {
      Texts rows{test.ids[0].back()};
      for (const auto& row : test.ids) rows.add(row);
      test.texts = signs_of(model.encode_text(rows), rows.size());
    }
}

/// LoadError: ids of the record that the model has no place for.
template <class M>
Result<void> try_check_ids(const M& model, const SelfTest& test, const std::string& path) {
  if constexpr (AnswersTexts<M>) {
    const TextInput text = model.text_input();
    for (const auto& row : test.ids)
      if (std::cmp_greater(row.size(), text.context) ||
          std::ranges::any_of(row, [&](std::int32_t id) { return id >= text.vocabulary; }))
        return LoadError{path, "the self test stored in it has ids beyond the model's context or vocabulary"};
  }
  return {};
}

/// The largest distance between what was stored and what is found; infinity where they do not even have the same form, and for NaN.
inline double distance(const std::vector<FeatureSign>& stored, const std::vector<FeatureSign>& found) {
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

/// What values of a type may lie apart after a whole network; rounded weights move features by some of their last places.
inline double self_test_tolerance(const TensorFile& file, double arithmetic) {
  double tolerance = arithmetic;
  for (const FileTensor& t : file.tensors()) {
    if (t.dtype == Dtype::f16) tolerance = std::max(tolerance, 4e-3);
    if (t.dtype == Dtype::bf16) tolerance = std::max(tolerance, 3e-2);
  }
  return tolerance;
}

}  // namespace detail

/// What a model, or one of its encoders, answers; for SaveOptions::self_test. Two pictures and two texts are encoded.
template <class M>
[[nodiscard]] SelfTest self_test(const M& model, std::uint64_t seed = 1) {
  SelfTest test;
  test.seed = seed;
  test.scalar = std::string(ScalarTraits<typename M::T>::name);
  if constexpr (detail::AnswersTexts<M>) {
    const TextInput text = model.text_input();
    test.ids = detail::self_test_ids(text.context, text.vocabulary, seed);
  }
  detail::answer(model, test, true, true);
  return test;
}

/// Encodes again what the file's answers were made of. A tower the model or the file's record does not have is left out.
/// LoadError: no self test stored, or not readable. NumericError: which tower is off, by how much, and what was allowed.
template <class M, class Inflate = detail::Inflate>
[[nodiscard]] Result<SelfTestReport> try_self_test(const M& model, const std::string& path) {
  const auto file = try_open_tensors<Inflate>(path);
  if (!file) return file.error();
  const auto at = file->metadata().find(self_test_key);
  if (at == file->metadata().end()) return LoadError{path, "no self test stored in it"}.with_id("clip.load.self_test");
  const auto stored = try_parse_self_test(at->second, path);
  if (!stored) return stored.error();
  const bool images = detail::AnswersImages<M> && !stored->images.empty(),
             texts = detail::AnswersTexts<M> && !stored->texts.empty();
  if (!images && !texts)
    return LoadError{path, "the self test stored in it is of another tower"}.with_id("clip.load.self_test");

  SelfTest found = *stored;
  if (auto possible = detail::try_check_ids(model, found, path); !possible) return possible.error();
  detail::answer(model, found, images, texts);
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
      wrong += (wrong.empty() ? "" : "; ") + std::string(tower) + " tower: features are off by " +
               detail::in_words(off) + ", allowed are " + detail::in_words(report.tolerance);
  if (!wrong.empty()) return NumericError{path, "self test: " + wrong}.with_id("clip.numeric.self_test");
  return report;
}
template <class M, class Inflate = detail::Inflate>
SelfTestReport self_test(const M& model, const std::string& path) {
  return try_self_test<M, Inflate>(model, path).value();
}

}  // namespace clip::inline CLIP_ABI
