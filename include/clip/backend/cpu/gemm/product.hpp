// clip/backend/cpu/gemm/product.hpp: y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut) over panels of weights.
//
// A task is a block of rows and some panels; k is cut so that a piece of the rows, of a panel and of the next panel stay in the
// second-level cache together; sums wait in scratch, every chain in order. While a piece of a panel is used the next is asked
// for. Weights that lie in rows are packed first: a piece before it is used where rows are few, otherwise once for all rows, a
// few megabytes at a time. Rows of x are read where they lie, or put together piece by piece in a thread's scratch (windows of a
// picture), or made words of several k (backend/cpu/simd/dot.hpp). Depths count words.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/gemm/epilogue.hpp>
#include <clip/backend/cpu/simd/dot.hpp>
#include <clip/backend/cpu/weights/panels.hpp>

#include <algorithm>
#include <type_traits>
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

/// Panels of words, side by side.
template <class Word>
struct Panels {
  const Word* words;
  Index first, one, width;  // the panel they begin with, words from one to the next, and of a step
  const Word* where(Index p, Index k) const { return words + (p - first) * one + k * width; }
  const Word* piece(Index p, Index k, Index) const { return where(p, k); }
};

/// Panels of a weight in another layout: write(p, k, k + n, to) makes a piece of one when it is needed.
template <class Word, class Write>
struct PanelsToBe {
  const Write& write;
  Word* room;
  const Word* where(Index, Index) const { return room; }
  const Word* piece(Index p, Index k, Index n) const {
    write(p, k, k + n, room);
    return room;
  }
};

/// One product in steps of K; `first` is the weight's output that is y's first column.
template <class K, class T, class F = fn::Identity, class Source = RowsAsTheyLie<T>>
struct Product {
  using Word = typename K::Word;
  using Sum = typename K::Sum;
  static constexpr Index width = panel_width<T>, line = 64 / static_cast<Index>(sizeof(T));
  static constexpr bool plain = std::is_same_v<K, Singles<T>>;
  static_assert(sizeof(Word) == sizeof(T) && sizeof(Sum) == sizeof(T),
                "Product: words and sums have the size of T, in whose units scratch is counted");

  const Source& x;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;
  Index first = 0;

  Index depth() const { return pieces(x.cols(), K::together); }
  Index first_panel() const { return first / width; }
  Index last_panel() const { return pieces(first + y.cols, width); }

  static constexpr Index rows_at_once = (plain ? 8 : 11) * tile_rows, panels_at_once = 8;  // words are narrower
  /// Steps of k taken at once: rows_at_once rows of x and two panels of so many stay in the second-level cache.
  static constexpr Index far = 4096 / static_cast<Index>(sizeof(T));
  static constexpr Index room_for_sums = rows_at_once * panels_at_once * width;

  Index reach() const { return depth() <= far * 4 / 3 ? std::max<Index>(depth(), 1) : even_piece(depth(), far); }
  /// From a row of words to the next: not a power of two, whose rows would meet in the cache.
  static constexpr Index pitch(Index cols) { return round_up(pieces(cols, K::together), line) + line; }
  Index pitch() const { return pitch(x.cols()); }
  /// Words of a block of rows, and what one unit of each row stands for.
  static constexpr Index room_for_words(Index cols) { return rows_at_once * (pitch(cols) + 1); }
  /// Scratch of a task: sums, then the rows of x where they are made words or put together piece by piece.
  Index room() const {
    if constexpr (plain) return room_for_sums + rows_at_once * Source::pitch(reach());
    else return room_for_sums + room_for_words(x.cols()) + Source::pitch(x.cols());
  }

  /// Makes words of a row of x, number `row` of a block's.
  void narrow(const T* values, Index row, T* words) const {
    words[rows_at_once * pitch() + row] = K::narrow(values, x.cols(), reinterpret_cast<Word*>(words) + row * pitch());
  }
  /// Makes words of rows [i0, i1) of x, beginning with row `from_row` of a block's `words`; `room` is for one that is put together.
  void narrow(Index i0, Index i1, Index from_row, T* words, T* room) const {
    for (Index i = i0; i < i1; ++i, ++from_row) narrow(x.piece(i, i + 1, 0, x.cols(), room).data, from_row, words);
  }

  /// Rows [i0, i1), at most rows_at_once, times panels [p0, p1). `words` are those of the rows, if there are any.
  template <class Panels>
  void multiply(Index i0, Index i1, Index p0, Index p1, const Panels& panels, const T* words, T* scratch) const {
    const Index step = pieces(width, tiles_of(i1 - i0));  // of the next piece every tile asks for its share
    const Index reach = this->reach(), together = reach >= depth() ? 1 : panels_at_once;
    const T* const scale = words + rows_at_once * pitch();
    Piece<Word> a{reinterpret_cast<const Word*>(words), pitch()};
    Index held = -1;  // where the piece begins
    for (Index g = p0; g < p1; g += together) {
      const Index end = std::min(p1, g + together);
      for (Index k = 0; k == 0 || k < depth(); k += reach) {
        const Index n = std::min(reach, depth() - k);
        const bool last = k + n == depth();
        if constexpr (plain) {
          if (std::exchange(held, k) != k) a = x.piece(i0, i1, k, k + n, scratch + room_for_sums);
        } else {
          a.data = reinterpret_cast<const Word*>(words) + k;
        }
        for (Index p = g; p < end; ++p) {
          const Word* const b = panels.piece(p, k, n);
          const Word* next = p + 1 < end ? panels.where(p + 1, k) : panels.where(last ? end : g, last ? 0 : k + n);
          Sum* sums = reinterpret_cast<Sum*>(scratch) + (p - g) * rows_at_once * width;
          each_tile(i0, i1, [&](Index i, Index rows) {
            if (plain && last) await(p, i, rows);  // of words a tile is done too soon for that to help
            tile_in<K>(rows, n, a.data + (i - i0) * a.stride, a.stride, b, width, sums, width, k > 0, {next, step});
            if (last) finish(panels.where(p, 0), p, i, rows, scale + (i - i0), sums);
            next += n * step, sums += rows * width;
          });
        }
      }
    }
  }

