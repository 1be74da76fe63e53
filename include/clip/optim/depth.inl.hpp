// clip/optim/depth.inl.hpp: definitions of clip/optim/depth.hpp.
#pragma once

#include <clip/optim/depth.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// N of "….resblocks.N.…", or -1.
inline Index block_number(std::string_view name) {
  constexpr std::string_view word = "resblocks.";
  const auto at = name.find(word);
  if (at == name.npos || (at > 0 && name[at - 1] != '.')) return -1;
  const std::string_view rest = name.substr(at + word.size());
  Index number = -1;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return failed == std::errc{} && end != rest.data() + rest.size() && *end == '.' ? number : -1;
}

inline ParameterDepth::Tower tower_of(std::string_view name) {
  if (name == "logit_scale" || name == "logit_bias") return ParameterDepth::Tower::none;
  return name.starts_with("visual.") ? ParameterDepth::Tower::image : ParameterDepth::Tower::text;
}

CLIP_HOST std::vector<double> layer_rates(const std::vector<std::string_view>& names, double factor) {
  if (!(factor > 0 && factor <= 1)) raise(OptionError{"layer_decay", "factor", "above 0, at most 1", factor});
  std::vector<double> rates;
  for (const ParameterDepth& at : parameter_depths(names))
    rates.push_back(
        at.tower == ParameterDepth::Tower::none ? 1 : std::pow(factor, static_cast<double>(at.depth + 1 - at.layer)));
  return rates;
}

}  // namespace detail

CLIP_HOST std::vector<ParameterDepth> parameter_depths(const std::vector<std::string_view>& names) {
  std::array<Index, 3> depths{};
  for (const std::string_view name : names) {
    Index& depth = depths[static_cast<std::size_t>(detail::tower_of(name))];
    depth = std::max(depth, detail::block_number(name) + 1);
  }
  std::array<bool, 3> begun{};  // whether a block of the tower came before
  std::vector<ParameterDepth> all;
  for (const std::string_view name : names) {
    const auto tower = detail::tower_of(name);
    const auto at = static_cast<std::size_t>(tower);
    const Index block = detail::block_number(name), depth = depths[at];
    if (block >= 0) begun[at] = true;
    all.push_back({tower, block >= 0 ? block + 1 : depth > 0 && !begun[at] ? 0 : depth + 1, depth});
  }
  return all;
}

CLIP_HOST Selection freeze_first(const std::vector<std::string_view>& names, const FirstBlocks& first) {
  const auto all = parameter_depths(names);
  const std::array<std::pair<ParameterDepth::Tower, Index>, 2> wanted{
      {{ParameterDepth::Tower::image, first.image}, {ParameterDepth::Tower::text, first.text}}};
  std::vector<std::string> frozen;
  for (const auto& [tower, count] : wanted) {
    Index depth = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (all[i].tower != tower) continue;
      depth = all[i].depth;
      const Index layer = all[i].layer;
      if (count > 0 && layer <= count && (layer > 0 || first.stem)) frozen.emplace_back(names[i]);
    }
    if (count < 0 || count > depth)
      raise(OptionError{"freeze_first", tower == ParameterDepth::Tower::image ? "image blocks" : "text blocks",
                        "from 0 to " + std::to_string(depth), count});
  }
  return frozen.empty() ? Selection{} : Selection{true, std::move(frozen)};
}

}  // namespace clip::inline CLIP_ABI
