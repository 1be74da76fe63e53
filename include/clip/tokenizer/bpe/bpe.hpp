// clip/tokenizer/bpe/bpe.hpp: byte-pair encoding of one piece of text (Sennrich, Haddow and Birch, 2016).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/bpe/byte_symbols.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The left and right symbol of a merge, spelled with the characters of vocabulary files.
using Merge = std::pair<std::string_view, std::string_view>;

/// Where the two symbols of a merge come from. `before`: bytes and the results of earlier merges, as in every list that
/// was learned. `anywhere`: later merges may make them as well.
enum class MergeOrder : unsigned char { anywhere, before };

/// Whether the last symbol of a piece has a mark (CLIP's) or pieces end without one (GPT-2's).
enum class PieceEnd : unsigned char { marked, plain };

/// Byte-pair encoding: a list of merges in order of priority, over 256 bytes and the same 256 bytes with
/// an end-of-word mark. Ids: 0-255 are bytes in the order of byte_symbols.hpp, 256-511 the same bytes
/// with `</w>`, 512 + r the result of merge r. Without a mark at the end of pieces, no text has the ids 256-511.
class BytePairs {
 public:
  /// Scratch memory that encode() needs for long pieces; one per thread.
  struct Scratch {
    std::vector<std::int32_t> symbols, before, after;
    std::vector<std::uint64_t> queue;
    std::vector<std::int32_t> merged;
  };

  /// No merges: every byte is its own symbol.
  BytePairs() { build("no merges", {}, MergeOrder::anywhere).value(); }

  /// LoadError: a merge joins a symbol that is neither a byte nor the result of a merge (MergeOrder::before: of an
  /// earlier merge).
  static Result<BytePairs> try_make(std::string_view place, std::span<const Merge> merges,
                                    MergeOrder order = MergeOrder::anywhere, PieceEnd end = PieceEnd::marked) {
    BytePairs pairs{Empty{}};
    if (end == PieceEnd::plain) pairs.mark_ = {};
    if (auto built = pairs.build(place, merges, order); !built) return built.error();
    return pairs;
  }

  /// The number of symbols; ids run from 0 to size() - 1.
  Index size() const { return names_.size(); }
  /// The bytes of a symbol, followed by `</w>` if the symbol ends a piece. 0 <= id < size().
  std::string_view operator[](std::int32_t id) const { return names_[id]; }

  /// Appends the ids of one piece. BPE repeats one step: take the adjacent pair whose merge comes
  /// first in the list, and join it wherever it occurs, from left to right. A piece that is known
  /// to end as one symbol is looked up instead.
  void encode(std::string_view piece, Scratch& scratch, std::vector<std::int32_t>& ids) const {
    if (piece.empty()) return;
    if (piece.size() > short_piece) return encode_long(piece, scratch, ids);
    if (const std::int32_t id = names_.find(piece, mark_); id >= 0 && whole(id, piece, scratch))
      return ids.push_back(id);
    encode_short(piece, ids);
  }

 private:
  struct Empty {};
  /// Whether a symbol's spelling encodes to that symbol alone: a cached answer,
  /// which several threads may read and write.
  struct Whole {
    enum State : unsigned char { unknown, no, yes };
    std::atomic<State> state{unknown};
    Whole() = default;
    Whole(const Whole& other) : state{other.state.load(std::memory_order_relaxed)} {}
    Whole& operator=(const Whole& other) {
      state.store(other.state.load(std::memory_order_relaxed), std::memory_order_relaxed);
      return *this;
    }
  };
  explicit BytePairs(Empty) {}

  static constexpr std::size_t short_piece = 32;
  static constexpr int id_bits = 21;  // two ids and a rank fit in 64 bits
  static constexpr std::int32_t unranked = 1 << id_bits;
  static constexpr std::int32_t joined = unranked + 1;
  static constexpr std::uint64_t free_slot = ~std::uint64_t{0};

