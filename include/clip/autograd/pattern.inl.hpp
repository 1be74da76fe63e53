// clip/autograd/pattern.inl.hpp: definitions of clip/autograd/pattern.hpp.
#pragma once

#include <clip/autograd/pattern.hpp>
#include <clip/core/nearest.hpp>

#include <algorithm>

namespace clip::inline CLIP_ABI {

CLIP_HOST void Selection::check(std::span<const std::string_view> names,
                                std::span<const std::string_view> frozen) const {
  for (const std::string& pattern : patterns_) {
    const auto fits = [&](std::string_view name) { return matches(pattern, name); };
    if (std::ranges::any_of(names, fits)) continue;
    if (const auto found = std::ranges::find_if(frozen, fits); found != frozen.end()) {
      if (inverted_) continue;
      raise(OptionError{"parameters", "the pattern \"" + pattern + "\" asks to train " + std::string(*found) +
                                          ", which the model keeps frozen"}
                .with_id("clip.option.frozen"));
    }
    std::string loose;  // the pattern with any characters where it has a range
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      loose += pattern[i] == '{' ? '*' : pattern[i];
      if (pattern[i] == '{') i = std::min(pattern.find('}', i), pattern.size());
    }
    const auto nearest = nearest_names(loose, names);
    raise(OptionError{"parameters", "the pattern \"" + pattern + "\" fits no parameter of the model" +
                                        (nearest.empty() ? "" : "; the nearest: " + in_words(nearest))}
              .with_id("clip.option.pattern"));
  }
}

}  // namespace clip::inline CLIP_ABI
