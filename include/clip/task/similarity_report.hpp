// clip/task/similarity_report.hpp: similarity analysis of named images and texts, as JSON and as CSV.
#pragma once

#include <clip/io/json_fwd.hpp>
#include <clip/task/similarity_analysis.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What a model says of images and texts: every cosine and logit, nearest neighbours in both directions, and the gap
/// between the modalities.
struct SimilarityReport {
  std::vector<std::string> images, texts;  // their names
  Similarities<float> cosines;             // (images, texts)
  Tensor<float> logits;
  std::vector<std::vector<Neighbour>> nearest_texts, nearest_images;  // of every image, of every text
  ModalityGap gap;
  double mean_cosine = 0;                                       // of all images with all texts
  std::optional<double> image_uniformity{}, text_uniformity{};  // of two or more
  std::optional<double> pair_cosine{}, alignment{};             // where image i belongs to text i
};

struct ReportOptions {
  Index nearest = 5;
  bool paired = false;               // image i belongs to text i
  double temperature = 1, bias = 0;  // logit = temperature · cosine + bias
};

/// The report of features of any length, with cosines computed by `backend`: those of a model.
/// ShapeError: names for other numbers of features, and the errors of the functions of similarity_analysis.hpp.
template <Backend B, Index E>
SimilarityReport similarity_report(const B& backend, std::vector<std::string> image_names,
                                   std::vector<std::string> text_names, const Features<float, E>& images,
                                   const Features<float, E>& texts, const ReportOptions& options = {}) {
  const Shape names{static_cast<Index>(image_names.size()), static_cast<Index>(text_names.size())};
  if (names != Shape{images.size(), texts.size()})
    raise(
        ShapeError{"similarity_report", "features of the images and texts", names, Shape{images.size(), texts.size()}});
  SimilarityReport r{std::move(image_names), std::move(text_names), {}, {}, {}, {}, modality_gap(images, texts)};
  r.cosines = similarities(backend, images, texts);
  r.logits = logits(r.cosines, options.temperature, options.bias);
  r.nearest_texts = nearest_texts(r.cosines, options.nearest);
  r.nearest_images = nearest_images(r.cosines, options.nearest);
  for (const float x : r.cosines.values.values())
    r.mean_cosine += static_cast<double>(x) / static_cast<double>(names.count());
  if (images.size() > 1) r.image_uniformity = uniformity(images);
  if (texts.size() > 1) r.text_uniformity = uniformity(texts);
  if (options.paired) {
    r.pair_cosine = mean_pair_cosine(images, texts);
    r.alignment = alignment(images, texts);
  }
  return r;
}

/// An object with the members of the report; what is not known is null.
CLIP_HOST JsonTree to_json(const SimilarityReport& report);

/// The cosines as a table (RFC 4180): a header with the texts, then a row for each image, its name first. Numbers have
/// as many digits as a float needs.
CLIP_HOST std::string to_csv(const SimilarityReport& report);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/task/similarity_report.inl.hpp>
#endif
