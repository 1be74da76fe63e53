// clip/backend/cpu/gemm/product.hpp: cache-blocked matrix product with fused epilogue.
//
// A task is a block of rows times a range of panels. k is cut into blocks so that a block of the rows, of a panel and
// of the next panel stay in the second-level cache together; sums wait in scratch between blocks, every chain in order.
// While a block of a panel is in use, the next one is prefetched; on AVX2 it is widened first if many tiles read it
// (backend/cpu/gemm/widen.hpp). Unpacked weights are packed first: block by block on demand if rows are few, otherwise
// once for all rows, a few megabytes at a time. Rows of x are read in place, or gathered block by block into scratch
// (windows of an image), or quantised into lanes of several k (backend/cpu/simd/dot.hpp). Depths count steps of k, that
// is lanes of x.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/backend/cpu/gemm/epilogue.hpp>
#include <clip/backend/cpu/gemm/operands.hpp>
#include <clip/backend/cpu/gemm/widen.hpp>
#include <clip/backend/cpu/simd/dot.hpp>
#include <clip/backend/cpu/threads/loops.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI::cpu {

/// One product by the dot-product step Dot. `first` is the output of the weight that column 0 of y receives.
template <class Dot, class T, class F = fn::Identity, class Source = DirectRows<T>>
struct Product {
  using Lane = typename Dot::Lane;
  using PanelLane = typename Dot::PanelLane;
  using Sum = typename Dot::Sum;
  static constexpr Index width = panel_width<T>, cache_line = 64 / static_cast<Index>(sizeof(T));
  static constexpr bool plain = !Dot::quantises_rows;
  static_assert(sizeof(Lane) == sizeof(T) && sizeof(Sum) == sizeof(T),
                "Product: lanes and sums have the size of T, because scratch is counted in T");

  const Source& x;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;
  Index first = 0;

  /// Quantised rows end with whole lanes of a panel.
  Index depth() const {
    if constexpr (plain) return x.cols();
    else return ceil_div(x.cols(), Dot::values_per_lane * Dot::parts) * Dot::parts;
  }
  Index first_panel() const { return first / width; }
  Index last_panel() const { return ceil_div(first + y.cols, width); }

  /// Quantised rows are narrower, so a block holds more of them. Nine tiles of AVX2 hold one image of ViT-B/32.
  static constexpr Index rows_per_block = (plain ? (is_avx2 ? 9 : 8) : 11) * tile_rows, panels_per_group = 8;
  /// Limit of a block of k: that much of rows_per_block rows of x and of two panels stays in the second-level cache.
  static constexpr Index depth_limit = 4096 / static_cast<Index>(sizeof(T));
  /// Scratch of a block: the sums, then a block of a panel where it is widened.
  static constexpr Index widened_size = widens_panels<Dot> ? (depth_limit * 4 / 3 + 2) * width : 0;
  static constexpr Index sums_size = rows_per_block * panels_per_group * width + widened_size;

  Index depth_block() const {
    if (depth() <= depth_limit * 4 / 3) return std::max<Index>(depth(), 1);
    return round_up(balanced_block(depth(), depth_limit), Dot::parts);
  }
  /// From one quantised row to the next: not a power of two, whose rows would share sets of the cache.
  static constexpr Index pitch(Index cols) {
    return round_up(ceil_div(cols, Dot::values_per_lane), cache_line) + cache_line;
  }
  Index pitch() const { return pitch(x.cols()); }
  /// A quantised block of rows: the lanes, then the scale of each row.
  static constexpr Index quantised_size(Index cols) { return rows_per_block * (pitch(cols) + 1); }
  /// Scratch of a task: sums, then the rows of x where they are quantised or gathered.
  Index scratch_size() const {
    if constexpr (plain) return sums_size + rows_per_block * Source::pitch(depth_block());
    else return sums_size + quantised_size(x.cols()) + Source::pitch(x.cols());
  }