  void encode_short(std::string_view piece, std::vector<std::int32_t>& ids) const {
    std::array<std::int32_t, short_piece> symbols;
    std::array<std::int32_t, short_piece> ranks;  // ranks[i] is the rank of the pair (i, i + 1)
    std::size_t n = piece.size();
    for (std::size_t i = 0; i < n; ++i) symbols[i] = first_symbol(piece, i);
    for (std::size_t i = 0; i + 1 < n; ++i) ranks[i] = rank(symbols[i], symbols[i + 1]);
    while (n > 1) {
      const std::int32_t best = *std::min_element(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(n) - 1);
      if (best == unranked) break;
      std::size_t kept = 0;
      for (std::size_t i = 0; i < n; ++i, ++kept) {
        if (i + 1 < n && ranks[i] == best) {
          symbols[kept] = made_by(best);
          ++i;
          ranks[kept] = joined;
        } else {
          symbols[kept] = symbols[i];
          ranks[kept] = i + 1 < n ? ranks[i] : unranked;
        }
      }
      n = kept;
      // A joined symbol forms new pairs with both its neighbours.
      for (std::size_t i = 0; i < n; ++i) {
        if (ranks[i] != joined) continue;
        if (i > 0) ranks[i - 1] = rank(symbols[i - 1], symbols[i]);
        ranks[i] = unranked;
        if (i + 1 < n && ranks[i + 1] != joined) ranks[i] = rank(symbols[i], symbols[i + 1]);
      }
    }
    ids.insert(ids.end(), symbols.begin(), symbols.begin() + static_cast<std::ptrdiff_t>(n));
  }

  Result<void> build(std::string_view place, std::span<const Merge> merges, MergeOrder order) {
    const std::size_t count = 512 + merges.size();
    if (count >= (std::size_t{1} << id_bits) - 2)
      return LoadError{std::string(place), "merges", "fewer than 2 million", merges.size()};
    names_.reserve(count);
    for (const std::string_view close : {std::string_view{}, end_of_piece}) {
      for (const std::uint8_t byte : byte_of_symbol) {
        const char c = static_cast<char>(byte);
        names_.add({&c, 1}, close);
      }
    }
    std::string left, right;
    const auto read = [&](const Merge& merge) {
      left.clear();
      right.clear();
      return detail::symbol_bytes(merge.first, left) && detail::symbol_bytes(merge.second, right);
    };
    const auto error = [&](std::size_t r, const char* what) {
      const std::string merge = valid_utf8(merges[r].first) + ' ' + valid_utf8(merges[r].second);
      return LoadError{std::string(place), "merge " + std::to_string(r + 1) + ", \"" + merge + "\": " + what};
    };
    for (std::size_t r = 0; r < merges.size(); ++r) {
      if (!read(merges[r])) return error(r, "a symbol is empty or holds a character that stands for no byte");
      names_.add(left, right);
    }
    const int bits = static_cast<int>(std::bit_width(2 * merges.size())) + 1;
    shift_ = 64 - bits;
    table_.assign(std::size_t{1} << bits, free_slot);
    made_by_.resize(merges.size());
    const auto first =
        order == MergeOrder::before && names_.twice() ? first_of_spelling() : std::vector<std::int32_t>{};
    const auto first_id = [&](std::int32_t id) { return first.empty() ? id : first[static_cast<std::size_t>(id)]; };
    for (std::size_t r = 0; r < merges.size(); ++r) {
      read(merges[r]);
      const std::int32_t a = names_.find(left), b = names_.find(right);
      if (a < 0 || b < 0) return error(r, "a symbol is neither a byte nor made by a merge");
      if (order == MergeOrder::before && std::cmp_greater_equal(std::max(first_id(a), first_id(b)), 512 + r))
        return error(r, "a symbol is made by no earlier merge");
      made_by_[r] = names_.twice() ? names_.find(left, right) : static_cast<std::int32_t>(512 + r);
      const std::uint64_t key = pair_key(a, b);
      std::size_t s = first_slot(key);
      while (table_[s] != free_slot && table_[s] >> id_bits != key) s = (s + 1) & (table_.size() - 1);
      table_[s] = key << id_bits | r;  // the last of equal merges wins, as in the reference
    }
    for (int byte = 0; byte < 256; ++byte) {
      const std::string name(1, static_cast<char>(byte));
      inside_[static_cast<std::size_t>(byte)] = names_.find(name);
      closing_[static_cast<std::size_t>(byte)] = names_.find(name, mark_);
    }
    whole_.assign(count, {});
    return {};
  }

  /// By id: the first id with the same spelling. Only the last one of a spelling is found by name.
  std::vector<std::int32_t> first_of_spelling() const {
    std::vector<std::int32_t> first(static_cast<std::size_t>(size()), -1);
    for (std::int32_t id = 0; id < size(); ++id) {
      std::int32_t& known = first[static_cast<std::size_t>(names_.find(names_[id]))];
      if (known < 0) known = id;
    }
    return first;
  }

  /// Whether the spelling of symbol `id` encodes to that symbol alone. The first call computes the answer and caches
  /// it; threads that compute it at the same time get the same answer.
  bool whole(std::int32_t id, std::string_view piece, Scratch& scratch) const {
    auto& known = whole_[static_cast<std::size_t>(id)].state;
    auto state = known.load(std::memory_order_relaxed);
    if (state == Whole::unknown) {
      scratch.merged.clear();
      encode_short(piece, scratch.merged);
      state = scratch.merged.size() == 1 && scratch.merged.front() == id ? Whole::yes : Whole::no;
      known.store(state, std::memory_order_relaxed);
    }
    return state == Whole::yes;
  }

