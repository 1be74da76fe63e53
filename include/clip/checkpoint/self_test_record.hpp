// clip/checkpoint/self_test_record.hpp: record of a self test: features of known inputs, as JSON in a file's metadata.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The metadata key of the record.
inline constexpr const char* self_test_key = "clip.self_test";

/// A digest of a feature vector that distinguishes models: its length, and its first values after normalisation.
struct FeatureDigest {
  double norm = 0;
  std::vector<double> first;

  friend bool operator==(const FeatureDigest&, const FeatureDigest&) = default;
};

/// Images are noise drawn from `seed`, including their decoded size, so that preprocessing is tested, too. Texts are
/// ids; the last one is the end of text. Empty for a tower that was not run.
struct SelfTest {
  std::uint64_t seed = 0;
  std::string scalar;  // the arithmetic type of the computation
  std::vector<FeatureDigest> images, texts;
  std::vector<std::vector<std::int32_t>> ids;

  friend bool operator==(const SelfTest&, const SelfTest&) = default;
};

/// The record as JSON text.
CLIP_HOST std::string self_test_text(const SelfTest& test);

/// LoadError: a text that is not a self test.
[[nodiscard]] CLIP_HOST Result<SelfTest> try_parse_self_test(const std::string& text, const std::string& file);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/self_test_record.inl.hpp>
#endif
