// clip/learn/probe_file.hpp: files of linear probes, which scikit-learn can take.
#pragma once

#include <clip/core/result.hpp>
#include <clip/learn/linear_probe.hpp>

#include <cstdint>
#include <string>

namespace clip::inline CLIP_ABI {

/// Writes a probe atomically: arrays coef_ (classes, width), intercept_ (classes) in float64, classes_ (classes) in
/// int64. Two classes have one row, W₁ - W₀, as scikit-learn's have. A name that ends in .npz: numpy's archive;
/// otherwise .safetensors.
///
///   f = numpy.load("probe.npz")
///   classifier = sklearn.linear_model.LogisticRegression()
///   classifier.coef_, classifier.intercept_, classifier.classes_ = f["coef_"], f["intercept_"], f["classes_"]
///
/// SystemError: disk or folder.
[[nodiscard]] CLIP_HOST Result<void> try_save_probe(const LinearProbe<std::int64_t>& probe, const std::string& path);
inline void save_probe(const LinearProbe<std::int64_t>& probe, const std::string& path) {
  try_save_probe(probe, path).value();
}

/// Reads such a file of either kind. LoadError: an array is missing, of another shape, or not finite.
[[nodiscard]] CLIP_HOST Result<LinearProbe<std::int64_t>> try_open_probe(const std::string& path);
inline LinearProbe<std::int64_t> open_probe(const std::string& path) { return try_open_probe(path).value(); }

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/learn/probe_file.inl.hpp>
#endif
