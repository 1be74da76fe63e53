// clip/backend/cuda/tree.hpp: sequences as arrays that attention kernels read, built on the host.
#pragma once

#include <clip/backend/cuda/launch.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace clip_cuda {

/// Pointers into one array of numbers. The keys of a segment are ranges of rows, from the beginning of its sequence to
/// itself: ranges[s] … ranges[s + 1] - 1; a range begins with row range_row and has position range_position.
struct Tree {
  const std::int32_t *segment_of_row, *pooled;
  const std::int32_t *begin, *position, *reach;              // per segment
  const std::int32_t *rows_end, *pooled_begin, *pooled_end;  // rows and pooled rows of a segment and all below it
  const std::int32_t *ranges, *range_row, *range_position;
  const std::int32_t *far_row, *far_chunk, *far_begin;  // see TreeArrays::chunk
};

/// The array, and where its parts are.
class TreeArrays {
 public:
  /// The queries that see a key are one range of rows (or of pooled rows). Ranges are cut into chunks of this length,
  /// from their beginning; chunks after the first are listed: chunk far_chunk[i] of row far_row[i], and far_begin[r]
  /// … far_begin[r + 1] - 1 are those of row r.
  static constexpr Index chunk = 1024;

  void assign(const Sequences& sequences) {
    segments_.resize(static_cast<std::size_t>(sequences.count));
    if (sequences.count > 0) std::memcpy(segments_.data(), sequences.segments, segments_.size() * sizeof(Segment));
    pooled_.assign(sequences.pooled, sequences.pooled + sequences.pooled_count);
    values_.clear();
    parts_.clear();
    const std::size_t n = segments_.size();
    std::vector<std::size_t> below(n);  // one past the last descendant
    for (std::size_t s = n; s-- > 0;) {
      below[s] = std::max(below[s], s + 1);
      if (const Index parent = segments_[s].parent; parent >= 0) {
        auto& of_parent = below[static_cast<std::size_t>(parent)];
        of_parent = std::max(of_parent, below[s]);
      }
    }

    part();
    for (std::size_t s = 0; s < n; ++s)
      values_.insert(values_.end(), static_cast<std::size_t>(segments_[s].end - segments_[s].begin),
                     static_cast<std::int32_t>(s));
    part();
    values_.insert(values_.end(), pooled_.begin(), pooled_.end());
    const auto per_segment = [&](auto value) {
      part();
      for (std::size_t s = 0; s < n; ++s) push(value(s));
    };
    per_segment([&](std::size_t s) { return segments_[s].begin; });
    per_segment([&](std::size_t s) { return segments_[s].position; });
    per_segment([&](std::size_t s) { return segments_[s].position + segments_[s].end - segments_[s].begin; });
    per_segment([&](std::size_t s) { return segments_[below[s] - 1].end; });
    const auto pooled_before = [&](Index row) {
      return std::lower_bound(pooled_.begin(), pooled_.end(), row) - pooled_.begin();
    };
    per_segment([&](std::size_t s) { return pooled_before(segments_[s].begin); });
    per_segment([&](std::size_t s) { return pooled_before(segments_[below[s] - 1].end); });

    std::vector<std::int32_t> rows, positions;
    part();
    for (std::size_t s = 0; s < n; ++s) {
      push(static_cast<Index>(rows.size()));
      const std::size_t first = rows.size();
      for (Index a = static_cast<Index>(s); a >= 0; a = segments_[static_cast<std::size_t>(a)].parent) {
        rows.push_back(static_cast<std::int32_t>(segments_[static_cast<std::size_t>(a)].begin));
        positions.push_back(static_cast<std::int32_t>(segments_[static_cast<std::size_t>(a)].position));
      }
      std::reverse(rows.begin() + static_cast<Index>(first), rows.end());
      std::reverse(positions.begin() + static_cast<Index>(first), positions.end());
    }
    push(static_cast<Index>(rows.size()));
    part();
    values_.insert(values_.end(), rows.begin(), rows.end());
    part();
    values_.insert(values_.end(), positions.begin(), positions.end());

    std::vector<std::int32_t> far_rows, far_chunks, far_begins;
    for (std::size_t s = 0; s < n; ++s) {
      const Index last = segments_[below[s] - 1].end;
      const Index longest = std::max(last - segments_[s].begin,
                                     static_cast<Index>(pooled_before(last) - pooled_before(segments_[s].begin)));
      for (Index row = segments_[s].begin; row < segments_[s].end; ++row) {
        far_begins.push_back(static_cast<std::int32_t>(far_rows.size()));
        for (Index c = 1; c * chunk < longest; ++c) {
          far_rows.push_back(static_cast<std::int32_t>(row));
          far_chunks.push_back(static_cast<std::int32_t>(c));
        }
      }
    }
    far_begins.push_back(static_cast<std::int32_t>(far_rows.size()));
    far_ = static_cast<Index>(far_rows.size());
    for (const auto* values : {&far_rows, &far_chunks, &far_begins}) {
      part();
      values_.insert(values_.end(), values->begin(), values->end());
    }

    const auto same = [&](const Segment& s) {
      return s.parent < 0 && s.end - s.begin == segments_[0].end - segments_[0].begin;
    };
    equal_ = n > 0 && std::all_of(segments_.begin(), segments_.end(), same) ? segments_[0].end - segments_[0].begin : 0;
  }
  /// The number of chunks after the first of their range.
  Index far_chunks() const { return far_; }
  /// The length of all sequences, where they are equal and have no parents; otherwise 0.
  Index equal_length() const { return equal_; }

  /// Whether they were built from these sequences.
  bool built_from(const Sequences& sequences) const {
    return static_cast<Index>(segments_.size()) == sequences.count &&
           static_cast<Index>(pooled_.size()) == sequences.pooled_count && !parts_.empty() &&
           (sequences.count == 0 ||
            std::memcmp(segments_.data(), sequences.segments, segments_.size() * sizeof(Segment)) == 0) &&
           std::equal(pooled_.begin(), pooled_.end(), sequences.pooled);
  }
  void clear() { parts_.clear(); }

  const std::vector<std::int32_t>& values() const { return values_; }
  /// The parts of a copy of values() that begins at `data`.
  Tree at(const std::int32_t* data) const {
    const auto of = [&](std::size_t i) { return data + parts_[i]; };
    return {of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8), of(9), of(10), of(11), of(12), of(13)};
  }

 private:
  void part() { parts_.push_back(values_.size()); }
  void push(Index value) { values_.push_back(static_cast<std::int32_t>(value)); }

  std::vector<Segment> segments_;
  std::vector<std::int32_t> pooled_, values_;
  std::vector<std::size_t> parts_;
  Index far_ = 0, equal_ = 0;
};

}  // namespace clip_cuda
