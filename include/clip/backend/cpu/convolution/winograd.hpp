// clip/backend/cpu/convolution/winograd.hpp: Winograd F(2×2, 3×3) convolution: 16 multiplications instead of 36.
//
// A tile is 2×2 outputs and the 4×4 pixels they read. For each of the 16 positions of a transformed tile, ⊙ becomes a
// product over the channels. Tiles start at the first pixel of every image, so the order of additions of an output does
// not depend on the batch. Transformed pixels and weights live in scratch only.
#pragma once

#include <clip/backend/cpu/convolution/winograd_transforms.hpp>
#include <clip/backend/cpu/gemm/epilogue.hpp>
#include <clip/backend/cpu/threads/workers.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>
#include <array>

namespace clip::inline CLIP_ABI::cpu {

/// y = epilogue(3×3 convolution of x); the window of an output begins `padding` pixels before it.
template <class T, class F>
struct Winograd {
  using P = Simd<T>;
  static constexpr Index width = panel_width<T>;

  In<T> x;             // pixels of the input
  Grid input, output;  // their grid, and that of the outputs
  Index padding;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;

  static constexpr Index tiles_per_task = 4 * tile_rows;
  static constexpr Index panels_per_group = 2;  // panels that use a task's pixels while these are in cache
  static constexpr Index few_tiles = 128;       // up to here weights outweigh pixels
  static constexpr Index run = 16;              // tiles stored at once

  /// Whether a convolution is computed this way, by its window and channels alone: the choice must not depend on
  /// extents that callers may divide. With few channels the transforms cost more than they save.
  static constexpr bool fits(Window window, Index channels) {
    return window.size == 3 && window.stride == 1 && channels >= 16;
  }

  Index tiles_across() const { return ceil_div(output.width, 2); }
  Index tiles_down() const { return ceil_div(output.height, 2); }
  Index tiles() const { return output.images * tiles_down() * tiles_across(); }
  Index pitch() const { return round_up(x.cols, 16) + 16; }
  /// Size of one position of transformed weights, padded so that the 16 positions do not share sets of the cache.
  Index weight_plane() const { return (x.cols + 1) * width; }

  /// Sizes of the scratch arrays, for `count` tiles.
  Index pixels_size(Index count) const { return 16 * count * pitch(); }
  static constexpr Index sums_size(Index count) { return 16 * count * width; }
  static constexpr Index outputs_size = 4 * run * width;

  /// Bᵀ d B of tiles [t0, t1): pixels(position, tile, channel), `count` tiles per position. `zeros` holds one pixel.
  void transform_pixels(Index t0, Index t1, Index count, T* pixels, T* zeros) const {
    const Index plane = count * pitch();
    std::fill_n(zeros, x.cols, T(0));
    for (Index t = t0; t < t1; ++t) {
      const Index image = t / (tiles_across() * tiles_down());
      const Index top = t / tiles_across() % tiles_down() * 2 - padding, left = t % tiles_across() * 2 - padding;
      std::array<const T*, 16> pixel;
      for (Index i = 0; i < 16; ++i) {
        const Index py = top + i / 4, px = left + i % 4;
        const bool inside = py >= 0 && py < input.height && px >= 0 && px < input.width;
        pixel[static_cast<std::size_t>(i)] = inside ? x.row((image * input.height + py) * input.width + px) : zeros;
      }
      T* const out = pixels + (t - t0) * pitch();
      each_packet<T>(x.cols, [&](Index j, auto mask) {
        P d[16];
        unrolled<16>([&](auto i) { d[i] = P::load(pixel[i] + j, mask); });
        unrolled<4>([&](auto i) { winograd_pixels<4>(d + i); });
        unrolled<4>([&](auto i) { winograd_pixels<1>(d + 4 * i); });
        unrolled<16>([&](auto i) { d[i].store(out + i * plane + j, mask); });
      });
    }
  }

  /// sums(tile, column) of one position: a product over the channels.
  void multiply(Index rows, const T* pixels, const T* weights, T* sums) const {
    each_tile(0, rows, [&](Index i, Index count) {
      multiply_tile<T>(count, x.cols, pixels + i * pitch(), pitch(), weights, width, sums + i * width, width);
    });
  }

  /// Aᵀ M A of one panel's sums, stored through the epilogue in runs of tiles of one line. `outputs` is scratch.
  void transform_sums(Index t0, Index t1, Index tile_count, Index p, const T* sums, T* outputs) const {
    const Index plane = tile_count * width, j = p * width, columns = std::min(width, y.cols - j);
    for (Index t = t0; t < t1;) {
      const Index line = t / tiles_across(), tx = t % tiles_across();
      const Index n = std::min({run, t1 - t, tiles_across() - tx});
      for (Index i = 0; i < n; ++i)
        for (Index c = 0; c < width; c += P::size) {
          const T* const m = sums + (t - t0 + i) * width + c;
          P in[16], half[8], out[4];
          unrolled<16>([&](auto s) { in[s] = P::load(m + s * plane); });
          unrolled<4>([&](auto s) { winograd_sums<4>(in + s, half + s); });
          unrolled<2>([&](auto s) { winograd_sums<1>(half + 4 * s, out + 2 * s); });
          unrolled<4>([&](auto s) { out[s].store(outputs + (s / 2 * 2 * run + 2 * i + s % 2) * width + c); });
        }
      const Index top = line % tiles_down() * 2;
      const Index row = (line / tiles_down() * output.height + top) * output.width + 2 * tx;
      const Index count = std::min(2 * n, output.width - 2 * tx);
      store_tile(outputs, count, columns, row, j, epilogue, y);
      if (top + 1 < output.height)
        store_tile(outputs + 2 * run * width, count, columns, row + output.width, j, epilogue, y);
      t += n;
    }
  }

