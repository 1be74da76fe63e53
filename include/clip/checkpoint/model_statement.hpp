// clip/checkpoint/model_statement.hpp: what a file and its folder state about a model.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>
#include <clip/tower/description.hpp>

#include <optional>
#include <string>

namespace clip::inline CLIP_ABI::detail {

/// The preprocessing that an image processor states, and the size of its result.
struct PreprocessingStatement {
  Preprocessing how{};
  Index image_size = 0;
  std::string place{};  // the file that states it
};

/// The statements of a file and its folder about the whole model. 0: not stated.
struct ModelStatement {
  TowerStatement image{}, text{};
  Index image_size = 0, context = 0, vocabulary = 0, embed_dim = 0;
  std::optional<PreprocessingStatement> preprocessing{};
  std::string place{};  // the file or folder that makes the statements
};

}  // namespace clip::inline CLIP_ABI::detail
