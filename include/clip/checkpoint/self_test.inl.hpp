// clip/checkpoint/self_test.inl.hpp: definitions of clip/checkpoint/self_test.hpp.
#pragma once

#include <clip/checkpoint/self_test.hpp>
#include <clip/core/rng.hpp>

#include <limits>

namespace clip::inline CLIP_ABI::detail {

CLIP_HOST Images self_test_images(const ImageInput& input, std::uint64_t seed) {
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

CLIP_HOST std::vector<std::vector<std::int32_t>> self_test_ids(Index context, Index vocabulary, std::uint64_t seed) {
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

CLIP_HOST Result<SelfTest> try_stored_self_test(const TensorFile& file) {
  const auto at = file.metadata().find(self_test_key);
  if (at == file.metadata().end())
    return LoadError{file.place(), "no self test stored in it"}.with_id("clip.load.self_test");
  return try_parse_self_test(at->second, file.place());
}

CLIP_HOST Result<SelfTestReport> try_judge_self_test(const TensorFile& file, const SelfTest& stored,
                                                     const SelfTest& found, double arithmetic) {
  SelfTestReport report;
  const double recorded = stored.scalar == ScalarTraits<double>::name ? ScalarTraits<double>::value_tolerance
                                                                      : ScalarTraits<float>::value_tolerance;
  report.tolerance = self_test_tolerance(file, 2 * std::max(arithmetic, recorded));
  if (!found.images.empty()) report.image = distance(stored.images, found.images);
  if (!found.texts.empty()) report.text = distance(stored.texts, found.texts);
  std::string wrong;
  for (const auto& [tower, off] : {std::pair{"image", report.image}, {"text", report.text}})
    if (!(off <= report.tolerance))
      wrong += (wrong.empty() ? "" : "; ") + std::string(tower) + " tower: features differ by " + in_words(off) +
               ", tolerance " + in_words(report.tolerance);
  if (!wrong.empty()) return NumericError{file.place(), "self test: " + wrong}.with_id("clip.numeric.self_test");
  return report;
}

}  // namespace clip::inline CLIP_ABI::detail
