// clip/backend/cpu/product.hpp: y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut) over panels of weights.
//
// A task is a block of rows and some panels; k is cut so that a piece of a panel stays in the first-level cache while the rows
// pass, and their piece of x in the second while the panels pass; sums wait in scratch, every chain in order. Weights
// that lie in rows are packed first: by every task for itself where rows are few, otherwise once, a few megabytes at a time.
// Rows of x are read where they lie, or put together piece by piece in a thread's scratch (windows of a picture), or made
// words of several k (backend/cpu/dot.hpp). Depths count words.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/dot.hpp>
#include <clip/backend/cpu/epilogue.hpp>
#include <clip/backend/cpu/panels.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// Columns [begin, end) of some rows: where they lie, and how far apart the rows are.
template <class T>
struct Piece {
  const T* data = nullptr;
  Index stride = 0;
};

/// Rows that lie in memory.
template <class T>
struct RowsAsTheyLie {
  const In<T>& x;
  Index cols() const { return x.cols; }
  static constexpr Index pitch(Index) { return 0; }  // scratch a row takes
  Piece<T> piece(Index i0, Index, Index begin, Index, T*) const { return {x.row(i0) + begin, x.stride}; }
};

/// One product in steps of K; `first` is the weight's output that is y's first column.
template <class K, class T, class F, class Source = RowsAsTheyLie<T>>
struct Product {
  using Word = typename K::Word;
  using Sum = typename K::Sum;
  static constexpr Index width = panel_width<T>;
  static constexpr bool plain = std::is_same_v<K, Singles<T>>;
  static_assert(sizeof(Word) == sizeof(T) && sizeof(Sum) == sizeof(T), "Product: words and sums have the size of T, in whose units scratch is counted");

  const Source& x;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;
  Index first = 0;

  Index depth() const { return pieces(x.cols(), K::together); }
  Index first_panel() const { return first / width; }
  Index last_panel() const { return pieces(first + y.cols, width); }

  static constexpr Index rows_at_once = 8 * tile_rows, panels_at_once = 8;
  /// Steps of k whose part of a panel stays in the first-level cache; rows_at_once times `far` of x stay in the second.
  static constexpr Index near = 32768 / (width * static_cast<Index>(sizeof(T)));
  static constexpr Index far = std::max<Index>(1, 294912 / (rows_at_once * static_cast<Index>(sizeof(T))) / near) * near;
  static constexpr Index room_for_sums = rows_at_once * panels_at_once * width;

  Index reach() const { return depth() <= far * 4 / 3 ? std::max<Index>(depth(), 1) : far; }
  /// Values from a row of words to the next: not a power of two, whose rows would meet in the cache.
  Index pitch() const { return round_up(depth(), 16) + 16; }
  /// Scratch of a task: sums, then the piece of x where it is put together; of words all of them, their scales, and a row of values.
  Index room() const {
    if constexpr (!plain) return room_for_sums + rows_at_once * pitch() + rows_at_once + Source::pitch(x.cols());
    else return room_for_sums + rows_at_once * Source::pitch(reach());
  }

  /// Rows of a tile where there are `rows`: about equal parts, since a low tile costs as much time as a high one.
  static Index even(Index rows) { return pieces(rows, pieces(rows, tile_rows)); }

  /// A block of rows, as the tile reads them: whole (words), or a piece at a time.
  class Strip {
   public:
    Strip(const Product& product, Index i0, Index i1, T* scratch) : product_{product}, i0_{i0}, i1_{i1}, own_{scratch + room_for_sums} {
      if constexpr (!plain) {
        const Index pitch = product.pitch();
        T* const scale = own_ + rows_at_once * pitch;
        for (Index i = i0; i < i1; ++i) {
          const T* values = product.x.piece(i, i + 1, 0, product.x.cols(), scale + rows_at_once).data;
          scale[i - i0] = K::narrow(values, product.x.cols(), words() + (i - i0) * pitch);
        }
      }
    }

    /// Steps [begin, end).
    Piece<Word> steps(Index begin, Index end) {
      if constexpr (!plain) {
        return {words() + begin, product_.pitch()};
      } else {
        if (std::exchange(held_, begin) != begin) piece_ = product_.x.piece(i0_, i1_, begin, end, own_);
        return piece_;
      }
    }

    /// What one unit of a row of words stands for.
    const T* scale(Index i) const { return own_ + rows_at_once * product_.pitch() + (i - i0_); }

   private:
    Word* words() const { return reinterpret_cast<Word*>(own_); }

    const Product& product_;
    Index i0_, i1_;
    T* own_;
    Piece<T> piece_;
    Index held_ = -1;  // where the piece begins
  };

  /// Rows [i0, i1), at most rows_at_once, times panels [p0, p1); at(p) is where panel p begins.
  template <class At>
  void multiply(Index i0, Index i1, Index p0, Index p1, At&& at, T* scratch) const {
    const Index high = even(i1 - i0);
    const Index reach = this->reach(), together = reach >= depth() ? 1 : panels_at_once;
    Sum* const sums = reinterpret_cast<Sum*>(scratch);
    Strip strip{*this, i0, i1, scratch};
    for (Index g = p0; g < p1; g += together) {
      const Index end = std::min(p1, g + together);
      for (Index begin = 0; begin < depth(); begin += reach) {
        const Index stop = std::min(depth(), begin + reach);
        const Piece<Word> a = strip.steps(begin, stop);
        for (Index p = g; p < end; ++p)
          for (Index k = begin; k < stop; k += near)
            for (Index i = i0, n = 0; i < i1; i += high, ++n) {
              fetch(at(p) + (k + near) * width + n * (near * width / 8));
              tile_in<K>(std::min(high, i1 - i), std::min(near, stop - k), a.data + (i - i0) * a.stride + k - begin, a.stride, at(p) + k * width, width,
                         sums + ((p - g) * rows_at_once + i - i0) * width, width, k > 0);
            }
      }
      for (Index p = g; p < end; ++p)
        for (Index i = i0; i < i1; i += high) finish(at(p), p, i, std::min(high, i1 - i), strip, sums + ((p - g) * rows_at_once + i - i0) * width);
    }
  }

