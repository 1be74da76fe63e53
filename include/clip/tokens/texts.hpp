// clip/tokens/texts.hpp: the token ids of a batch of texts, ragged, with the place of each end.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Rows of token ids, each from its start up to and including its first end of text (EOT): what follows an EOT cannot
/// reach a causal tower's result, so it is not kept. clear() keeps the memory.
class Texts {
 public:
  /// Takes its EOT from the first texts appended.
  Texts() = default;
  explicit Texts(std::int32_t eot_id) : eot_id_{eot_id} {}

  Index size() const { return static_cast<Index>(ends_.size()); }
  bool empty() const { return ends_.empty(); }
  /// Ids in all rows together.
  Index tokens() const { return static_cast<Index>(ids_.size()); }
  /// The id that ends a text; -1 while none is known.
  std::int32_t eot_id() const { return eot_id_; }

  /// Row i. Of a named object only: a row of a temporary would outlive its memory.
  Ids operator[](Index i) const& { return Ids{ids_}.subspan(begin(i), ends_[at(i)] - begin(i)); }
  Ids operator[](Index) const&& = delete;

  /// Position of EOT in row i: the row a causal tower pools.
  Index eot(Index i) const { return static_cast<Index>(ends_[at(i)] - begin(i)) - 1; }

  /// How many texts were too long and lost their tail.
  Index cut() const { return static_cast<Index>(std::count(was_cut_.begin(), was_cut_.end(), true)); }
  bool was_cut(Index i) const { return was_cut_[at(i)]; }

  /// Adds a row: `ids` up to and including the first EOT. Without an EOT: an InputError.
  void add(Ids ids, bool was_cut = false) {
    const auto end = std::find(ids.begin(), ids.end(), eot_id_);
    if (eot_id_ < 0 || end == ids.end()) {
      raise(
          InputError{"text " + std::to_string(size()), "end of text",
                     eot_id_ < 0 ? std::string("an id chosen when the batch is made") : "id " + std::to_string(eot_id_),
                     "none in " + std::to_string(ids.size()) + " ids"});
    }
    keep(ids.first(static_cast<std::size_t>(end - ids.begin()) + 1), was_cut);
  }

  /// Adds row i of other texts: captions are tokenised once and assembled into batches.
  void append(const Texts& other, Index i) {
    if (i < 0 || i >= other.size())
      raise(InputError{"texts", "row to append", "0 to " + std::to_string(other.size() - 1), i});
    if (eot_id_ < 0) eot_id_ = other.eot_id_;
    if (eot_id_ != other.eot_id_)
      raise(InputError{"texts", "end-of-text id of the row to append", eot_id_, other.eot_id_});
    if (this != &other) return keep(other[i], other.was_cut(i));
    const std::vector<std::int32_t> own(other[i].begin(), other[i].end());
    keep(own, other.was_cut(i));
  }

  void clear() {
    ids_.clear();
    ends_.clear();
    was_cut_.clear();
    groups_.clear();
  }

  /// All rows as a matrix of `context` columns, `pad` after each EOT. A longer row is a ShapeError.      (size() · context)
  std::vector<std::int32_t> padded(Index context, std::int32_t pad = 0) const {
    std::vector<std::int32_t> matrix(at(size() * context), pad);
    for (Index i = 0; i < size(); ++i) {
      const Ids row = (*this)[i];
      if (static_cast<Index>(row.size()) > context)
        raise(ShapeError{"text " + std::to_string(i), "ids", "at most " + std::to_string(context), row.size()});
      std::copy(row.begin(), row.end(), matrix.begin() + i * context);
    }
    return matrix;
  }

  /// A number per text: equal texts share one, numbered by first occurrence. Worked out when asked and kept until clear();
  /// the first call after a change is not for two threads at once.                                     (size())
  const std::vector<std::int32_t>& groups() const& {
    if (groups_.size() < ends_.size()) number_groups();
    return groups_;
  }
  const std::vector<std::int32_t>& groups() const&& = delete;

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  std::size_t begin(Index i) const { return i == 0 ? 0 : ends_[at(i) - 1]; }

  void keep(Ids row, bool was_cut) {
    ids_.insert(ids_.end(), row.begin(), row.end());
    ends_.push_back(ids_.size());
    was_cut_.push_back(was_cut);
  }

  static std::size_t hash(Ids row) {
    std::uint64_t h = 0x9E3779B97F4A7C15ULL;
    for (const std::int32_t id : row) {
      h = (h ^ static_cast<std::uint32_t>(id)) * 0xFF51AFD7ED558CCDULL;
      h ^= h >> 32;
    }
    return static_cast<std::size_t>(h);
  }

  /// Open addressing over the first row of every group; at most half of the slots are taken.
  void number_groups() const {
    const std::size_t slots = std::bit_ceil(2 * ends_.size());
    first_of_slot_.assign(slots, -1);
    groups_.resize(ends_.size());
    std::int32_t count = 0;
    for (Index i = 0; i < size(); ++i) {
      const Ids row = (*this)[i];
      std::size_t s = hash(row) & (slots - 1);
      while (first_of_slot_[s] >= 0 && !std::ranges::equal(row, (*this)[first_of_slot_[s]])) s = (s + 1) & (slots - 1);
      if (first_of_slot_[s] < 0) {
        first_of_slot_[s] = static_cast<std::int32_t>(i);
        groups_[at(i)] = count++;
      } else {
        groups_[at(i)] = groups_[at(first_of_slot_[s])];
      }
    }
  }

  std::int32_t eot_id_ = -1;
  std::vector<std::int32_t> ids_;
  std::vector<std::size_t> ends_;
  std::vector<bool> was_cut_;
  mutable std::vector<std::int32_t> groups_;
  mutable std::vector<std::int32_t> first_of_slot_;
};

}  // namespace clip::inline CLIP_ABI
