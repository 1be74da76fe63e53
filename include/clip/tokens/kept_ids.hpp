// clip/tokens/kept_ids.hpp: the ids of a vocabulary that a reduced one keeps, and their new ids.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The file of a folder that states a reduced vocabulary (AnyTokenizer::files).
inline constexpr const char* reduced_vocabulary_file = "reduced_vocabulary.json";

/// The ids that a reduced vocabulary keeps of a whole one, in their order: ids()[i] becomes i. So the start and the end
/// of a text keep their places before, behind or between the others.
class KeptIds {
 public:
  /// `ids` of a vocabulary of `whole` ids, in any order, also repeated. InputError: an id of `whole` or more, or below
  /// 0; none at all.
  [[nodiscard]] static Result<KeptIds> try_make(Index whole, std::vector<std::int32_t> ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids.empty()) return InputError{"kept ids", "number of ids", "1 or more", 0};
    for (const std::int32_t id : {ids.front(), ids.back()})
      if (id < 0 || id >= whole)
        return InputError{"kept ids", "id", "0 to " + std::to_string(whole - 1), id}.with_id("clip.input.tokens");
    KeptIds kept;
    kept.new_ids_.assign(static_cast<std::size_t>(whole), -1);
    for (std::size_t i = 0; i < ids.size(); ++i)
      kept.new_ids_[static_cast<std::size_t>(ids[i])] = static_cast<std::int32_t>(i);
    kept.ids_ = std::move(ids);
    return kept;
  }

  /// The number of ids of the whole vocabulary.
  Index whole() const { return static_cast<Index>(new_ids_.size()); }
  /// The number of ids kept.
  Index size() const { return static_cast<Index>(ids_.size()); }
  /// The ids kept, in ascending order.
  const std::vector<std::int32_t>& ids() const { return ids_; }
  /// The new id of an id of the whole vocabulary; -1: it is not kept, or there is no such id.
  std::int32_t new_id(std::int32_t id) const {
    return id < 0 || id >= whole() ? -1 : new_ids_[static_cast<std::size_t>(id)];
  }

 private:
  KeptIds() = default;

  std::vector<std::int32_t> ids_, new_ids_;
};

}  // namespace clip::inline CLIP_ABI
