// clip/backend/cpu/weights/panels.hpp: weights in the order the tile reads them.
//
// Panel p holds outputs p·W … p·W + W - 1 (W = panel_width) for k = 0, 1, …: W consecutive values per k, zeros past the end.
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI {

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wignored-attributes"  // vector types as template arguments lose an alignment nobody asks for
#endif

namespace detail {

/// A packet of every one of as many rows: they become columns of `to`, whose rows are `ld` apart.
template <class T, Index... i>
[[gnu::always_inline]] inline void transpose(std::integer_sequence<Index, i...>, const T* const (&from)[sizeof...(i)],
                                             Index k, T* to, Index ld) {
  Eigen::internal::PacketBlock<typename Pack<T>::Packet, static_cast<int>(sizeof...(i))> block;
  ((block.packet[i] = Pack<T>::load(from[i] + k).v), ...);
  Eigen::internal::ptranspose(block);
  (Eigen::internal::pstoreu(to + i * ld, block.packet[i]), ...);
}

/// to[k W + j] = row(j)[k] for k < depth, j < W: n rows become the columns of one panel, zeros where there is no row. While
/// values are moved, those at soon(j, k) are asked for. Flat, since g++ leaves a call to the transposition, whose packets then go through memory.
template <class T, class Row, class Soon>
[[gnu::flatten]] void pack_across(Index n, Index depth, Row&& row, T* to, Soon&& soon) {
  constexpr Index size = Pack<T>::size, width = panel_width<T>, stretch = 64;
  for (Index begin = 0; begin < depth; begin += stretch) {
    const Index end = std::min(depth, begin + stretch), whole = begin + (end - begin) / size * size;
    if (n < width)
      for (Index k = begin; k < end; ++k)
        Pack<T>(0).store(to + k * width), Pack<T>(0).store(to + k * width + Pack<T>::size);
    for (Index j = 0; j < n; j += size) {
      const T* from[size];
      for (Index i = 0; i < size; ++i) from[i] = row(std::min(j + i, n - 1));  // columns past n are cleared below
      Index k = begin;
      if constexpr (size > 1)
        for (; k < whole; k += size) {
          for (Index i = 0; i < size; ++i) __builtin_prefetch(soon(j + i, k), 0, 2);
          transpose(std::make_integer_sequence<Index, size>{}, from, k, to + k * width + j, width);
        }
      for (; k < end; ++k)
        for (Index i = 0; i < size; ++i) to[k * width + j + i] = from[i][k];
    }
    for (Index j = n; j < round_up(n, size); ++j)
      for (Index k = begin; k < end; ++k) to[k * width + j] = 0;
  }
}

template <class T, class Row>
void pack_across(Index n, Index depth, Row&& row, T* to) {
  pack_across<T>(n, depth, row, to, [&](Index, Index) { return to; });
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// One panel out of columns: n ≤ W of them, consecutive in rows ld apart.
template <class T>
void pack_along(Index n, Index depth, const T* from, Index ld, T* to) {
  using P = Pack<T>;
  constexpr Index width = panel_width<T>;
  for (Index k = 0; k < depth; ++k, from += ld, to += width) {
    if (n == width) {
      P::load(from).store(to), P::load(from + P::size).store(to + P::size);
    } else {
      P(0).store(to), P(0).store(to + P::size);
      along<T>(n, [&](Index j, auto part) { P::load(from + j, part).store(to + j); });
    }
  }
}

/// The same for windows: k runs over their pixels, and for each over the channels, as rows of pixels are read; in rows
/// it runs over the channels first.          row(j) : (channels, area)
template <class T, class Row>
void pack_windows(Index n, Index channels, Index area, Row&& row, T* to) {
  constexpr Index width = panel_width<T>, stretch = 8;
  if (area == 1) return pack_across<T>(n, channels, row, to);
  if (n < width) std::fill_n(to, channels * area * width, T(0));
  for (Index begin = 0; begin < channels; begin += stretch)
    for (Index j = 0; j < n; ++j) {
      const T* from = row(j) + begin * area;
      for (Index c = begin; c < std::min(channels, begin + stretch); ++c)
        for (Index tap = 0; tap < area; ++tap) to[(tap * channels + c) * width + j] = *from++;
    }
}

}  // namespace detail

namespace detail {

/// A weight w in rows as its products read it: n outputs, `area` pixels of a window.
template <class T>
struct InRows {
  Use use;
  View<const T> w;
  Index n, area = 1;

  Index depth() const { return use == Use::project ? w.rows : w.cols; }

  /// Inputs [begin, end) of panel p.
  void write(Index p, Index begin, Index end, T* to) const {
    constexpr Index width = panel_width<T>;
    const Index j = p * width, some = std::min(width, n - j), depth = end - begin;
    if (use == Use::project) {
      pack_along<T>(some, depth, w.row(begin) + j, w.stride, to);
    } else if (use == Use::linear) {
      const auto soon = [&](Index i, Index k) {  // a kilobyte further, or where the next panel begins
        k += begin + 256;
        return k < w.cols ? w.row(j + i) + k : w.row(j + i + width) + (k - w.cols);
      };
      pack_across<T>(
          some, depth, [&](Index i) { return w.row(j + i) + begin; }, to, soon);
    } else if (depth == w.cols) {
      pack_windows<T>(
          some, w.cols / area, area, [&](Index i) { return w.row(j + i); }, to);
    } else {
      const Index channels = w.cols / area;
      for (Index k = begin; k < end; ++k)
        for (Index i = 0; i < width; ++i) *to++ = i < some ? w.row(j + i)[k % channels * area + k / channels] : T(0);
    }
  }
};

/// Panel p of a weight in rows, back in its place.
template <class T>
void read_panel(Use use, const T* panel, Index area, Index p, const View<T>& w) {
  constexpr Index width = panel_width<T>;
  const Index outputs = use == Use::project ? w.cols : w.rows, depth = use == Use::project ? w.rows : w.cols,
              channels = depth / area;
  for (Index j = p * width; j < std::min(outputs, (p + 1) * width); ++j)
    for (Index k = 0; k < depth; ++k) {
      const T value = panel[(use == Use::convolution ? k % area * channels + k / area : k) * width + j % width];
      (use == Use::project ? w(k, j) : w(j, k)) = value;
    }
}

}  // namespace detail

}  // namespace clip::inline CLIP_ABI