  static std::uint64_t pair_key(std::int32_t a, std::int32_t b) {
    return static_cast<std::uint64_t>(a) << id_bits | static_cast<std::uint64_t>(b);
  }
  std::size_t first_slot(std::uint64_t key) const {
    return static_cast<std::size_t>(key * 0x9E3779B97F4A7C15ULL >> shift_);
  }

  /// The priority of a pair, 0 first; `unranked` if no merge joins it.
  std::int32_t rank(std::int32_t a, std::int32_t b) const {
    const std::uint64_t key = pair_key(a, b);
    for (std::size_t s = first_slot(key);; s = (s + 1) & (table_.size() - 1)) {
      if (table_[s] == free_slot) return unranked;
      if (table_[s] >> id_bits == key) return static_cast<std::int32_t>(table_[s] & ((1u << id_bits) - 1));
    }
  }
  std::int32_t made_by(std::int32_t r) const { return made_by_[static_cast<std::size_t>(r)]; }

  std::int32_t first_symbol(std::string_view piece, std::size_t i) const {
    const auto byte = static_cast<unsigned char>(piece[i]);
    return i + 1 < piece.size() ? inside_[byte] : closing_[byte];
  }

  /// The same result in n log n steps: a priority queue of (rank, position) over a linked list. All pairs of one rank
  /// leave the queue before the pairs they create enter it, so that merges in an unusual order give the same ids too.
  void encode_long(std::string_view piece, Scratch& s, std::vector<std::int32_t>& ids) const {
    const auto n = static_cast<std::int32_t>(piece.size());
    const auto at = [](std::int32_t i) { return static_cast<std::size_t>(i); };
    s.symbols.resize(piece.size());
    s.before.resize(piece.size());
    s.after.resize(piece.size());
    s.queue.clear();
    for (std::int32_t i = 0; i < n; ++i) {
      s.symbols[at(i)] = first_symbol(piece, at(i));
      s.before[at(i)] = i - 1;
      s.after[at(i)] = i + 1;
    }
    const auto rank_at = [&](std::int32_t i) {  // the rank of the pair that begins at i
      return s.symbols[at(i)] < 0 || s.after[at(i)] >= n ? unranked
                                                         : rank(s.symbols[at(i)], s.symbols[at(s.after[at(i)])]);
    };
    const auto put = [&](std::int32_t i) {
      if (const std::int32_t r = rank_at(i); r != unranked) {
        s.queue.push_back(static_cast<std::uint64_t>(r) << 32 | static_cast<std::uint64_t>(i));
        std::ranges::push_heap(s.queue, std::greater{});
      }
    };
    for (std::int32_t i = 0; i < n; ++i) put(i);
    while (!s.queue.empty()) {
      const auto best = static_cast<std::int32_t>(s.queue.front() >> 32);
      s.merged.clear();
      while (!s.queue.empty() && static_cast<std::int32_t>(s.queue.front() >> 32) == best) {
        const auto i = static_cast<std::int32_t>(s.queue.front() & 0xFFFFFFFFu);
        std::ranges::pop_heap(s.queue, std::greater{});
        s.queue.pop_back();
        if (rank_at(i) != best) continue;  // the pair changed after it entered the queue
        const std::int32_t gone = s.after[at(i)];
        s.symbols[at(i)] = made_by(best);
        s.symbols[at(gone)] = -1;
        s.after[at(i)] = s.after[at(gone)];
        if (s.after[at(i)] < n) s.before[at(s.after[at(i)])] = i;
        s.merged.push_back(i);
      }
      for (const std::int32_t i : s.merged) {
        if (s.before[at(i)] >= 0) put(s.before[at(i)]);
        put(i);
      }
    }
    for (std::int32_t i = 0; i < n; i = s.after[at(i)]) ids.push_back(s.symbols[at(i)]);
  }

  detail::SymbolNames names_;
  std::string_view mark_ = end_of_piece;                // at the end of a piece; empty: none
  std::array<std::int32_t, 256> inside_{}, closing_{};  // ids of a byte inside a piece and at its end
  std::vector<std::int32_t> made_by_;                   // made_by_[r]: the id of the symbol that merge r creates
  mutable std::vector<Whole> whole_;                    // by id: whole()'s cached answers
  std::vector<std::uint64_t> table_;                    // (left id, right id, rank): open addressing, at most half full
  int shift_ = 0;
};

}  // namespace clip::inline CLIP_ABI
