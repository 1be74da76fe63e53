// clip/core/choice.hpp: the values of an enumeration by the names files use.
#pragma once

#include <clip/core/result.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The one of `choices` whose name_of is `name`; anything else is an OptionError that lists them: "a, b or c".
template <class Choice, class... More>
Result<Choice> try_choice(std::string_view place, std::string_view what, std::string_view name, Choice first, More... more) {
  const std::array<Choice, 1 + sizeof...(More)> choices{first, more...};
  std::string names;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (name == name_of(choices[i])) return choices[i];
    if (i > 0) names += i + 1 < choices.size() ? ", " : " or ";
    names += name_of(choices[i]);
  }
  return OptionError{std::string(place), std::string(what), names, name};
}

}  // namespace clip::inline CLIP_ABI
