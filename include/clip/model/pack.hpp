// clip/model/pack.hpp: weights as the matrix products of a backend like them, and back. One layout at a time, in one place.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/core/half.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What packed weights are stored as. Arithmetic is the backend's in every case; 16 bits halve what a product has to read.
enum class Storage : unsigned char { full, half, bfloat16 };

/// A backend whose products read packed panels faster than rows. The bits of results are the same.
template <class B>
concept PackingBackend = Backend<B> && requires(Weights<typename B::Scalar> w, typename B::Scalar* panels, View<typename B::Scalar> rows) {
  { B::packed_count(Index{}, Index{}) } -> std::same_as<Index>;  // values of the panels of n outputs and k inputs
  B::pack_linear(w, panels);                                     // w : (n, k)
  B::pack_project(w, panels);                                    // w : (k, n)
  B::pack_convolution(w, Index{}, panels);                       // w : (n, channels · window²)
  B::unpack_linear(panels, rows);
  B::unpack_project(panels, rows);
  B::unpack_convolution(panels, Index{}, rows);
};

namespace detail {

/// Values a parameter may take in any of its layouts.
template <Backend B, class T>
Index room_for(const Parameter<T>& p) {
  if constexpr (PackingBackend<B>)
    if (p.use != Use::other) {
      const View<T> w = p.view();
      return std::max(p.count(), p.use == Use::project ? B::packed_count(w.cols, w.rows) : B::packed_count(w.rows, w.cols));
    }
  return p.count();
}

template <class T>
void narrow(const T* from, Index n, Layout layout, std::uint16_t* to) {
  const bool half = layout == Layout::half_panels;
  for (Index i = 0; i < n; ++i) to[i] = half ? float_to_half(static_cast<float>(from[i])) : float_to_bfloat16(static_cast<float>(from[i]));
}
template <class T>
void widen(const std::uint16_t* from, Index n, Layout layout, T* to) {
  const bool half = layout == Layout::half_panels;
  for (Index i = 0; i < n; ++i) to[i] = static_cast<T>(half ? half_to_float(from[i]) : bfloat16_to_float(from[i]));
}

}  // namespace detail

/// A packed weight as rows.
template <PackingBackend B>
void unpack(const Parameter<typename B::Scalar>& p, View<typename B::Scalar> rows) {
  using T = typename B::Scalar;
  const T* panels = p.data;
  std::vector<T> wide;
  if (p.layout != Layout::panels) {
    wide.resize(static_cast<std::size_t>(detail::room_for<B>(p)));
    detail::widen(reinterpret_cast<const std::uint16_t*>(p.data), static_cast<Index>(wide.size()), p.layout, wide.data());
    panels = wide.data();
  }
  if (p.use == Use::linear) B::unpack_linear(panels, rows);
  else if (p.use == Use::project) B::unpack_project(panels, rows);
  else B::unpack_convolution(panels, p.shape[2], rows);
}

/// Puts the weights of all products below a module into another layout, each in its own place: beside the weights it takes no
/// more memory than the largest of them. Weights that lie in a mapped file are packed from there and let go; in rows they stay there.
/// Nothing where the backend has no panels.
template <Backend B, class M>
void relayout(M& module, Layout layout) {
  if constexpr (PackingBackend<B>) {
    using T = typename B::Scalar;
    std::vector<T> other;
    visit_parameters(module, [&](std::string_view, Parameter<T>& p) {
      if (p.use == Use::other || p.layout == layout) return;
      const Index room = detail::room_for<B>(p);
      other.resize(static_cast<std::size_t>(room));
      if (p.layout != Layout::rows) {
        unpack<B>(p, {other.data(), p.shape.rows(), p.shape.cols()});
        std::memcpy(p.data, other.data(), static_cast<std::size_t>(p.count()) * sizeof(T));
        p.layout = Layout::rows;
      }
      if (layout == Layout::rows) return;
      const bool in_file = p.in_file();
      const View<T> rows = p.view();
      if (p.use == Use::linear) B::pack_linear(p.weights(), other.data());
      else if (p.use == Use::project) B::pack_project(p.weights(), other.data());
      else B::pack_convolution(p.weights(), p.shape[2], other.data());
      p.own_place();
      if (in_file) B::discard(rows.data, static_cast<std::size_t>(rows.count()) * sizeof(T));  // read, and not needed soon
      if (layout == Layout::panels) {
        std::memcpy(p.data, other.data(), static_cast<std::size_t>(room) * sizeof(T));
      } else {
        auto* const packed = reinterpret_cast<std::uint16_t*>(p.data);
        detail::narrow(other.data(), room, layout, packed);
        B::discard(packed + room, static_cast<std::size_t>(room) * (sizeof(T) - sizeof(std::uint16_t)));
      }
      p.layout = layout;
    });
  }
}

constexpr Layout packed_layout(Storage storage) {
  return storage == Storage::half ? Layout::half_panels : storage == Storage::bfloat16 ? Layout::bfloat16_panels : Layout::panels;
}

}  // namespace clip::inline CLIP_ABI
