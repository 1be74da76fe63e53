// clip/checkpoint/compare_statements.hpp: differences between a model's configuration and what stands beside weights.
#pragma once

#include <clip/checkpoint/model_statement.hpp>
#include <clip/config/activation.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/nearest.hpp>
#include <clip/core/result.hpp>
#include <clip/io/json.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Appends a difference to a list of them.
inline void add_difference(std::string& wrong, const std::string& what, std::string_view expected,
                           std::string_view found) {
  if (expected == found) return;
  wrong += (wrong.empty() ? "" : "; ") + what + ": expected " + std::string(expected) + " (the model's), found " +
           std::string(found);
}

/// Appends the differences between a file's statements about a tower and the model's configuration.
inline void compare_tower(std::string& wrong, const std::string& name, const TowerStatement& mine,
                          const TowerStatement& stated) {
  if (stated.activation && mine.activation)
    add_difference(wrong, name + " activation", name_of(*mine.activation), name_of(*stated.activation));
  if (stated.heads > 0 && mine.heads > 0)
    add_difference(wrong, name + " heads", std::to_string(mine.heads), std::to_string(stated.heads));
  if (stated.head_width > 0 && mine.head_width > 0)
    add_difference(wrong, name + " head width", std::to_string(mine.head_width), std::to_string(stated.head_width));
  if (stated.epsilon && mine.epsilon)
    add_difference(wrong, name + " epsilon", in_words(*mine.epsilon), in_words(*stated.epsilon));
  if (stated.stem_padding && mine.stem_padding)
    add_difference(wrong, name + " stem padding", std::to_string(*mine.stem_padding),
                   std::to_string(*stated.stem_padding));
  if (stated.pos_cnn && mine.pos_cnn && *stated.pos_cnn && *mine.pos_cnn)  // otherwise names tell
    add_difference(wrong, name + " PosCNN", clip::in_words(*mine.pos_cnn), clip::in_words(*stated.pos_cnn));
  if (stated.causal && mine.causal)
    add_difference(wrong, name + " causal mask", *mine.causal ? "yes" : "no", *stated.causal ? "yes" : "no");
  if (stated.end && mine.end)
    add_difference(wrong, name + " end", std::to_string(*mine.end), std::to_string(*stated.end));
  if (stated.last_pooled && mine.last_pooled)
    add_difference(wrong, name + " pooling of the last position", *mine.last_pooled ? "yes" : "no",
                   *stated.last_pooled ? "yes" : "no");
  if (stated.pooling && mine.pooling)
    add_difference(wrong, name + " pooling", name_of(*mine.pooling), name_of(*stated.pooling));
  if (stated.offset && mine.offset)
    add_difference(wrong, name + " position of the first token", std::to_string(*mine.offset),
                   std::to_string(*stated.offset));
  if (stated.projection_tanh && mine.projection_tanh)
    add_difference(wrong, name + " tanh after the projection", *mine.projection_tanh ? "yes" : "no",
                   *stated.projection_tanh ? "yes" : "no");
}

/// Three numbers, each the shortest that reads back as the same float.
inline std::string colours_in_words(const std::array<float, 3>& colours) {
  std::string words;
  for (const float x : colours) words += (words.empty() ? "" : ", ") + json_text(Json(as_written(x)));
  return words;
}

/// The same for the preprocessing. Not the order of colours and the resampling, which no description names: they follow
/// from its kind, and a published constant is loaded from folders of either kind. Not the sizes either, if the model
/// has another resolution than the file by request.
inline void compare_preprocessing(std::string& wrong, const ImageInput& mine, const PreprocessingStatement& stated,
                                  bool sizes) {
  const Preprocessing &a = mine.preprocessing, &b = stated.how;
  if (sizes) {
    add_difference(wrong, "image size", std::to_string(mine.image_size), std::to_string(stated.image_size));
    add_difference(wrong, "resized side", std::to_string(a.resized(mine.image_size)),
                   std::to_string(b.resized(stated.image_size)));
  }
  add_difference(wrong, "resize", name_of(a.resize), name_of(b.resize));
  add_difference(wrong, "interpolation", name_of(a.interpolation), name_of(b.interpolation));
  add_difference(wrong, "rescale_factor", json_text(Json(a.rescale_factor)), json_text(Json(b.rescale_factor)));
  add_difference(wrong, "mean", colours_in_words(a.mean), colours_in_words(b.mean));
  add_difference(wrong, "deviation", colours_in_words(a.deviation), colours_in_words(b.deviation));
}

/// What a model takes for granted because a file states neither: "image heads 12, activation quick_gelu and mean …".
/// Empty: nothing. A null statement or input: the model has no such tower.
inline std::string assumed_in_words(const ModelStatement& stated, const TowerStatement* image,
                                    const TowerStatement* text, const ImageInput* input) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& name, const TowerStatement* mine, const TowerStatement& said) {
    if (mine == nullptr) return;
    if (mine->heads > 0 && said.heads == 0) words.push_back(name + " heads " + std::to_string(mine->heads));
    if (mine->activation && !said.activation)
      words.push_back(name + " activation " + std::string(name_of(*mine->activation)));
  };
  add("image", image, stated.image);
  add("text", text, stated.text);
  if (input != nullptr && !stated.preprocessing) words.push_back("mean " + colours_in_words(input->preprocessing.mean));
  return clip::in_words(std::vector<std::string_view>(words.begin(), words.end()));
}

}  // namespace clip::inline CLIP_ABI::detail
