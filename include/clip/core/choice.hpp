// clip/core/choice.hpp: enumerators by name, as in configuration files.
#pragma once

#include <clip/core/result.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The element of `choices` with the given name, or nullopt.
template <class Choice, std::size_t count>
constexpr std::optional<Choice> choice_named(std::string_view name, const std::array<Choice, count>& choices) {
  for (const Choice& choice : choices)
    if (name == name_of(choice)) return choice;
  return std::nullopt;
}

/// "a, b or c"
template <class Choice, std::size_t count>
std::string names_in_words(const std::array<Choice, count>& choices) {
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) names += i + 1 < count ? ", " : " or ";
    names += name_of(choices[i]);
  }
  return names;
}

/// The element of `choices` with the given name. OptionError: no such name; the message lists the valid ones.
template <class Choice, std::size_t count>
Result<Choice> try_choice(std::string_view place, std::string_view what, std::string_view name,
                          const std::array<Choice, count>& choices) {
  if (const auto choice = choice_named(name, choices)) return *choice;
  return OptionError{std::string(place), std::string(what), names_in_words(choices), name}.with_id("clip.option.name");
}

}  // namespace clip::inline CLIP_ABI
