// clip/backend/cpu/convolution/winograd.hpp: 3×3 windows that move by one pixel, with 16 multiplications where the sum has 36.
//
// A tile is 2×2 places and the 4×4 pixels they read:   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A   (Winograd 1980; F(2×2, 3×3) of Lavin & Gray
// 2016). For each of the 16 positions ⊙ becomes a product over the channels. Tiles are laid over every picture from its
// first pixel, so a place's additions are the same in any batch. Nothing of it is kept: pixels and weights are transformed in scratch.
#pragma once

#include <clip/backend/cpu/gemm/product.hpp>
#include <clip/core/grid.hpp>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {
namespace detail {

/// f(0), f(1), … f(n - 1) with constants, so that small arrays of packets stay in registers.
template <int n, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, i>{}), ...);
  }
  (std::make_integer_sequence<int, n>{});
}

/// One dimension of Bᵀ d, G g and Aᵀ m, for values `step` apart.
template <int step, class P>
[[gnu::always_inline]] inline void winograd_pixels(P* d) {
  const P d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
  d[0] = d0 - d2, d[step] = d1 + d2, d[2 * step] = d2 - d1, d[3 * step] = d1 - d3;
}
template <int step, class P>
[[gnu::always_inline]] inline void winograd_weights(const P* g, P* to) {
  const P half{0.5}, even = half * (g[0] + g[2 * step]), odd = half * g[step];
  to[0] = g[0], to[step] = even + odd, to[2 * step] = even - odd, to[3 * step] = g[2 * step];
}
template <int step, class P>
[[gnu::always_inline]] inline void winograd_sums(const P* m, P* to) {
  to[0] = m[0] + m[step] + m[2 * step], to[step] = m[step] - m[2 * step] - m[3 * step];
}

/// Line i of the 4×4 weights, four positions `plane` apart, out of a panel of 3×3 ones, (9, channels, width).
template <int i, class T>
void winograd_line(const T* from, Index channels, T* to, Index plane) {
  using P = Pack<T>;
  const Index n = channels * panel_width<T>;
  for (Index j = 0; j < n; j += P::size) {
    P g[9], lines[12], u[4];  // what line i does not need is never computed
    unrolled<9>([&](auto tap) { g[tap] = P::load(from + tap * n + j); });
    unrolled<3>([&](auto column) { winograd_weights<3>(g + column, lines + column); });
    winograd_weights<1>(lines + 3 * i, u);
    unrolled<4>([&](auto position) { u[position].store(to + position * plane + j); });
  }
}

/// y = epilogue(3×3 convolution of x), a place's window beginning `padding` pixels before it.
template <class T, class F>
struct Winograd {
  using P = Pack<T>;
  static constexpr Index width = panel_width<T>;

  In<T> x;        // the picture's pixels
  Grid from, to;  // its grid, and that of the places
  Index padding;
  const Epilogue<T, F>& epilogue;
  const Out<T>& y;

  /// Tiles of a task, panels that share its pixels while those are near, and tiles that are few beside the weights.
  static constexpr Index tiles_at_once = 4 * tile_rows, panels_at_once = 2, few = 128, run = 16;

  /// Which convolutions: the choice must not depend on what may be cut into pieces. Few channels are not worth transforming.
  static constexpr bool fits(Window window, Index channels) {
    return window.size == 3 && window.stride == 1 && channels >= 16;
  }

  Index across() const { return pieces(to.width, 2); }
  Index tiles() const { return to.images * pieces(to.height, 2) * across(); }
  Index pitch() const { return round_up(x.cols, 16) + 16; }
  /// Of a panel of weights; a little apart, so that the 16 do not meet in one set of the cache.
  Index weight_plane() const { return (x.cols + 1) * width; }

  Index pixels_of(Index tall) const { return 16 * tall * pitch(); }
  static constexpr Index sums_of(Index tall) { return 16 * tall * width; }
  static constexpr Index lines = 4 * run * width;

  /// Bᵀ d B of tiles [t0, t1): pixels(position, tile, channel), `tall` tiles a position.
  void transform(Index t0, Index t1, Index tall, T* pixels, T* zeros) const {
    const Index plane = tall * pitch();
    std::fill_n(zeros, x.cols, T(0));
    for (Index t = t0; t < t1; ++t) {
      const Index image = t / (across() * pieces(to.height, 2)),
                  top = t / across() % pieces(to.height, 2) * 2 - padding, left = t % across() * 2 - padding;
      std::array<const T*, 16> pixel;
      for (Index i = 0; i < 16; ++i) {
        const Index py = top + i / 4, px = left + i % 4;
        const bool there = py >= 0 && py < from.height && px >= 0 && px < from.width;
        pixel[static_cast<std::size_t>(i)] = there ? x.row((image * from.height + py) * from.width + px) : zeros;
      }
      T* const out = pixels + (t - t0) * pitch();
      along<T>(x.cols, [&](Index j, auto part) {
        P d[16];
        unrolled<16>([&](auto i) { d[i] = P::load(pixel[i] + j, part); });
        unrolled<4>([&](auto i) { winograd_pixels<4>(d + i); });
        unrolled<4>([&](auto i) { winograd_pixels<1>(d + 4 * i); });
        unrolled<16>([&](auto i) { d[i].store(out + i * plane + j, part); });
      });
    }
  }

  /// sums(tile, column) of one position: a product over the channels.
  void multiply(Index rows, const T* pixels, const T* weights, T* sums) const {
    each_tile(0, rows, [&](Index i, Index some) {
      tile<T>(some, x.cols, pixels + i * pitch(), pitch(), weights, width, sums + i * width, width);
    });
  }

