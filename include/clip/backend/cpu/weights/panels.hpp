// clip/backend/cpu/weights/panels.hpp: packed weights: column panels in the order the register tile reads them.
//
// Panel p holds outputs p·W … p·W + W - 1 (W = panel_width) for k = 0, 1, …: W consecutive values per k, zeros past the
// last output.
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/backend/cpu/threads/partition.hpp>
#include <clip/backend/cpu/weights/layouts.hpp>

#include <algorithm>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// Vector types as template arguments lose an alignment attribute that nothing here depends on.
#pragma GCC diagnostic ignored "-Wignored-attributes"
#endif

/// Transposes a square block: one packet from each of as many rows becomes a column of `to`, whose rows are ld apart.
template <class T, Index... i>
[[gnu::always_inline]] inline void transpose_packets(std::integer_sequence<Index, i...>,
                                                     const T* const (&from)[sizeof...(i)], Index k, T* to, Index ld) {
  Eigen::internal::PacketBlock<typename Simd<T>::Packet, static_cast<int>(sizeof...(i))> block;
  ((block.packet[i] = Simd<T>::load(from[i] + k).v), ...);
  Eigen::internal::ptranspose(block);
  (Eigen::internal::pstoreu(to + i * ld, block.packet[i]), ...);
}

/// One panel from outputs stored as n ≤ W rows: to[k W + j] = row(j)[k] for k < depth, zeros for j ≥ n. Meanwhile
/// prefetches prefetch_at(j, k). Flattened, since g++ does not inline the transposition otherwise, and its packets go
/// through memory.
template <class T, class Row, class Address>
[[gnu::flatten]] void pack_rows(Index n, Index depth, Row&& row, T* to, Address&& prefetch_at) {
  constexpr Index size = Simd<T>::size, width = panel_width<T>, k_block = 64;
  for (Index begin = 0; begin < depth; begin += k_block) {
    const Index end = std::min(depth, begin + k_block), whole = begin + (end - begin) / size * size;
    if (n < width)
      for (Index k = begin; k < end; ++k) {
        Simd<T>(0).store(to + k * width);
        Simd<T>(0).store(to + k * width + Simd<T>::size);
      }
    for (Index j = 0; j < n; j += size) {
      const T* from[size];
      for (Index i = 0; i < size; ++i) from[i] = row(std::min(j + i, n - 1));  // columns past n are cleared below
      Index k = begin;
      if constexpr (size > 1)
        for (; k < whole; k += size) {
          for (Index i = 0; i < size; ++i) __builtin_prefetch(prefetch_at(j + i, k), 0, 2);
          transpose_packets(std::make_integer_sequence<Index, size>{}, from, k, to + k * width + j, width);
        }
      for (; k < end; ++k)
        for (Index i = 0; i < size; ++i) to[k * width + j + i] = from[i][k];
    }
    for (Index j = n; j < round_up(n, size); ++j)
      for (Index k = begin; k < end; ++k) to[k * width + j] = 0;
  }
}

template <class T, class Row>
void pack_rows(Index n, Index depth, Row&& row, T* to) {
  pack_rows<T>(n, depth, row, to, [&](Index, Index) { return to; });
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// One panel from outputs stored as n ≤ W consecutive columns of rows ld apart.
template <class T>
void pack_columns(Index n, Index depth, const T* from, Index ld, T* to) {
  using P = Simd<T>;
  constexpr Index width = panel_width<T>;
  for (Index k = 0; k < depth; ++k, from += ld, to += width) {
    if (n == width) {
      P::load(from).store(to);
      P::load(from + P::size).store(to + P::size);
    } else {
      P(0).store(to);
      P(0).store(to + P::size);
      each_packet<T>(n, [&](Index j, auto mask) { P::load(from + j, mask).store(to + j); });
    }
  }
}

/// One panel of a convolution's weight: k runs over the pixels of the window and, for each, over the channels, as
/// gathered windows do; in the stored weight it runs over the channels first.          row(j) : (channels, area)
template <class T, class Row>
void pack_windows(Index n, Index channels, Index area, Row&& row, T* to) {
  constexpr Index width = panel_width<T>, channel_block = 8;
  if (area == 1) return pack_rows<T>(n, channels, row, to);
  if (n < width) std::fill_n(to, channels * area * width, T(0));
  for (Index begin = 0; begin < channels; begin += channel_block)
    for (Index j = 0; j < n; ++j) {
      const T* from = row(j) + begin * area;
      for (Index c = begin; c < std::min(channels, begin + channel_block); ++c)
        for (Index tap = 0; tap < area; ++tap) to[(tap * channels + c) * width + j] = *from++;
    }
}

/// A weight in rows, as its product reads it: n outputs; a convolution's window has `area` pixels.
template <class T>
struct UnpackedWeight {
  Use use;
  View<const T> w;
  Index n, area = 1;

  Index depth() const { return use == Use::project ? w.rows : w.cols; }

  /// Packs inputs [begin, end) of panel p.
  void pack(Index p, Index begin, Index end, T* to) const {
    constexpr Index width = panel_width<T>;
    const Index j = p * width, count = std::min(width, n - j), depth = end - begin;
    if (use == Use::project) {
      pack_columns<T>(count, depth, w.row(begin) + j, w.stride, to);
    } else if (use == Use::linear) {
      const auto prefetch_at = [&](Index i, Index k) {  // a kilobyte ahead, or the beginning of the next panel
        k += begin + 256;
        return k < w.cols ? w.row(j + i) + k : w.row(j + i + width) + (k - w.cols);
      };
      const auto row = [&](Index i) { return w.row(j + i) + begin; };
      pack_rows<T>(count, depth, row, to, prefetch_at);
    } else if (depth == w.cols) {
      const auto row = [&](Index i) { return w.row(j + i); };
      pack_windows<T>(count, w.cols / area, area, row, to);
    } else {
      const Index channels = w.cols / area;
      for (Index k = begin; k < end; ++k)
        for (Index i = 0; i < width; ++i) *to++ = i < count ? w.row(j + i)[k % channels * area + k / channels] : T(0);
    }
  }
};

/// Writes panel p back to the rows of w.
template <class T>
void unpack_panel(Use use, const T* panel, Index area, Index p, const View<T>& w) {
  constexpr Index width = panel_width<T>;
  const Index outputs = use == Use::project ? w.cols : w.rows, depth = use == Use::project ? w.rows : w.cols;
  const Index channels = depth / area;
  for (Index j = p * width; j < std::min(outputs, (p + 1) * width); ++j)
    for (Index k = 0; k < depth; ++k) {
      const T value = panel[(use == Use::convolution ? k % area * channels + k / area : k) * width + j % width];
      (use == Use::project ? w(k, j) : w(j, k)) = value;
    }
}

}  // namespace clip::inline CLIP_ABI::cpu
