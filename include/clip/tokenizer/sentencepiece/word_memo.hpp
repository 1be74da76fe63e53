// clip/tokenizer/sentencepiece/word_memo.hpp: remembers the ids of words that were split before.
#pragma once

#include <clip/core/abi.hpp>
#include <clip/tokenizer/sentencepiece/word_key.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A table of 2 MiB, 4 MiB above 32,768 pieces. Any number of threads read it and add to it at once, without locks: a
/// slot is written by the thread that takes it, before the others see it, and never again. Where all slots for a word
/// are taken it is not kept.
class WordMemo {
 public:
  /// Ids are below `vocabulary`, which is at most 2^31.
  explicit WordMemo(std::size_t vocabulary)
      : bits_{static_cast<unsigned>(std::bit_width(std::max<std::size_t>(vocabulary, 256) - 1))},
        last_{std::bit_ceil(std::min(vocabulary, most_pieces) + most_pieces / 2) - 1} {}

  /// How many words may be added ahead of those that texts have.
  std::size_t most_ahead() const { return (last_ + 1) / 2; }

  /// The most ids that a word is kept with: 8 up to 65,536 pieces, 6 up to 2^21, else 4.
  std::size_t most_ids() const { return std::min<std::size_t>(64 / bits_ * 2, 8); }

  /// Begins to fetch what find() will read.
  void prefetch(const WordKey& key) const {
#if defined(__GNUC__)
    __builtin_prefetch(&slots_[key.hash() & last_]);
#else
    static_cast<void>(key);
#endif
  }

  /// Appends the ids of a word that was added. False: it was not, or is not visible yet.
  bool find(const WordKey& key, std::vector<std::int32_t>& ids) const {
    for (std::size_t i = 0, at = key.hash(); i < window; ++i, ++at) {
      const Slot& slot = slots_[at & last_];
      const std::uint64_t high = slot.high.load(std::memory_order_acquire);
      if (high == 0) return false;
      if ((high & key_bits) != key.high || slot.low != key.low) continue;
      std::uint64_t packed = slot.ids[0];
      std::size_t left = (high >> 61) + 1, in_first = std::min<std::size_t>(left, 64 / bits_);
      for (left -= in_first; in_first > 0; --in_first, packed >>= bits_) ids.push_back(unpack(packed));
      for (packed = slot.ids[1]; left > 0; --left, packed >>= bits_) ids.push_back(unpack(packed));
      return true;
    }
    return false;
  }

  /// Adds a word of 1 to most_ids() ids.
  void add(const WordKey& key, std::span<const std::int32_t> ids) {
    for (std::size_t i = 0, at = key.hash(); i < window; ++i, ++at) {
      Slot& slot = slots_[at & last_];
      std::uint64_t high = slot.high.load(std::memory_order_acquire);
      if ((high & key_bits) == key.high && slot.low == key.low) return;
      if (high != 0 || !slot.high.compare_exchange_strong(high, being_written, std::memory_order_relaxed)) continue;
      slot.low = key.low;
      for (std::size_t k = ids.size(); k-- > 0;) {
        std::uint64_t& packed = slot.ids[k / (64 / bits_)];
        packed = packed << bits_ | static_cast<std::uint32_t>(ids[k]);
      }
      slot.high.store(key.high | static_cast<std::uint64_t>(ids.size() - 1) << 61, std::memory_order_release);
      return;
    }
  }

 private:
  static constexpr std::size_t most_pieces = std::size_t{1} << 16, window = 8;
  static constexpr std::uint64_t key_bits = (std::uint64_t{1} << 61) - 1;  // the others: the number of ids less 1
  static constexpr std::uint64_t being_written = 1;                        // `high` of no key

  struct alignas(32) Slot {
    std::atomic<std::uint64_t> high{0};  // 0: free
    std::uint64_t low = 0;
    std::array<std::uint64_t, 2> ids{};
  };

  std::int32_t unpack(std::uint64_t packed) const {
    return static_cast<std::int32_t>(packed & ((std::uint64_t{1} << bits_) - 1));
  }

  unsigned bits_;     // of an id
  std::size_t last_;  // slot; their number is a power of two
  std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(last_ + 1);
};

}  // namespace clip::inline CLIP_ABI::detail
