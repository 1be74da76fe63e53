// clip/tokenizer/sentencepiece/piece_trie.inl.hpp: definitions of clip/tokenizer/sentencepiece/piece_trie.hpp.
#pragma once

#include <clip/io/file_budget.hpp>
#include <clip/tokenizer/sentencepiece/piece_trie.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// Places nodes depth first. The children of a node go to free units of one block of 256; only the last blocks are
/// searched, so that building takes time proportional to the number of nodes.
class PieceTrie::Builder {
 public:
  Builder(std::span<const Entry> entries, std::size_t most_units) : entries_{entries}, most_units_{most_units} {}

  bool build(PieceTrie& trie) {
    units_.assign(256, {});  // the first block stays free: no base is less than 256
    used_.assign(256, true);
    std::uint32_t root = 256;
    struct Range {
      std::size_t begin, end, depth;
      std::uint32_t parent;  // unit; 0: the root
    };
    std::vector<Range> open;
    if (!grow()) return false;
    if (!entries_.empty()) open.push_back({0, entries_.size(), 0, 0});
    std::vector<std::size_t> begins;
    while (!open.empty()) {
      const Range r = open.back();
      open.pop_back();
      labels_.clear();
      begins.clear();
      for (std::size_t i = r.begin; i < r.end; ++i) {
        const auto c = static_cast<unsigned char>(entries_[i].text[r.depth]);
        if (labels_.empty() || labels_.back() != c) {
          labels_.push_back(c);
          begins.push_back(i);
        }
      }
      begins.push_back(r.end);
      std::uint32_t base = 0;
      if (!place(base)) return false;
      if (r.parent == 0) root = base;
      else units_[r.parent].base_and_label |= base << 9;
      for (std::size_t k = 0; k < labels_.size(); ++k) {
        const std::uint32_t at = base ^ labels_[k];
        take(at);
        units_[at].base_and_label = labels_[k] + 1U;
        std::size_t begin = begins[k];
        if (entries_[begin].text.size() == r.depth + 1) units_[at].value = entries_[begin++].value;
        // The base of a leaf stays 0: the first block, in which nothing is.
        if (begin < begins[k + 1]) open.push_back({begin, begins[k + 1], r.depth + 1, at});
      }
    }
    trie.units_ = std::move(units_);
    trie.root_ = root;
    return true;
  }

 private:
  static constexpr std::size_t searched_blocks = 16;

  /// A base whose units for all labels are free, and which no other node has.
  bool place(std::uint32_t& base) {
    for (;;) {
      for (std::uint32_t at = next_free(first_); at < units_.size(); at = next_free(at + 1)) {
        base = at ^ labels_.front();
        if (base_taken_[base]) continue;
        const bool fits = std::ranges::all_of(labels_, [&](unsigned char c) { return !used_[base ^ c]; });
        if (!fits) continue;
        base_taken_[base] = true;
        return true;
      }
      if (!grow()) return false;
    }
  }

  void take(std::uint32_t at) {
    used_[at] = true;
    next_[at] = at + 1;
  }

  /// The first free unit from `at` on. Shortens the chain of taken units on the way.
  std::uint32_t next_free(std::uint32_t at) {
    std::uint32_t end = at;
    while (end < units_.size() && used_[end]) end = next_[end];
    while (at < end && at < units_.size()) at = std::exchange(next_[at], end);
    return end;
  }

  bool grow() {
    if (units_.size() + 256 > most_units_) return false;
    units_.resize(units_.size() + 256);
    used_.resize(units_.size(), false);
    base_taken_.resize(units_.size(), false);
    const auto old = static_cast<std::uint32_t>(next_.size());
    next_.resize(units_.size());
    for (std::uint32_t i = old; i < next_.size(); ++i) next_[i] = i + 1;
    const std::size_t kept = searched_blocks * 256;
    first_ = static_cast<std::uint32_t>(units_.size() > 256 + kept ? units_.size() - kept : 256);
    return true;
  }

  std::span<const Entry> entries_;
  std::size_t most_units_;
  std::vector<Unit> units_;
  std::vector<bool> used_, base_taken_;
  std::vector<std::uint32_t> next_;
  std::vector<unsigned char> labels_;
  std::uint32_t first_ = 256;
};

CLIP_HOST Result<PieceTrie> PieceTrie::try_build(std::span<const Entry> entries, const std::string& place,
                                                 std::size_t budget) {
  const std::size_t most = std::min<std::size_t>(budget / sizeof(Unit), std::size_t{1} << 23);
  PieceTrie trie;
  if (!Builder{entries, most}.build(trie)) return budget_error(place, "the table of its pieces", budget);
  return trie;
}

}  // namespace clip::inline CLIP_ABI::detail