  /// Asks for the part of y a tile writes, before its last sums are made.
  void await(Index p, Index i, Index rows) const {
    for (Index r = 0; r < rows; ++r)
      for (Index c = std::max(first, p * width) - first; c < std::min(first + y.cols, (p + 1) * width) - first;
           c += line)
        __builtin_prefetch(y.row(i + r) + c, 1);
  }

  void finish(const Word* panel, Index p, Index i, Index rows, const T* scale, Sum* sums) const {
    T* const values = reinterpret_cast<T*>(sums);
    if constexpr (K::header > 0) K::finish(sums, rows, panel - K::header * width, scale, values);
    const Index low = std::max(first, p * width), high = std::min(first + y.cols, (p + 1) * width);
    finish_tile(static_cast<const T*>(values) + (low - p * width), rows, high - low, i, low - first, epilogue, y);
  }

  /// Every row times panels [p0, p1); make(room) gives a task its panels, with `extra` scratch.
  template <class Make>
  void run(Crew::Shift& shift, Index threads, Index p0, Index p1, Index extra, Make&& make) const {
    const Index fewest = pieces(y.rows, rows_at_once), blocks = fewest < threads ? fewest : round_up(fewest, threads);
    const Index enough = plain || blocks == 1 ? 6 : 2;  // tasks of a thread; of words each makes its own
    const Index across = std::min(blocks >= enough * threads ? 1 : pieces(enough * threads, blocks), p1 - p0);
    T* shared = nullptr;
    if constexpr (!plain)
      if (blocks == 1) {
        shared = shift.template shared<T>(room_for_words(x.cols()));
        shift.template parallel<T>(pieces(y.rows, tile_rows), Source::pitch(x.cols()), [&](Index task, T* own) {
          narrow(task * tile_rows, std::min(y.rows, (task + 1) * tile_rows), task * tile_rows, shared, own);
        });
      }
    shift.template parallel<T>(blocks * across, room() + extra, [&](Index task, T* own) {
      const Index block = task / across, part = task % across;
      const Index i0 = y.rows * block / blocks, i1 = y.rows * (block + 1) / blocks;
      T* const words = shared ? shared : own + room_for_sums;
      if constexpr (!plain)
        if (!shared) narrow(i0, i1, 0, words, words + room_for_words(x.cols()));
      multiply(i0, i1, p0 + (p1 - p0) * part / across, p0 + (p1 - p0) * (part + 1) / across, make(own + room()), words,
               own);
    });
  }

  /// Weights in another layout: write(p, begin, end, to) writes inputs [begin, end) of panel p as words; `to` has room for as many T.
  template <class Write>
  void packing(Crew& crew, const Write& write) const {
    const Index p0 = first_panel(), p1 = last_panel(), one = width * depth() * K::together;
    const auto in_words = [&](Index p, Index k, Index end, Word* to) {
      write(p, k * K::together, std::min(x.cols(), end * K::together), reinterpret_cast<T*>(to));
    };
    Crew::Shift shift{crew};
    if (y.rows <= rows_at_once) {
      run(shift, crew.threads(), p0, p1, reach() * width * K::together, [&](T* room) {
        return PanelsToBe<Word, decltype(in_words)>{in_words, reinterpret_cast<Word*>(room)};
      });
      return;
    }
    const Index chunk =
        std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / std::max<Index>(one, 1), 1, p1 - p0);
    T* packed = shift.template shared<T>(chunk * one);
    for (Index p = p0; p < p1; p += chunk) {
      const Index n = std::min(chunk, p1 - p), together = std::max<Index>(1, small_work / std::max<Index>(one, 1));
      shift.template parallel<T>(pieces(n, together), 0, [&](Index task, T*) {
        for (Index q = task * together; q < std::min(n, (task + 1) * together); ++q)
          in_words(p + q, 0, depth(), reinterpret_cast<Word*>(packed + q * one));
      });
      run(shift, crew.threads(), p, p + n, 0, [&](T*) {
        return Panels<Word>{reinterpret_cast<const Word*>(packed), p, one, width};
      });
    }
  }

  /// The panels of a packed weight.
  Panels<Word> panels(const T* data) const {
    return {reinterpret_cast<const Word*>(data) + K::header * width, 0, (K::header + depth()) * width, width};
  }

  /// Weights in panels of words.
  void packed(Crew& crew, const T* data) const {
    Crew::Shift shift{crew};
    const auto panels = this->panels(data);
    run(shift, crew.threads(), first_panel(), last_panel(), 0, [&](T*) { return panels; });
  }
};

}  // namespace clip::inline CLIP_ABI::detail
