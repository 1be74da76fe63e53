// tests/support/bits.hpp: matrices and packed weights, compared byte by byte.
#pragma once

#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

namespace clip::testing {

/// Numbers of rows at which loops are split differently.
inline constexpr std::array<Index, 13> batches{1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 25, 64};

template <class T>
struct HostMatrix {
  Index rows, cols;
  std::vector<T> values;

  HostMatrix(Index rows_, Index cols_) : rows{rows_}, cols{cols_}, values(static_cast<std::size_t>(rows * cols)) {}
  HostMatrix(Index rows_, Index cols_, Rng rng, double scale = 1) : HostMatrix{rows_, cols_} {
    for (T& value : values) value = static_cast<T>(scale * rng.normal());
  }
  T& operator()(Index i, Index j) { return values[static_cast<std::size_t>(i * cols + j)]; }
  T operator()(Index i, Index j) const { return values[static_cast<std::size_t>(i * cols + j)]; }
  operator View<T>() { return {values.data(), rows, cols}; }
  operator In<T>() const { return {values.data(), rows, cols}; }
  View<T> part(Index i, Index m, Index j, Index n) { return View<T>(*this).middle_rows(i, m).middle_cols(j, n); }
  In<T> part(Index i, Index m, Index j, Index n) const { return In<T>(*this).middle_rows(i, m).middle_cols(j, n); }
  In<T> rows_of(Index i, Index m) const { return part(i, m, 0, cols); }
};

/// Row by row the same bytes.
template <class T>
bool same(In<T> a, In<T> b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (Index i = 0; i < a.rows; ++i)
    if (std::memcmp(a.row(i), b.row(i), static_cast<std::size_t>(a.cols) * sizeof(T)) != 0) return false;
  return true;
}

/// A packed weight and its memory.
template <class T>
struct Packed {
  Index rows, cols;
  Layout layout;
  std::vector<std::byte> panels;
  Packed(Use use, Index window, In<T> w, Layout layout_, int threads = 2)
      : rows{w.rows}, cols{w.cols}, layout{layout_} {
    panels.resize(use == Use::project ? Cpu<T>::packed_bytes(layout, cols, rows)
                                      : Cpu<T>::packed_bytes(layout, rows, cols));
    Cpu<T>{{.threads = threads}}.pack(use, window, w, layout, panels.data());
  }
  Weights<T> weights(Index first = 0) const {
    return {In<T>{reinterpret_cast<const T*>(panels.data()), rows, cols}, layout, first};
  }
  HostMatrix<T> unpacked(Use use, Index window, int threads = 2) const {
    HostMatrix<T> w{rows, cols};
    Cpu<T>{{.threads = threads}}.unpack(use, window, panels.data(), layout, w);
    return w;
  }
};

inline constexpr std::array all_panels{CpuLayout::panels, CpuLayout::half_panels, CpuLayout::bfloat16_panels,
                                       CpuLayout::int8_panels};

}  // namespace clip::testing
