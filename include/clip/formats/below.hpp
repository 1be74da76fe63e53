// clip/formats/below.hpp: the part of a list of named tensors whose names begin with a prefix.
#pragma once

#include <clip/core/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Keeps the items whose names begin with `prefix` and a dot, and removes both from these names. False: there are none.
template <class Item>
bool keep_below(std::vector<Item>& items, std::string_view prefix, std::string Item::*name) {
  const std::string begin = std::string(prefix) + ".";
  std::erase_if(
      items, [&](const Item& item) { return (item.*name).size() == begin.size() || !(item.*name).starts_with(begin); });
  for (Item& item : items) (item.*name).erase(0, begin.size());
  return !items.empty();
}

/// The error for a state dictionary that is asked for by what stands before the names of a file, and is not there.
inline Error none_below(const std::string& place, std::string_view prefix) {
  return LoadError{place, "no state dict \"" + std::string(prefix.substr(0, 60)) + "\": no name begins so"}.with_id(
      "clip.load.state_dict");
}

}  // namespace clip::inline CLIP_ABI::detail
