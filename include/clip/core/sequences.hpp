// clip/core/sequences.hpp: sequences in a batch of rows, as segments that may share a common beginning.
//
// A batch is one matrix of rows. Only attention, positions and pooling use the sequences, and only through this list. A
// segment without a parent begins a sequence; a segment with a parent continues the sequence that ends with its parent.
// Prompts with a common prefix thus share the rows of the prefix.
#pragma once

#include <clip/core/size.hpp>
#include <clip/core/stamp.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Row numbers, token ids or group numbers: the indices of gather and scatter.
using Ids = std::span<const std::int32_t>;

/// Rows [begin, end) continue the sequence that ends with segment `parent` (-1: they begin a sequence). Row `begin` has
/// index `position` in its sequence.
struct Segment {
  Index begin, end, parent, position;
  Index length() const { return end - begin; }
  /// Length of the sequence up to and including this segment.
  Index reach() const { return position + length(); }
};

/// Segments in depth-first order: a parent precedes its children, and all descendants of a segment follow it without a
/// gap. Built once per batch on the host; clear() keeps the memory. A backend may keep its own copy by stamp().
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
    stamp_ = 0;
    uniform_ = {};
  }

  /// Appends `length` rows that continue `parent` (-1: a new sequence). Returns the number of the segment.
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
    changed();
    return s;
  }

  /// Marks a row of the last segment as pooled: the encoder returns it. Calls in ascending order.
  void pool(Index row) {
    if (segments_.empty() || row < segments_.back().begin || row >= segments_.back().end ||
        (!pooled_.empty() && pooled_.back() >= row))
      raise(ShapeError{"sequences", "pooled row", "a later row of the last segment", row});
    pooled_.push_back(static_cast<std::int32_t>(row));
    changed();
  }

  /// n sequences of `length` rows, each with one pooled row, `pooled_row`: a batch of images or of padded texts. Nothing
  /// changes, and the stamp stays, where they are the same as in the last call.
  void assign_uniform(Index n, Index length, Index pooled_row = 0) {
    const std::array wanted{n, length, pooled_row};
    if (stamp_ != 0 && wanted == uniform_) return;
    clear();
    for (Index i = 0; i < n; ++i) {
      add(length);
      pool(i * length + pooled_row);
    }
    uniform_ = wanted;
  }

  /// The name of this content: sequences with equal stamps are equal. 0 for no sequences.
  std::uint64_t stamp() const { return stamp_; }

  Index count() const { return static_cast<Index>(segments_.size()); }
  Index rows() const { return segments_.empty() ? 0 : segments_.back().end; }
  /// Length of the longest sequence.
  Index longest() const { return longest_; }
  /// True if any segment has a parent.
  bool shared() const { return shared_; }
  /// True if all sequences have one length and one pooled row each, as after assign_uniform.
  bool uniform() const {
    if (rows() != count() * longest_ || static_cast<Index>(pooled_.size()) != count()) return false;
    for (Index s = 0; s < count(); ++s)
      if (pooled_begin(s) != s) return false;
    return true;
  }

  const Segment& segment(Index s) const { return segments_[static_cast<std::size_t>(s)]; }
  std::span<const Segment> segments() const { return segments_; }
  /// The descendants of s are the segments s + 1 … below_end(s) - 1; their rows follow those of s.
  Index below_end(Index s) const { return below_[static_cast<std::size_t>(s)]; }

  /// Calls visit(segment) for each segment from the beginning of the sequence to s, inclusive.
  template <class F>
  void path(Index s, F&& visit) const {
    if (const Index parent = segment(s).parent; parent >= 0) path(parent, visit);
    visit(segment(s));
  }

  /// The position of every row in its sequence.
  Ids positions() const { return positions_; }
  /// The pooled rows, ascending.
  Ids pooled() const { return pooled_; }
  /// The pooled rows of segment s are pooled()[pooled_begin(s)] … pooled()[pooled_begin(s + 1) - 1].
  Index pooled_begin(Index s) const {
    return s < count() ? pooled_begin_[static_cast<std::size_t>(s)] : static_cast<Index>(pooled_.size());
  }

 private:
  void changed() {
    stamp_ = next_stamp();
    uniform_ = {};
  }

  std::vector<Segment> segments_;
  std::vector<Index> below_;
  std::vector<std::int32_t> positions_;
  std::vector<std::int32_t> pooled_;
  std::vector<Index> pooled_begin_;
  Index longest_ = 0;
  bool shared_ = false;
  std::uint64_t stamp_ = 0;
  std::array<Index, 3> uniform_{};  // the last arguments of assign_uniform, zeros after any other change
};

}  // namespace clip::inline CLIP_ABI
