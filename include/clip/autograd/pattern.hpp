// clip/autograd/pattern.hpp: name patterns that select parameters.
#pragma once

#include <clip/core/error.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// True if a name fits a pattern: `*` is any run of characters, `?` one character, `{0..5}` a number in that range.
///   "visual.*"    "visual.transformer.resblocks.{0..5}.*"
constexpr bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip)
      if (matches(pattern.substr(1), name.substr(skip))) return true;
    return false;
  }
  if (name.empty()) return false;
  if (pattern.front() == '{') {
    const auto number = [](std::string_view text, std::size_t& used) {
      int value = 0;
      for (used = 0; used < text.size() && used < 9 && text[used] >= '0' && text[used] <= '9'; ++used)
        value = 10 * value + (text[used] - '0');
      return value;
    };
    std::size_t a = 0, b = 0, n = 0;
    const int low = number(pattern.substr(1), a);
    if (a == 0 || pattern.substr(1 + a, 2) != "..") return false;
    const int high = number(pattern.substr(3 + a), b);
    if (b == 0 || pattern.substr(3 + a + b, 1) != "}") return false;
    const int found = number(name, n);
    return n > 0 && found >= low && found <= high && matches(pattern.substr(4 + a + b), name.substr(n));
  }
  return (pattern.front() == '?' || pattern.front() == name.front()) && matches(pattern.substr(1), name.substr(1));
}

/// Which parameters: all, only those that fit one of the patterns, or all except those. Every pattern must fit at least
/// one parameter of the model.
class Selection {
 public:
  Selection() = default;
  Selection(bool inverted, std::vector<std::string> patterns)
      : all_{false}, inverted_{inverted}, patterns_{std::move(patterns)} {}

  bool operator()(std::string_view name) const {
    if (all_) return true;
    for (const auto& pattern : patterns_)
      if (matches(pattern, name)) return !inverted_;
    return inverted_;
  }

  /// OptionError: a pattern that none of the names fits, with the nearest names. Such a pattern is a misspelling, which
  /// would train too much or too little. Or one that asks for a weight of `frozen`, which is never trained.
  CLIP_HOST void check(std::span<const std::string_view> names, std::span<const std::string_view> frozen = {}) const;

 private:
  bool all_ = true;
  bool inverted_ = false;
  std::vector<std::string> patterns_;
};

template <class... S>
Selection only(S&&... patterns) {
  return {false, {std::string(std::forward<S>(patterns))...}};
}
template <class... S>
Selection except(S&&... patterns) {
  return {true, {std::string(std::forward<S>(patterns))...}};
}

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/autograd/pattern.inl.hpp>
#endif
