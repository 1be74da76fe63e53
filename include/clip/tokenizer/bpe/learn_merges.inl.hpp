// clip/tokenizer/bpe/learn_merges.inl.hpp: definitions of clip/tokenizer/bpe/learn_merges.hpp.
#pragma once

#include <clip/io/atomic_file.hpp>
#include <clip/tokenizer/bpe/byte_symbols.hpp>
#include <clip/tokenizer/bpe/learn_merges.hpp>
#include <clip/tokenizer/bpe/split.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace clip::inline CLIP_ABI {

namespace detail {

/// The pieces of all texts, each once with its frequency, as symbols; and the number of times that each pair occurs.
class PieceCounts {
 public:
  using Pair = std::pair<std::int32_t, std::int32_t>;

  PieceCounts(std::span<const std::string> texts, const TextPolicy& policy) {
    for (int id = 0; id < 256; ++id) {
      std::string name;
      append_utf8(name, symbol_character(id));
      names_.push_back(name);
    }
    for (int id = 0; id < 256; ++id) names_.push_back(names_[static_cast<std::size_t>(id)] + std::string(end_of_piece));
    count_pieces(texts, policy);
    for (std::size_t p = 0; p < pieces_.size(); ++p) add_pairs(p, 1);
    for (const auto& [pair, where] : pairs_) offer(pair);
  }

  /// The most frequent pair that occurs `least` times, or false.
  bool next(Index least, Pair& best) {
    while (!queue_.empty()) {
      const Candidate c = queue_.top();
      queue_.pop();
      const auto found = pairs_.find(c.pair);
      if (found == pairs_.end() || found->second.count != c.count) continue;  // it has changed since
      if (c.count < least) return false;
      best = c.pair;
      return true;
    }
    return false;
  }

  /// Joins a pair wherever it occurs, from left to right, into a new symbol.
  void join(Pair pair) {
    const auto joined = static_cast<std::int32_t>(names_.size());
    names_.push_back(name(pair.first) + name(pair.second));
    std::set<Pair> changed;
    const std::set<std::size_t> pieces = pairs_.at(pair).pieces;
    for (const std::size_t p : pieces) {
      note_pairs(p, changed);
      add_pairs(p, -1);
      std::vector<std::int32_t>& symbols = pieces_[p].symbols;
      std::size_t to = 0;
      for (std::size_t from = 0; from < symbols.size(); ++to) {
        const bool here = from + 1 < symbols.size() && Pair{symbols[from], symbols[from + 1]} == pair;
        symbols[to] = here ? joined : symbols[from];
        from += here ? 2 : 1;
      }
      symbols.resize(to);
      add_pairs(p, 1);
      note_pairs(p, changed);
    }
    for (const Pair& p : changed) offer(p);
  }

  const std::string& name(std::int32_t id) const { return names_[static_cast<std::size_t>(id)]; }

 private:
  struct Piece {
    std::vector<std::int32_t> symbols;
    Index count;
  };
  struct Occurrences {
    Index count = 0;
    std::set<std::size_t> pieces{};
  };
  struct Candidate {
    Index count;
    std::string left, right;
    Pair pair;
    bool operator<(const Candidate& other) const {
      return std::tie(count, left, right) < std::tie(other.count, other.left, other.right);
    }
  };

  void count_pieces(std::span<const std::string> texts, const TextPolicy& policy) {
    const SpecialPair specials = strings_of(policy.specials);
    const bool lower = policy.cleaning != Cleaning::huggingface && policy.cleaning != Cleaning::none;
    std::map<std::string, Index, std::less<>> counts;
    std::string clean;
    for (const std::string& text : texts) {
      clean_text(text, policy.cleaning, clean);
      split_pieces(clean, {specials, lower}, [&](std::string_view piece) {
        if (piece != specials.start && piece != specials.end) ++counts[std::string(piece)];
      });
    }
    for (const auto& [piece, count] : counts) {
      std::vector<std::int32_t> symbols;
      for (const char c : piece) symbols.push_back(symbol_of_byte[static_cast<unsigned char>(c)]);
      symbols.back() += 256;
      pieces_.push_back({std::move(symbols), count});
    }
  }

  template <class F>
  void each_pair(std::size_t p, F&& f) const {
    const std::vector<std::int32_t>& symbols = pieces_[p].symbols;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) f(Pair{symbols[i], symbols[i + 1]});
  }
  void note_pairs(std::size_t p, std::set<Pair>& changed) const {
    each_pair(p, [&](Pair pair) { changed.insert(pair); });
  }
  void add_pairs(std::size_t p, Index sign) {
    each_pair(p, [&](Pair pair) {
      Occurrences& o = pairs_[pair];
      o.count += sign * pieces_[p].count;
      if (sign > 0) o.pieces.insert(p);
      else o.pieces.erase(p);
    });
  }
  void offer(Pair pair) {
    const auto found = pairs_.find(pair);
    if (found == pairs_.end()) return;
    if (found->second.count == 0) {
      pairs_.erase(found);
      return;
    }
    queue_.push({found->second.count, name(pair.first), name(pair.second), pair});
  }

  std::vector<std::string> names_;
  std::vector<Piece> pieces_;
  std::map<Pair, Occurrences> pairs_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace detail

CLIP_HOST LearnedMerges learn_merges(std::span<const std::string> texts, Index most, const TextPolicy& policy,
                                     Index least) {
  if (most < 0) raise(OptionError{"learn_merges", "most", "0 or more", most});
  if (least < 1) raise(OptionError{"learn_merges", "least", "1 or more", least});
  detail::PieceCounts counts{texts, policy};
  LearnedMerges merges;
  for (detail::PieceCounts::Pair pair; static_cast<Index>(merges.size()) < most && counts.next(least, pair);) {
    merges.emplace_back(counts.name(pair.first), counts.name(pair.second));
    counts.join(pair);
  }
  return merges;
}

CLIP_HOST Result<void> try_write_merges(const std::string& path, const LearnedMerges& merges) {
  std::string text = "#version: 0.2\n";
  for (const auto& [left, right] : merges) text += left + " " + right + "\n";
  return try_write_file(path, std::as_bytes(std::span{text}));
}
CLIP_HOST void write_merges(const std::string& path, const LearnedMerges& merges) {
  try_write_merges(path, merges).value();
}

}  // namespace clip::inline CLIP_ABI