  /// Aᵀ M A of one panel's sums, finished line by line.
  void collect(Index t0, Index t1, Index tall, Index p, const T* sums, T* places) const {
    const Index plane = tall * width, j = p * width, columns = std::min(width, y.cols - j);
    for (Index t = t0; t < t1;) {
      const Index line = t / across(), tx = t % across(), n = std::min({run, t1 - t, across() - tx});
      for (Index i = 0; i < n; ++i)
        for (Index c = 0; c < width; c += P::size) {
          const T* const m = sums + (t - t0 + i) * width + c;
          P in[16], half[8], out[4];
          unrolled<16>([&](auto s) { in[s] = P::load(m + s * plane); });
          unrolled<4>([&](auto s) { winograd_sums<4>(in + s, half + s); });
          unrolled<2>([&](auto s) { winograd_sums<1>(half + 4 * s, out + 2 * s); });
          unrolled<4>([&](auto s) { out[s].store(places + (s / 2 * 2 * run + 2 * i + s % 2) * width + c); });
        }
      const Index high = pieces(to.height, 2), top = line % high * 2,
                  row = (line / high * to.height + top) * to.width + 2 * tx;
      const Index count = std::min(2 * n, to.width - 2 * tx);
      finish_tile(places, count, columns, row, j, epilogue, y);
      if (top + 1 < to.height) finish_tile(places + 2 * run * width, count, columns, row + to.width, j, epilogue, y);
      t += n;
    }
  }

  /// The convolution; weights(p, room) is where panel p : (9, channels, width) begins, written to `room` if need be.
  template <class Panel>
  void convolve(Crew& crew, Panel weights) const {
    if (tiles() <= few && tiles() < y.cols) by_panels(crew, weights);
    else by_tiles(crew, weights);
  }

 private:
  /// Few tiles: their pixels are shared, and a task makes its panel's weights line by line.
  template <class Panel>
  void by_panels(Crew& crew, Panel weights) const {
    const Index tall = tiles(), high = pieces(tall, 2 * crew.threads()), small = 9 * x.cols * width;
    Crew::Shift shift{crew};
    T* const pixels = shift.template shared<T>(pixels_of(tall));
    shift.template parallel<T>(pieces(tall, high), pitch(), [&](Index task, T* own) {
      transform(task * high, std::min(tall, (task + 1) * high), tall, pixels + task * high * pitch(), own);
    });
    shift.template parallel<T>(pieces(y.cols, width), small + 4 * weight_plane() + sums_of(tall) + lines,
                               [&](Index p, T* own) {
                                 T *const line = own + small, *const sums = line + 4 * weight_plane();
                                 const T* const panel = weights(p, own);
                                 unrolled<4>([&](auto i) {
                                   winograd_line<i>(panel, x.cols, line, weight_plane());
                                   for (Index j = 0; j < 4; ++j) {
                                     const Index position = 4 * i + j;
                                     multiply(tall, pixels + position * tall * pitch(), line + j * weight_plane(),
                                              sums + position * tall * width);
                                   }
                                 });
                                 collect(0, tall, tall, p, sums, sums + sums_of(tall));
                               });
  }

  /// Many tiles: the weights are shared, a few megabytes at a time, and a task makes its tiles' pixels.
  template <class Panel>
  void by_tiles(Crew& crew, Panel weights) const {
    const Index panels = pieces(y.cols, width), small = 9 * x.cols * width, one = 16 * weight_plane();
    const Index tall = pieces(tiles(), pieces(tiles(), tiles_at_once)), blocks = pieces(tiles(), tall);
    Crew::Shift shift{crew};
    const Index chunk = std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / one, 1, panels);
    T* const ready = shift.template shared<T>(chunk * one);
    for (Index p0 = 0; p0 < panels; p0 += chunk) {
      const Index n = std::min(chunk, panels - p0);
      shift.template parallel<T>(n, small, [&](Index task, T* own) {
        const T* const panel = weights(p0 + task, own);
        unrolled<4>([&](auto i) {
          winograd_line<i>(panel, x.cols, ready + task * one + 4 * i * weight_plane(), weight_plane());
        });
      });
      const Index wanted = blocks >= 3 * crew.threads() ? 1 : pieces(3 * crew.threads(), blocks),
                  wide = pieces(n, std::min(wanted, n)), parts = pieces(n, wide);
      shift.template parallel<T>(blocks * parts, pixels_of(tall) + panels_at_once * sums_of(tall) + lines + pitch(),
                                 [&](Index task, T* own) {
                                   const Index t = task / parts * tall, p = p0 + task % parts * wide;
                                   block(
                                       t, std::min(tiles(), t + tall), tall, p, std::min(p0 + n, p + wide),
                                       [&](Index q) { return ready + (q - p0) * one; }, own);
                                 });
    }
  }

  /// Tiles [t0, t1) times panels [p0, p1); at(p) is where panel p's (16, channels, width) begin.
  template <class At>
  void block(Index t0, Index t1, Index tall, Index p0, Index p1, At&& at, T* own) const {
    T *const sums = own + pixels_of(tall), *const places = sums + panels_at_once * sums_of(tall);
    transform(t0, t1, tall, own, places + lines);
    for (Index p = p0; p < p1; p += panels_at_once) {
      const Index n = std::min(panels_at_once, p1 - p);
      for (Index position = 0; position < 16; ++position)
        for (Index q = 0; q < n; ++q)
          multiply(t1 - t0, own + position * tall * pitch(), at(p + q) + position * weight_plane(),
                   sums + q * sums_of(tall) + position * tall * width);
      for (Index q = 0; q < n; ++q) collect(t0, t1, tall, p + q, sums + q * sums_of(tall), places);
    }
  }
};

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
