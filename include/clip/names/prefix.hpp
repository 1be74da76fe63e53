// clip/names/prefix.hpp: prefixes that wrappers and training programs put before or between the names of a model.
#pragma once

#include <clip/formats/tensor_file.hpp>
#include <clip/names/dialect.hpp>
#include <clip/names/twins.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// A file whose names begin as the name tables have them.
struct Unprefixed {
  TensorFile file;
  std::string prefix{};  // what was removed from the names; empty: nothing
};

namespace detail {

/// A name by which a tower is found in a file, and its OpenAI name. `added`: the name lacks this prefix of its table,
/// as the names of transformers' towers may.
struct AnchorName {
  std::string name;
  std::string_view openai;
  std::string_view added{};
};

/// Every complete name in the tables that consists of several components, which few other models have.
inline std::vector<AnchorName> anchors_of(std::span<const NameTable> tables) {
  std::vector<AnchorName> all;
  std::map<std::string, int> times;
  const auto add = [&](std::string_view name, std::string_view openai, std::string_view added) {
    if (name.find_first_of(wildcards) != name.npos || name.find('.') == name.npos) return;
    const auto same = [&](const AnchorName& a) { return a.name == name && a.openai == openai && a.added == added; };
    if (std::any_of(all.begin(), all.end(), same)) return;  // families share names
    all.push_back({std::string(name), openai, added});
    ++times[all.back().name];
  };
  for (const NameTable& table : tables) {
    for (const NameRule& rule : table.rules) {
      add(rule.other, rule.openai, {});
      if (table.written) add(rule.openai, rule.openai, {});
      if (table.written && !table.prefix.empty() && rule.other.starts_with(table.prefix))
        add(rule.other.substr(table.prefix.size()), rule.openai, table.prefix);
    }
    for (const std::string_view name : table.own) add(name, name, {});
  }
  std::erase_if(all,
                [&](const AnchorName& a) { return !a.added.empty() && times[a.name] > 1; });  // which of the towers?
  std::sort(all.begin(), all.end(),
            [](const AnchorName& a, const AnchorName& b) { return a.name.size() > b.name.size(); });
  return all;
}

/// The tensors that one prefix would make known: their OpenAI names; and the prefix to add instead of it.
struct PrefixCandidate {
  std::set<std::string_view> openai;
  std::string_view added{};
};

/// The prefixes before the anchors in a list of names. More than a few are not all listed.
inline std::map<std::string, PrefixCandidate> prefix_candidates(const std::vector<std::string>& names,
                                                                const std::vector<AnchorName>& anchors) {
  std::map<std::string, PrefixCandidate> found;
  for (const std::string& name : names)
    for (const AnchorName& anchor : anchors) {  // the longest first
      if (!name.ends_with(anchor.name)) continue;
      const std::string_view prefix = std::string_view(name).substr(0, name.size() - anchor.name.size());
      if (!prefix.empty() && prefix.back() != '.') continue;
      if (prefix.size() > 200 || (found.size() == 16 && !found.contains(std::string(prefix)))) break;
      PrefixCandidate& candidate = found[std::string(prefix)];
      candidate.openai.insert(anchor.openai);
      if (!anchor.added.empty()) candidate.added = anchor.added;
      break;
    }
  return found;
}

inline bool all_differ(const std::vector<std::string>& names) {
  return std::set<std::string_view>(names.begin(), names.end()).size() == names.size();
}

/// Removes the components of wrappers: all of them, or those before every name. Returns the first of the removed.
inline std::string remove_wrappers(std::vector<std::string>& names, bool everywhere) {
  std::string removed;
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view wrapper : wrapper_components) {
      const auto begins = [&](const std::string& name) {
        return name.size() > wrapper.size() && name.size() <= longest_name && name.starts_with(wrapper);
      };
      if (names.empty() || !std::all_of(names.begin(), names.end(), begins)) continue;
      for (std::string& name : names) name.erase(0, wrapper.size());
      removed += wrapper;
      again = true;
    }
  }
  if (!everywhere) return removed;
  std::set<std::string_view> inside;
  for (std::string& name : names) {
    if (name.size() > longest_name) continue;
    for (const std::string_view wrapper : wrapper_components)
      for (std::size_t at = 0; (at = name.find(wrapper, at)) != name.npos;) {
        if (at > 0 && name[at - 1] != '.') {
          ++at;
          continue;
        }
        name.erase(at, wrapper.size());
        if (inside.insert(wrapper).second) removed += wrapper;
      }
  }
  return removed;
}

