// clip/backend/cpu/winograd.hpp: 3×3 windows that move by one pixel, with 16 multiplications where the sum has 36.
//
// A tile is 2×2 places and the 4×4 pixels they read:   Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A   (Winograd 1980; F(2×2, 3×3) of Lavin & Gray
// 2016). For each of the 16 positions ⊙ becomes a product over the channels. Tiles are laid over every picture from its first
// pixel, so a place's additions are the same in any batch. Nothing is stored but the result: pixels are transformed block by block
// in a thread's scratch, weights from their panels, a few megabytes at a time.
#pragma once

#include <clip/backend/cpu/product.hpp>
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
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) { (f(std::integral_constant<int, i>{}), ...); }
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

/// A panel of 3×3 weights, (9, channels, width), as one of 4×4: (16, channels, width), positions `plane` apart.
template <class T>
void winograd_panel(const T* from, Index channels, T* to, Index plane) {
  using P = Pack<T>;
  const Index n = channels * panel_width<T>;
  for (Index j = 0; j < n; j += P::size) {
    P g[9], lines[12], u[16];
    unrolled<9>([&](auto i) { g[i] = P::load(from + i * n + j); });
    unrolled<3>([&](auto i) { winograd_weights<3>(g + i, lines + i); });
    unrolled<4>([&](auto i) { winograd_weights<1>(lines + 3 * i, u + 4 * i); });
    unrolled<16>([&](auto i) { u[i].store(to + i * plane + j); });
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

  /// Tiles of a task, and panels that share its pixels while those are near.
  static constexpr Index tiles_at_once = 4 * tile_rows, panels_at_once = 2, run = 16;

  /// Which convolutions: the choice must not depend on what may be cut into pieces. Few channels are not worth transforming.
  static constexpr bool fits(Window window, Index channels) { return window.size == 3 && window.stride == 1 && channels >= 16; }

  Index across() const { return pieces(to.width, 2); }
  Index tiles() const { return to.images * pieces(to.height, 2) * across(); }
  Index pitch() const { return round_up(x.cols, 16) + 16; }
  /// Of a panel of weights; a little apart, so that the 16 do not meet in one set of the cache.
  Index weight_plane() const { return (x.cols + 1) * width; }
  Index panel_size() const { return 16 * weight_plane(); }

  /// A task's scratch: transformed pixels, sums, two lines of places, zeros.
  struct Desk {
    T *pixels, *sums, *lines, *zeros;
  };
  Index room(Index tall) const { return 16 * tall * (pitch() + panels_at_once * width) + 4 * run * width + pitch(); }
  Desk desk(T* own, Index tall) const {
    T *const sums = own + 16 * tall * pitch(), *const lines = sums + 16 * tall * panels_at_once * width, *const zeros = lines + 4 * run * width;
    std::fill_n(zeros, x.cols, T(0));
    return {own, sums, lines, zeros};
  }

  /// Bᵀ d B of tiles [t0, t1): pixels(position, tile, channel).
  void transform(Index t0, Index t1, Index tall, const Desk& at) const {
    const Index plane = tall * pitch();
    for (Index t = t0; t < t1; ++t) {
      const Index image = t / (across() * pieces(to.height, 2)), top = t / across() % pieces(to.height, 2) * 2 - padding, left = t % across() * 2 - padding;
      std::array<const T*, 16> pixel;
      for (Index i = 0; i < 16; ++i) {
        const Index py = top + i / 4, px = left + i % 4;
        const bool there = py >= 0 && py < from.height && px >= 0 && px < from.width;
        pixel[static_cast<std::size_t>(i)] = there ? x.row((image * from.height + py) * from.width + px) : at.zeros;
      }
      T* const out = at.pixels + (t - t0) * pitch();
      along<T>(x.cols, [&](Index j, auto part) {
        P d[16];
        unrolled<16>([&](auto i) { d[i] = P::load(pixel[i] + j, part); });
        unrolled<4>([&](auto i) { winograd_pixels<4>(d + i); });
        unrolled<4>([&](auto i) { winograd_pixels<1>(d + 4 * i); });
        unrolled<16>([&](auto i) { d[i].store(out + i * plane + j, part); });
      });
    }
  }

  /// sums(position, tile, column) of panels [p, p + n): 16 products.
  template <class At>
  void multiply(Index rows, Index tall, Index p, Index n, At&& at, const Desk& desk) const {
    using Whole = Product<Singles<T>, T, F>;
    const Index high = Whole::even(rows);
    for (Index position = 0; position < 16; ++position)
      for (Index q = 0; q < n; ++q)
        for (Index k = 0; k < x.cols; k += Whole::near)
          for (Index i = 0; i < rows; i += high)
            tile<T>(std::min(high, rows - i), std::min(Whole::near, x.cols - k), desk.pixels + (position * tall + i) * pitch() + k, pitch(),
                    at(p + q) + position * weight_plane() + k * width, width, desk.sums + ((q * 16 + position) * tall + i) * width, width, k > 0);
  }

  /// Aᵀ M A of one panel's sums, finished line by line.
  void collect(Index t0, Index t1, Index tall, Index p, const T* sums, T* lines) const {
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
          unrolled<4>([&](auto s) { out[s].store(lines + (s / 2 * 2 * run + 2 * i + s % 2) * width + c); });
        }
      const Index high = pieces(to.height, 2), top = line % high * 2, row = (line / high * to.height + top) * to.width + 2 * tx;
      const Index places = std::min(2 * n, to.width - 2 * tx);
      finish_tile(lines, places, columns, row, j, epilogue, y);
      if (top + 1 < to.height) finish_tile(lines + 2 * run * width, places, columns, row + to.width, j, epilogue, y);
      t += n;
    }
  }

  /// Tiles [t0, t1) times panels [p0, p1); at(p) is where panel p's (16, channels, width) begin.
  template <class At>
  void block(Index t0, Index t1, Index tall, Index p0, Index p1, At&& at, T* own) const {
    const Desk desk = this->desk(own, tall);
    transform(t0, t1, tall, desk);
    for (Index p = p0; p < p1; p += panels_at_once) {
      const Index n = std::min(panels_at_once, p1 - p);
      multiply(t1 - t0, tall, p, n, at, desk);
      for (Index q = 0; q < n; ++q) collect(t0, t1, tall, p + q, desk.sums + q * 16 * tall * width, desk.lines);
    }
  }

  /// weights(p, room) is where panel p : (9, channels, width) begins, written to `room` if need be.
  template <class Panel>
  void convolve(Crew& crew, Panel weights) const {
    const Index panels = pieces(y.cols, width), small = 9 * x.cols * width, one = panel_size();
    const Index tall = pieces(tiles(), pieces(tiles(), tiles_at_once)), blocks = pieces(tiles(), tall);
    Crew::Shift shift{crew};
    const Index chunk = std::clamp<Index>(4194304 / static_cast<Index>(sizeof(T)) / std::max<Index>(one, 1), 1, panels);
    T* const ready = shift.template shared<T>(chunk * one);
    for (Index p0 = 0; p0 < panels; p0 += chunk) {
      const Index n = std::min(chunk, panels - p0);
      shift.template parallel<T>(n, small, [&](Index task, T* own) { winograd_panel(weights(p0 + task, own), x.cols, ready + task * one, weight_plane()); });
      const Index wanted = blocks >= 3 * crew.threads() ? 1 : pieces(3 * crew.threads(), blocks), wide = pieces(n, std::min(wanted, n)),
                  parts = pieces(n, wide);
      shift.template parallel<T>(blocks * parts, room(tall), [&](Index task, T* own) {
        const Index t = task / parts * tall, p = p0 + task % parts * wide;
        block(
            t, std::min(tiles(), t + tall), tall, p, std::min(p0 + n, p + wide), [&](Index q) { return ready + (q - p0) * one; }, own);
      });
    }
  }
};

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
