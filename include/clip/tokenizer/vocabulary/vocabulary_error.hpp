// clip/tokenizer/vocabulary/vocabulary_error.hpp: the error of a vocabulary file that is damaged or of another kind.
#pragma once

#include <clip/core/result.hpp>

#include <string>

namespace clip::inline CLIP_ABI::detail {

inline constexpr const char* vocabulary_error_id = "clip.load.vocabulary";

/// LoadError{place, what, expected, found} with the identifier clip.load.vocabulary.
template <class Expected, class Found>
Error vocabulary_error(const std::string& place, const std::string& what, const Expected& expected,
                       const Found& found) {
  return LoadError{place, what, expected, found}.with_id(vocabulary_error_id);
}

}  // namespace clip::inline CLIP_ABI::detail
