// clip/tokens/texts.hpp: batch of token ids: ragged rows, with or without an end-of-text token.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Ragged rows of token ids: the output of tokenizers and the input of text towers. clear() keeps the memory. Two
/// kinds:
///   Texts{eot}           each row ends with its first end-of-text token (EOT). Later ids are dropped: they cannot
///                        influence a causal tower's result
///   Texts::whole(pad)    rows are kept whole, for towers that do not pool at an EOT (BERT's [CLS] … [SEP])
class Texts {
 public:
  /// Takes its kind from the first text appended.
  Texts() = default;
  explicit Texts(std::int32_t eot_id) : eot_id_{eot_id} {}
  /// Strings do not compile where token ids are expected.
  template <class Raw>
    requires(std::convertible_to<const Raw&, std::string_view> || std::same_as<Raw, std::vector<std::string>>)
  Texts(const Raw&) {
    static_assert(sizeof(Raw) == 0, "texts: these are strings, not token ids: pass tokenizer(texts)");
  }
  static Texts whole(std::int32_t pad = 0) {
    Texts texts;
    texts.whole_ = true;
    texts.pad_ = pad;
    return texts;
  }

  Index size() const { return static_cast<Index>(ends_.size()); }
  bool empty() const { return ends_.empty(); }
  /// The number of ids in all rows.
  Index tokens() const { return static_cast<Index>(ids_.size()); }
  /// The end-of-text id; -1: none.
  std::int32_t eot_id() const { return eot_id_; }
  /// The id that fills rows to a common length.
  std::int32_t pad() const { return pad_; }

  /// The vocabulary that the ids belong to, as the tokenizer stated it; null in a batch made by hand.
  const VocabularyIdentity* vocabulary() const { return vocabulary_.get(); }
  const std::shared_ptr<const VocabularyIdentity>& shared_vocabulary() const { return vocabulary_; }
  void set_vocabulary(std::shared_ptr<const VocabularyIdentity> vocabulary) { vocabulary_ = std::move(vocabulary); }

  /// Row i. Deleted for temporaries, whose rows would dangle.
  Ids operator[](Index i) const& { return Ids{ids_}.subspan(begin(i), ends_[at(i)] - begin(i)); }
  Ids operator[](Index) const&& = delete;

  Index length(Index i) const { return static_cast<Index>(ends_[at(i)] - begin(i)); }
  Index longest() const {
    Index most = 0;
    for (Index i = 0; i < size(); ++i) most = std::max(most, length(i));
    return most;
  }
  /// Position of the last id of row i, its EOT if it has one.
  Index eot(Index i) const { return length(i) - 1; }

  /// The number of texts that were truncated.
  Index cut() const { return static_cast<Index>(std::count(was_cut_.begin(), was_cut_.end(), true)); }
  bool was_cut(Index i) const { return was_cut_[at(i)]; }

  /// Adds a row: `ids` up to and including the first EOT, or all of them in a batch of whole rows.
  /// InputError: no EOT in a batch that needs one.
  [[nodiscard]] Result<void> try_add(Ids ids, bool was_cut = false) {
    auto end = ids.end();
    if (!whole_) {
      end = std::find(ids.begin(), ids.end(), eot_id_);
      if (eot_id_ < 0 || end == ids.end())
        return InputError{
            "text " + std::to_string(size()), "end of text",
            eot_id_ < 0 ? std::string("an id chosen when the batch is made") : "id " + std::to_string(eot_id_),
            "none in " + std::to_string(ids.size()) + " ids"};
      ++end;
    }
    keep(ids.first(static_cast<std::size_t>(end - ids.begin())), was_cut);
    return {};
  }
  void add(Ids ids, bool was_cut = false) { try_add(ids, was_cut).value(); }

  /// Adds row i of other texts: captions are tokenised once, then assembled into batches.
  /// InputError: no such row; texts of the other kind, of another vocabulary, or with another end-of-text id.
  void append(const Texts& other, Index i) {
    if (i < 0 || i >= other.size())
      raise(InputError{"texts", "row to append", "0 to " + std::to_string(other.size() - 1), i});
    if (eot_id_ < 0 && !whole_ && empty()) {
      eot_id_ = other.eot_id_;
      whole_ = other.whole_;
      pad_ = other.pad_;
    }
    if (empty() && vocabulary_ == nullptr) vocabulary_ = other.vocabulary_;
    if (whole_ != other.whole_)
      raise(InputError{"texts", "row to append",
                       whole_ ? "one of a batch of whole rows" : "one that ends with an end of text",
                       "the other kind"});
    if (eot_id_ != other.eot_id_)
      raise(InputError{"texts", "end-of-text id of the row to append", eot_id_, other.eot_id_});
    if (vocabulary_ != nullptr && other.vocabulary_ != nullptr && !same_vocabulary(*vocabulary_, *other.vocabulary_))
      raise(
          InputError{"texts", "vocabulary of the row to append", vocabulary_->in_words(), other.vocabulary_->in_words()}
              .with_id("clip.input.vocabulary"));
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

  /// The rows as a row-major matrix with `columns` columns (default: the longest row's length).      (size() · columns)
  /// ShapeError: a row is longer.
  std::vector<std::int32_t> padded() const { return padded(longest(), pad_); }
  std::vector<std::int32_t> padded(Index columns) const { return padded(columns, pad_); }
  std::vector<std::int32_t> padded(Index columns, std::int32_t pad) const {
    return matrix(columns, pad, [](Ids row, std::int32_t* out) { std::copy(row.begin(), row.end(), out); });
  }
  /// 1 where padded() has a token, 0 where it has padding.                                          (size() · columns)
  std::vector<std::int32_t> mask() const { return mask(longest()); }
  std::vector<std::int32_t> mask(Index columns) const {
    return matrix(columns, 0, [](Ids row, std::int32_t* out) { std::fill_n(out, row.size(), 1); });
  }

  /// A group number per text: equal texts share one, numbered by first occurrence.                            (size())
  /// Computed on first use and kept until clear(); the first call after a change is not thread-safe.
  const std::vector<std::int32_t>& groups() const& {
    if (groups_.size() < ends_.size()) number_groups();
    return groups_;
  }
  const std::vector<std::int32_t>& groups() const&& = delete;

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  std::size_t begin(Index i) const { return i == 0 ? 0 : ends_[at(i) - 1]; }

  template <class Fill>
  std::vector<std::int32_t> matrix(Index columns, std::int32_t otherwise, Fill fill) const {
    std::vector<std::int32_t> values(at(size() * columns), otherwise);
    for (Index i = 0; i < size(); ++i) {
      if (length(i) > columns)
        raise(ShapeError{"text " + std::to_string(i), "ids", "at most " + std::to_string(columns), length(i)});
      fill((*this)[i], values.data() + i * columns);
    }
    return values;
  }

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
  std::int32_t pad_ = 0;
  bool whole_ = false;
  std::shared_ptr<const VocabularyIdentity> vocabulary_;
  std::vector<std::int32_t> ids_;
  std::vector<std::size_t> ends_;
  std::vector<bool> was_cut_;
  mutable std::vector<std::int32_t> groups_;
  mutable std::vector<std::int32_t> first_of_slot_;
};

}  // namespace clip::inline CLIP_ABI