  /// Quantises one row of x as row `row` of a block.
  void quantise_row(const T* values, Index row, T* quantised) const {
    quantised[rows_per_block * pitch() + row] =
        Dot::quantise(values, x.cols(), reinterpret_cast<Lane*>(quantised) + row * pitch());
  }
  /// Quantises rows [i0, i1) of x as rows `row` … of a block. `buffer` is for one gathered row.
  void quantise_rows(Index i0, Index i1, Index row, T* quantised, T* buffer) const {
    for (Index i = i0; i < i1; ++i, ++row) quantise_row(x.block(i, i + 1, 0, x.cols(), buffer).data, row, quantised);
  }

  /// Rows [i0, i1), at most rows_per_block, times panels [p0, p1). `quantised` holds these rows if not plain.
  template <class Panels>
  void multiply_block(Index i0, Index i1, Index p0, Index p1, const Panels& panels, const T* quantised,
                      T* scratch) const {
    const Index step = ceil_div(width, tiles_of(i1 - i0));  // every tile prefetches its share of the next block
    const Index depth_block = this->depth_block(), group = depth_block >= depth() ? 1 : panels_per_group;
    const T* const scale = quantised + rows_per_block * pitch();
    Block<Lane> a{reinterpret_cast<const Lane*>(quantised), pitch()};
    Index gathered = -1;  // first step of the block that a holds
    using Widened = WidenedStep<Dot>;
    const bool widen = widens_panels<Dot> && tiles_of(i1 - i0) >= fewest_tiles_to_widen;
    auto* const widened = reinterpret_cast<typename Widened::PanelLane*>(scratch + sums_size - widened_size);
    for (Index g = p0; g < p1; g += group) {
      const Index end = std::min(p1, g + group);
      for (Index k = 0; k == 0 || k < depth(); k += depth_block) {
        const Index n = std::min(depth_block, depth() - k);
        const bool last = k + n == depth();
        if constexpr (plain) {
          if (std::exchange(gathered, k) != k) a = x.block(i0, i1, k, k + n, scratch + sums_size);
        } else {
          a.data = reinterpret_cast<const Lane*>(quantised) + k;
        }
        for (Index p = g; p < end; ++p) {
          const PanelLane* const b = panels.block(p, k, n);
          const PanelLane* next =
              p + 1 < end ? panels.address(p + 1, k) : panels.address(last ? end : g, last ? 0 : k + n);
          Sum* sums = reinterpret_cast<Sum*>(scratch) + (p - g) * rows_per_block * width;
          if constexpr (widens_panels<Dot>)
            if (widen) widen_panel<Dot>(b, n, widened);
          each_tile(i0, i1, [&](Index i, Index rows) {
            if (plain && last) prefetch_output(p, i, rows);  // quantised tiles are too short to hide the prefetch
            const Lane* const values = a.data + (i - i0) * a.stride;
            if (widen)
              micro_kernel<Widened>(rows, n, values, a.stride, widened, width, sums, width, k > 0,
                                    widened_prefetcher<Dot>(next, step));
            else micro_kernel<Dot>(rows, n, values, a.stride, b, width, sums, width, k > 0, {next, step});
            if (last) store_sums(panels.address(p, 0), p, i, rows, scale + (i - i0), sums);
            next += n / Dot::parts * step;
            sums += rows * width;
          });
        }
      }
    }
  }

  /// Prefetches the part of y that a tile writes, before its last block of k.
  void prefetch_output(Index p, Index i, Index rows) const {
    for (Index r = 0; r < rows; ++r)
      for (Index c = std::max(first, p * width) - first; c < std::min(first + y.cols, (p + 1) * width) - first;
           c += cache_line)
        __builtin_prefetch(y.row(i + r) + c, 1);
  }

  /// Dequantises the sums of a tile if need be and stores them through the epilogue.
  void store_sums(const PanelLane* panel, Index p, Index i, Index rows, const T* scale, Sum* sums) const {
    T* const values = reinterpret_cast<T*>(sums);
    if constexpr (Dot::header > 0) Dot::dequantise(sums, rows, panel - Dot::header * width, scale, values);
    const Index begin = std::max(first, p * width), end = std::min(first + y.cols, (p + 1) * width);
    store_tile(static_cast<const T*>(values) + (begin - p * width), rows, end - begin, i, begin - first, epilogue, y);
  }

