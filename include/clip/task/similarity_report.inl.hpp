// clip/task/similarity_report.inl.hpp: definitions of clip/task/similarity_report.hpp.
#pragma once

#include <clip/io/csv_field.hpp>
#include <clip/io/json.hpp>
#include <clip/task/similarity_report.hpp>

#include <charconv>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {

inline Json rows_as_json(View<const float> values) {
  Json rows = Json::array();
  for (Index i = 0; i < values.rows; ++i) {
    Json row = Json::array();
    for (Index j = 0; j < values.cols; ++j) row.push_back(as_written(values(i, j)));
    rows.push_back(std::move(row));
  }
  return rows;
}

inline Json neighbours_as_json(const std::vector<std::vector<Neighbour>>& all, const std::vector<std::string>& names) {
  Json lists = Json::array();
  for (const auto& neighbours : all) {
    Json list = Json::array();
    for (const Neighbour& n : neighbours) {
      Json one;
      put_fields(one, "index", n.index, "name", names[static_cast<std::size_t>(n.index)], "cosine", n.cosine);
      list.push_back(std::move(one));
    }
    lists.push_back(std::move(list));
  }
  return lists;
}

inline Json known(const std::optional<double>& x) { return x ? Json(*x) : Json(); }

}  // namespace detail

CLIP_HOST JsonTree to_json(const SimilarityReport& r) {
  return json_object(
      "images", r.images, "texts", r.texts, "cosines", detail::rows_as_json(r.cosines.values.view()), "logits",
      detail::rows_as_json(r.logits.view()), "nearest_texts", detail::neighbours_as_json(r.nearest_texts, r.texts),
      "nearest_images", detail::neighbours_as_json(r.nearest_images, r.images), "mean_cosine", r.mean_cosine,
      "modality_gap",
      json_object("distance", r.gap.distance, "cosine_of_means", r.gap.cosine_of_means, "image_mean_length",
                  r.gap.image_mean_length, "text_mean_length", r.gap.text_mean_length),
      "image_uniformity", detail::known(r.image_uniformity), "text_uniformity", detail::known(r.text_uniformity),
      "pair_cosine", detail::known(r.pair_cosine), "alignment", detail::known(r.alignment));
}

CLIP_HOST std::string to_csv(const SimilarityReport& r) {
  std::string table = "image";
  for (const std::string& text : r.texts) table += ',' + detail::csv_field(text);
  table += "\r\n";
  for (std::size_t i = 0; i < r.images.size(); ++i) {
    table += detail::csv_field(r.images[i]);
    for (const float x : r.cosines[static_cast<Index>(i)]) {
      char digits[32];
      table += ',';
      table.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
    }
    table += "\r\n";
  }
  return table;
}

}  // namespace clip::inline CLIP_ABI