/// The file with other names for the same tensors.
inline TensorFile with_names(const TensorFile& file, std::vector<std::string> names) {
  std::vector<FileTensor> tensors{file.tensors().begin(), file.tensors().end()};
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].name = std::move(names[i]);
  return file.with(std::move(tensors));
}

/// Whether a name without the prefix of its table is of that table.
inline bool is_bare(std::string_view name, std::string_view prefix, std::span<const NameTable> tables) {
  const std::string whole = std::string(prefix) + std::string(name);
  for (const NameTable& table : tables)
    if (table.written && table.prefix == prefix)
      for (const NameRule& rule : table.rules)
        if (match_other(rule, whole)) return true;
  return false;
}

}  // namespace detail

/// The same file without the components of wrappers ("module.", "_orig_mod." …, also inside names), and without the one
/// prefix that stands before the names of a tower: "model.", "clip.", "net.". A tower of transformers without its own
/// prefix receives it. Nothing changes if names are known as they are, or would coincide.
/// LoadError: several prefixes stand before the same names, with all of them; as try_without_twins.
[[nodiscard]] inline Result<Unprefixed> try_without_prefix(const TensorFile& with_twins,
                                                           std::span<const NameTable> tables) {
  const auto single = try_without_twins(with_twins);
  if (!single) return single.error();
  const TensorFile& file = *single;
  std::vector<std::string> stored;
  for (const FileTensor& t : file.tensors()) stored.push_back(t.name);
  const std::vector<detail::AnchorName> anchors = detail::anchors_of(tables);
  std::vector<std::string> names = stored;
  std::string removed = detail::remove_wrappers(names, true);
  auto candidates = detail::prefix_candidates(names, anchors);
  if (candidates.empty() || !detail::all_differ(names)) {
    names = stored;
    removed = detail::remove_wrappers(names, false);
    candidates = detail::prefix_candidates(names, anchors);
  }
  const auto plain = candidates.find("");
  if (plain != candidates.end() && plain->second.added.empty()) candidates.clear();  // known as they are

  std::map<std::string_view, const std::string*> owner;
  std::set<std::string> rivals;
  for (const auto& [prefix, candidate] : candidates)
    for (const std::string_view name : candidate.openai)
      if (const auto [first, is_new] = owner.emplace(name, &prefix); !is_new) {
        rivals.insert(*first->second);
        rivals.insert(prefix);
      }
  if (!rivals.empty()) {
    std::string list;
    for (const std::string& prefix : rivals) list += (list.empty() ? "\"" : ", \"") + prefix + "\"";
    return LoadError{file.place(), "names: several prefixes stand before the names of a model: " + list +
                                       "; choose one by it, as state_dict (--state-dict of the program clip)"}
        .with_id("clip.load.ambiguous");
  }
  if (candidates.size() == 1) {
    const auto& [prefix, candidate] = *candidates.begin();
    std::vector<std::string> without = names;
    for (std::string& name : without) {
      if (name.size() <= prefix.size() || !name.starts_with(prefix)) continue;
      name.erase(0, prefix.size());
      if (!candidate.added.empty() && detail::is_bare(name, candidate.added, tables)) name.insert(0, candidate.added);
    }
    if (detail::all_differ(without)) {
      names = std::move(without);
      removed += prefix;
    }
  }
  if (names == stored) return Unprefixed{file};
  return Unprefixed{detail::with_names(file, std::move(names)), std::move(removed)};
}

}  // namespace clip::inline CLIP_ABI