  /// All rows times panels [p0, p1). make_panels(buffer) returns the panels of a task, with a buffer of `buffer_size`.
  template <class MakePanels>
  void multiply_panels(ParallelRegion& region, Index threads, Index p0, Index p1, Index buffer_size,
                       MakePanels&& make_panels) const {
    const Index fewest = ceil_div(y.rows, rows_per_block);
    const Index blocks = fewest < threads ? fewest : round_up(fewest, threads);
    const Index tasks_per_thread = plain || blocks == 1 ? 6 : 2;  // otherwise each task quantises its rows again
    const Index parts =
        std::min(blocks >= tasks_per_thread * threads ? 1 : ceil_div(tasks_per_thread * threads, blocks), p1 - p0);
    T* shared = nullptr;
    if constexpr (!plain)
      if (blocks == 1) {
        shared = region.template shared<T>(quantised_size(x.cols()));
        region.template parallel<T>(ceil_div(y.rows, tile_rows), Source::pitch(x.cols()), [&](Index task, T* buffer) {
          quantise_rows(task * tile_rows, std::min(y.rows, (task + 1) * tile_rows), task * tile_rows, shared, buffer);
        });
      }
    region.template parallel<T>(blocks * parts, scratch_size() + buffer_size, [&](Index task, T* scratch) {
      const Index block = task / parts, part = task % parts;
      const Index i0 = y.rows * block / blocks, i1 = y.rows * (block + 1) / blocks;
      T* const quantised = shared ? shared : scratch + sums_size;
      if constexpr (!plain)
        if (!shared) quantise_rows(i0, i1, 0, quantised, quantised + quantised_size(x.cols()));
      multiply_block(i0, i1, p0 + (p1 - p0) * part / parts, p0 + (p1 - p0) * (part + 1) / parts,
                     make_panels(scratch + scratch_size()), quantised, scratch);
    });
  }

  /// The product with a weight in another layout: pack(p, begin, end, to) packs inputs [begin, end) of panel p as
  /// lanes; the buffer `to` holds as many T.
  template <class Pack>
  void multiply_unpacked(Workers& workers, const Pack& pack) const {
    const Index p0 = first_panel(), p1 = last_panel(), panel_size = width * depth() * Dot::values_per_lane;
    const auto pack_lanes = [&](Index p, Index k, Index end, Lane* to) {
      pack(p, k * Dot::values_per_lane, std::min(x.cols(), end * Dot::values_per_lane), reinterpret_cast<T*>(to));
    };
    ParallelRegion region{workers};
    if (y.rows <= rows_per_block) {
      multiply_panels(region, workers.threads(), p0, p1, depth_block() * width * Dot::values_per_lane, [&](T* buffer) {
        return PanelsOnDemand<Lane, decltype(pack_lanes)>{pack_lanes, reinterpret_cast<Lane*>(buffer)};
      });
      return;
    }
    const Index chunk =
        std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / std::max<Index>(panel_size, 1), 1, p1 - p0);
    T* packed = region.template shared<T>(chunk * panel_size);
    for (Index p = p0; p < p1; p += chunk) {
      const Index n = std::min(chunk, p1 - p);
      const Index panels_per_task = std::max<Index>(1, serial_limit / std::max<Index>(panel_size, 1));
      region.template parallel<T>(ceil_div(n, panels_per_task), 0, [&](Index task, T*) {
        for (Index q = task * panels_per_task; q < std::min(n, (task + 1) * panels_per_task); ++q)
          pack_lanes(p + q, 0, depth(), reinterpret_cast<Lane*>(packed + q * panel_size));
      });
      multiply_panels(region, workers.threads(), p, p + n, 0, [&](T*) {
        return PackedPanels<Lane>{reinterpret_cast<const Lane*>(packed), p, panel_size, width};
      });
    }
  }

  /// The panels of a packed weight.
  PackedPanels<PanelLane, Dot::parts> packed_panels(const T* data) const {
    return {reinterpret_cast<const PanelLane*>(data) + Dot::header * width, 0,
            (Dot::header + ceil_div(depth(), Dot::parts)) * width, width};
  }

  /// The product with a packed weight.
  void multiply_packed(Workers& workers, const T* data) const {
    ParallelRegion region{workers};
    const auto panels = packed_panels(data);
    multiply_panels(region, workers.threads(), first_panel(), last_panel(), 0, [&](T*) { return panels; });
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
