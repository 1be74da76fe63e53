// clip/core/sequences.hpp: which rows of a batch belong together.
//
// A batch is one matrix of rows. Attention, positions and pooling are the only places that know sequences at all, and all
// they know is this list. A segment without a parent begins a sequence; one with a parent continues the sequence its parent
// ends, so that prompts which begin alike share the rows of their beginning.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Numbers of rows, tokens, groups: what gather and scatter read.
using Ids = std::span<const std::int32_t>;

/// Rows [begin, end) continue the sequence that segment `parent` ends (-1: they begin one);
/// row `begin` stands at `position` of its sequence.
struct Segment {
  Index begin, end, parent, position;
  Index length() const { return end - begin; }
  /// Length of the sequence up to and including this segment.
  Index reach() const { return position + length(); }
};

/// Segments in depth-first order: a parent stands before its children, and everything below a segment follows it without a
/// gap. Built once per batch on the host; clear() keeps the memory.
class Sequences {
 public:
  void clear() {
    segments_.clear();
    below_.clear();
    positions_.clear();
    pooled_.clear();
    pooled_begin_.clear();
    longest_ = 0;
    shared_ = false;
  }

  /// Appends `length` rows that continue `parent` (-1: a new sequence). Returns the segment's number.
  Index add(Index length, Index parent = -1) {
    const Index s = count(), begin = rows();
    if (length <= 0) raise(ShapeError{"sequences", "segment length", "1 or more", length});
    if (parent >= s || (parent >= 0 && below_end(parent) != s))
      raise(ShapeError{"sequences", "parent", "the last segment or one above it", parent});
    const Index position = parent < 0 ? 0 : segment(parent).reach();
    segments_.push_back({begin, begin + length, parent, position});
    below_.push_back(s + 1);
    for (Index a = parent; a >= 0; a = segment(a).parent) below_[static_cast<std::size_t>(a)] = s + 1;
    for (Index i = 0; i < length; ++i) positions_.push_back(static_cast<std::int32_t>(position + i));
    pooled_begin_.push_back(static_cast<Index>(pooled_.size()));
    longest_ = std::max(longest_, position + length);
    shared_ = shared_ || parent >= 0;
    return s;
  }

  /// Marks a row of the last segment added as pooled: the row the encoder returns. Ascending.
  void pool(Index row) {
    if (segments_.empty() || row < segments_.back().begin || row >= segments_.back().end ||
        (!pooled_.empty() && pooled_.back() >= row))
      raise(ShapeError{"sequences", "pooled row", "a later row of the last segment", row});
    pooled_.push_back(static_cast<std::int32_t>(row));
  }

  /// n sequences of `length` rows, `pooled_row` of each pooled: a batch of images, or of padded texts.
  void assign_uniform(Index n, Index length, Index pooled_row = 0) {
    clear();
    for (Index i = 0; i < n; ++i) {
      add(length);
      pool(i * length + pooled_row);
    }
  }

  Index count() const { return static_cast<Index>(segments_.size()); }
  Index rows() const { return segments_.empty() ? 0 : segments_.back().end; }
  /// Length of the longest sequence.
  Index longest() const { return longest_; }
  /// True where some segment has a parent.
  bool shared() const { return shared_; }
  /// True where all sequences are of one length with one pooled row each, as after assign_uniform.
  bool uniform() const {
    if (rows() != count() * longest_ || static_cast<Index>(pooled_.size()) != count()) return false;
    for (Index s = 0; s < count(); ++s)
      if (pooled_begin(s) != s) return false;
    return true;
  }

  const Segment& segment(Index s) const { return segments_[static_cast<std::size_t>(s)]; }
  std::span<const Segment> segments() const { return segments_; }
  /// The segments below s are s + 1 … below_end(s) - 1; their rows follow those of s.
  Index below_end(Index s) const { return below_[static_cast<std::size_t>(s)]; }

  /// The segments on the way from the beginning of the sequence to s, s itself last: visit(segment).
  template <class F>
  void path(Index s, F&& visit) const {
    if (const Index parent = segment(s).parent; parent >= 0) path(parent, visit);
    visit(segment(s));
  }

  /// Position in its sequence of every row.
  Ids positions() const { return positions_; }
  /// The pooled rows, ascending.
  Ids pooled() const { return pooled_; }
  /// The pooled rows of segment s are pooled()[pooled_begin(s)] … pooled()[pooled_begin(s + 1) - 1].
  Index pooled_begin(Index s) const {
    return s < count() ? pooled_begin_[static_cast<std::size_t>(s)] : static_cast<Index>(pooled_.size());
  }

 private:
  std::vector<Segment> segments_;
  std::vector<Index> below_;
  std::vector<std::int32_t> positions_;
  std::vector<std::int32_t> pooled_;
  std::vector<Index> pooled_begin_;
  Index longest_ = 0;
  bool shared_ = false;
};

}  // namespace clip::inline CLIP_ABI
