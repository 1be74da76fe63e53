// clip/tokens/token_rows.hpp: the token ids of a batch, ragged or as a padded matrix with its mask.
#pragma once

#include <clip/core/sequences.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Rows of ids for towers that read a mask: BERT's [CLS] … [SEP]. (Texts, which CLIP's own towers read, end at their first EOT.)
class TokenRows {
 public:
  explicit TokenRows(std::int32_t pad = 0) : pad_{pad} {}

  Index size() const { return static_cast<Index>(ends_.size()); }
  bool empty() const { return ends_.empty(); }
  /// Ids in all rows together.
  Index tokens() const { return static_cast<Index>(ids_.size()); }
  /// What fills rows up.
  std::int32_t pad() const { return pad_; }

  /// Row i. Of a named object only: a row of a temporary would outlive its memory.
  Ids operator[](Index i) const& { return Ids{ids_}.subspan(begin(i), ends_[at(i)] - begin(i)); }
  Ids operator[](Index) const&& = delete;
  Index length(Index i) const { return static_cast<Index>(ends_[at(i)] - begin(i)); }
  Index longest() const {
    Index most = 0;
    for (Index i = 0; i < size(); ++i) most = std::max(most, length(i));
    return most;
  }

  /// How many texts were too long and lost their tail.
  Index cut() const { return static_cast<Index>(std::count(was_cut_.begin(), was_cut_.end(), true)); }
  bool was_cut(Index i) const { return was_cut_[at(i)]; }

  void add(Ids ids, bool was_cut = false) {
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    ends_.push_back(ids_.size());
    was_cut_.push_back(was_cut);
  }

  /// The rows as a matrix as wide as the longest, or of that many columns. A longer row is a ShapeError.   (size() · columns)
  std::vector<std::int32_t> padded() const { return padded(longest()); }
  std::vector<std::int32_t> padded(Index columns) const {
    return matrix(columns, pad_, [](Ids row, std::int32_t* out) { std::copy(row.begin(), row.end(), out); });
  }
  /// 1 where padded() has a token, 0 where it is filled up.                                                (size() · columns)
  std::vector<std::int32_t> mask() const { return mask(longest()); }
  std::vector<std::int32_t> mask(Index columns) const {
    return matrix(columns, 0, [](Ids row, std::int32_t* out) { std::fill_n(out, row.size(), 1); });
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  std::size_t begin(Index i) const { return i == 0 ? 0 : ends_[at(i) - 1]; }

  template <class Fill>
  std::vector<std::int32_t> matrix(Index columns, std::int32_t otherwise, Fill fill) const {
    if (columns < longest())
      raise(ShapeError{"token rows", "columns", "at least " + std::to_string(longest()), columns});
    std::vector<std::int32_t> values(at(size() * columns), otherwise);
    for (Index i = 0; i < size(); ++i) fill((*this)[i], values.data() + i * columns);
    return values;
  }

  std::int32_t pad_;
  std::vector<std::int32_t> ids_;
  std::vector<std::size_t> ends_;
  std::vector<bool> was_cut_;
};

}  // namespace clip::inline CLIP_ABI