  /// Asks for an eighth of the piece of a panel that comes next, while eight tiles use the present one.
  static void fetch(const Word* next) {
    for (Index c = 0; c < near * width / 8; c += 64 / static_cast<Index>(sizeof(T))) __builtin_prefetch(next + c, 0, 2);
  }

  /// The same where k is short: a tile is finished while its sums are in the first-level cache.
  template <class At>
  void multiply_short(Index i0, Index i1, Index p0, Index p1, At&& at, T* scratch) const {
    const Index high = even(i1 - i0);
    Sum* const sums = reinterpret_cast<Sum*>(scratch);
    Strip strip{*this, i0, i1, scratch};
    const Piece<Word> a = strip.steps(0, depth());
    for (Index p = p0; p < p1; ++p)
      for (Index i = i0; i < i1; i += high) {
        const Index rows = std::min(high, i1 - i);
        for (Index r = 0; r < rows; ++r)  // y comes while the sums are made
          for (Index c = std::max(first, p * width) - first; c < std::min(first + y.cols, (p + 1) * width) - first; c += 64 / static_cast<Index>(sizeof(T)))
            __builtin_prefetch(y.row(i + r) + c, 1);
        tile_in<K>(rows, depth(), a.data + (i - i0) * a.stride, a.stride, at(p), width, sums, width, false);
        finish(at(p), p, i, rows, strip, sums);
      }
  }

  template <class At>
  void block(Index i0, Index i1, Index p0, Index p1, At&& at, T* scratch) const {
    depth() > near ? multiply(i0, i1, p0, p1, at, scratch) : multiply_short(i0, i1, p0, p1, at, scratch);
  }

  void finish(const Word* panel, Index p, Index i, Index rows, const Strip& strip, Sum* sums) const {
    T* const values = reinterpret_cast<T*>(sums);
    if constexpr (K::header > 0) K::finish(sums, rows, panel - K::header * width, strip.scale(i), values);
    const Index low = std::max(first, p * width), high = std::min(first + y.cols, (p + 1) * width);
    finish_tile(static_cast<const T*>(values) + (low - p * width), rows, high - low, i, low - first, epilogue, y);
  }

  /// Every row times panels [p0, p1).
  template <class At>
  void panels(Crew::Shift& shift, Index threads, Index p0, Index p1, At at) const {
    const Index tall = round_up(pieces(y.rows, pieces(y.rows, rows_at_once)), tile_rows), blocks = pieces(y.rows, tall);
    const Index wanted = blocks >= 3 * threads ? 1 : pieces(3 * threads, blocks), wide = pieces(p1 - p0, std::min(wanted, p1 - p0));
    const Index across = pieces(p1 - p0, wide);
    shift.template parallel<T>(blocks * across, room(), [&](Index task, T* own) {
      const Index i = task / across * tall, p = p0 + task % across * wide;
      block(i, std::min(y.rows, i + tall), p, std::min(p1, p + wide), at, own);
    });
  }

  /// Weights in another layout: pack(p, to) writes the words of panel p, as if each had the room of T times `together`.
  template <class Pack>
  void packing(Crew& crew, Pack pack) const {
    const Index p0 = first_panel(), p1 = last_panel(), one = width * depth() * K::together;
    Crew::Shift shift{crew};
    if (y.rows <= rows_at_once) {
      shift.template parallel<T>(p1 - p0, room() + one, [&](Index task, T* own) {
        T* const packed = own + room();
        pack(p0 + task, packed);
        block(
            0, y.rows, p0 + task, p0 + task + 1, [&](Index) { return reinterpret_cast<const Word*>(packed); }, own);
      });
      return;
    }
    const Index chunk = std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / std::max<Index>(one, 1), 1, p1 - p0);
    T* packed = shift.template shared<T>(chunk * one);
    for (Index p = p0; p < p1; p += chunk) {
      const Index n = std::min(chunk, p1 - p), together = std::max<Index>(1, small_work / std::max<Index>(one, 1));
      shift.template parallel<T>(pieces(n, together), 0, [&](Index task, T*) {
        for (Index q = task * together; q < std::min(n, (task + 1) * together); ++q) pack(p + q, packed + q * one);
      });
      panels(shift, crew.threads(), p, p + n, [&](Index q) { return reinterpret_cast<const Word*>(packed + (q - p) * one); });
    }
  }

  /// Weights in panels of words.
  void packed(Crew& crew, const T* data) const {
    Crew::Shift shift{crew};
    const Word* const words = reinterpret_cast<const Word*>(data) + K::header * width;
    const Index one = (K::header + depth()) * width;
    panels(shift, crew.threads(), first_panel(), last_panel(), [&](Index p) { return words + p * one; });
  }
};

}  // namespace clip::inline CLIP_ABI::detail