  /// The convolution. weights(p, buffer) returns panel p : (9, channels, width), in place or written to `buffer`.
  template <class Panel>
  void convolve(Workers& workers, Panel weights) const {
    if (tiles() <= few_tiles && tiles() < y.cols) convolve_by_panels(workers, weights);
    else convolve_by_tiles(workers, weights);
  }

 private:
  /// Few tiles: all tasks share the transformed pixels, and each transforms the weights of its panel line by line.
  template <class Panel>
  void convolve_by_panels(Workers& workers, Panel weights) const {
    const Index count = tiles(), tiles_per_part = ceil_div(count, 2 * workers.threads());
    const Index panel_size = 9 * x.cols * width;
    ParallelRegion region{workers};
    T* const pixels = region.template shared<T>(pixels_size(count));
    region.template parallel<T>(ceil_div(count, tiles_per_part), pitch(), [&](Index task, T* zeros) {
      const Index t0 = task * tiles_per_part;
      transform_pixels(t0, std::min(count, t0 + tiles_per_part), count, pixels + t0 * pitch(), zeros);
    });
    const Index scratch_size = panel_size + 4 * weight_plane() + sums_size(count) + outputs_size;
    region.template parallel<T>(ceil_div(y.cols, width), scratch_size, [&](Index p, T* scratch) {
      T *const line = scratch + panel_size, *const sums = line + 4 * weight_plane();
      const T* const panel = weights(p, scratch);
      unrolled<4>([&](auto i) {
        transform_weight_line<i>(panel, x.cols, line, weight_plane());
        for (Index j = 0; j < 4; ++j) {
          const Index position = 4 * i + j;
          multiply(count, pixels + position * count * pitch(), line + j * weight_plane(),
                   sums + position * count * width);
        }
      });
      transform_sums(0, count, count, p, sums, sums + sums_size(count));
    });
  }

  /// Many tiles: all tasks share the transformed weights, a few megabytes at a time, and each transforms the pixels of
  /// its tiles.
  template <class Panel>
  void convolve_by_tiles(Workers& workers, Panel weights) const {
    const Index panels = ceil_div(y.cols, width), panel_size = 9 * x.cols * width;
    const Index transformed_size = 16 * weight_plane();  // of one panel
    const Index count = ceil_div(tiles(), ceil_div(tiles(), tiles_per_task)), blocks = ceil_div(tiles(), count);
    ParallelRegion region{workers};
    const Index chunk = std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / transformed_size, 1, panels);
    T* const transformed = region.template shared<T>(chunk * transformed_size);
    for (Index p0 = 0; p0 < panels; p0 += chunk) {
      const Index n = std::min(chunk, panels - p0);
      region.template parallel<T>(n, panel_size, [&](Index task, T* buffer) {
        const T* const panel = weights(p0 + task, buffer);
        unrolled<4>([&](auto i) {
          transform_weight_line<i>(panel, x.cols, transformed + task * transformed_size + 4 * i * weight_plane(),
                                   weight_plane());
        });
      });
      const Index wanted = blocks >= 3 * workers.threads() ? 1 : ceil_div(3 * workers.threads(), blocks);
      const Index panels_per_part = ceil_div(n, std::min(wanted, n)), parts = ceil_div(n, panels_per_part);
      const Index scratch_size = pixels_size(count) + panels_per_group * sums_size(count) + outputs_size + pitch();
      region.template parallel<T>(blocks * parts, scratch_size, [&](Index task, T* scratch) {
        const Index t = task / parts * count, p = p0 + task % parts * panels_per_part;
        const auto panel_at = [&](Index q) { return transformed + (q - p0) * transformed_size; };
        convolve_block(t, std::min(tiles(), t + count), count, p, std::min(p0 + n, p + panels_per_part), panel_at,
                       scratch);
      });
    }
  }

  /// Tiles [t0, t1) times panels [p0, p1); panel_at(p) is the transformed panel p, (16, channels, width).
  template <class PanelAt>
  void convolve_block(Index t0, Index t1, Index count, Index p0, Index p1, PanelAt&& panel_at, T* scratch) const {
    T *const sums = scratch + pixels_size(count), *const outputs = sums + panels_per_group * sums_size(count);
    transform_pixels(t0, t1, count, scratch, outputs + outputs_size);
    for (Index p = p0; p < p1; p += panels_per_group) {
      const Index n = std::min(panels_per_group, p1 - p);
      for (Index position = 0; position < 16; ++position)
        for (Index q = 0; q < n; ++q)
          multiply(t1 - t0, scratch + position * count * pitch(), panel_at(p + q) + position * weight_plane(),
                   sums + q * sums_size(count) + position * count * width);
      for (Index q = 0; q < n; ++q) transform_sums(t0, t1, count, p + q, sums + q * sums_size(count), outputs);
    }
  }
};

}  // namespace clip::inline CLIP_ABI::cpu
