// clip/model/pack.hpp: packing of weights for a backend's matrix products, in place, and unpacking.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/backend/packing.hpp>
#include <clip/core/pointwise.hpp>
#include <clip/tensor/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Bytes of a weight in a layout.
template <Backend B, class T>
std::size_t bytes_of(const Parameter<T>& p, Layout layout) {
  if constexpr (PackingBackend<B>)
    if (layout != Layout::rows && p.use != Use::other) {
      const View<T> w = p.view();
      return p.use == Use::project ? B::packed_bytes(layout, w.cols, w.rows) : B::packed_bytes(layout, w.rows, w.cols);
    }
  return static_cast<std::size_t>(p.count()) * sizeof(T);
}

/// The largest number of values of a parameter in any of its layouts.
template <Backend B, class T>
Index capacity(const Parameter<T>& p) {
  std::size_t most = bytes_of<B>(p, Layout::rows);
  for (const Storage storage : {Storage::full, Storage::half, Storage::bfloat16, Storage::int8})
    most = std::max(most, bytes_of<B>(p, packed_layout<B>(storage)));
  return static_cast<Index>((most + sizeof(T) - 1) / sizeof(T));
}

}  // namespace detail

/// Unpacks a weight into rows of the backend's memory.
template <PackingBackend B>
void unpack(B& backend, const Parameter<typename B::Scalar>& p, View<typename B::Scalar> rows) {
  backend.unpack(p.use, p.window(), reinterpret_cast<const std::byte*>(p.data), p.layout, rows);
}

/// The values of a weight in rows, whatever its layout, on the host.
template <Backend B, class T = typename B::Scalar>
void download_rows(B& backend, const Parameter<T>& p, std::span<T> host) {
  if constexpr (PackingBackend<B>) {
    if (p.layout != Layout::rows && B::host_memory) {
      unpack(backend, p, View<T>{host.data(), p.shape.rows(), p.shape.cols()});
      return;
    }
    if (p.layout != Layout::rows) {
      const Buffer<B> rows{backend, p.count()};
      unpack(backend, p, View<T>{rows.data(), p.shape.rows(), p.shape.cols()});
      backend.download(In<T>{rows.view()}, host);
      return;
    }
  }
  backend.download(In<T>{p.view()}, host);
}

/// Repacks the weights of all products below a module into another layout, each in its own memory. The scratch, in the
/// backend's memory, holds one weight. Weights in a mapped file are packed into the model's memory and their pages
/// released; a row-major layout leaves them in the file.
template <PackingBackend B, class M>
void relayout(B& backend, M& module, Layout layout) {
  using T = typename B::Scalar;
  if constexpr (requires { B::warn_slow_layout(layout); }) B::warn_slow_layout(layout);
  const auto parameters = named_parameters<T>(module);
  const auto changes = [&](const Parameter<T>& p) { return p.use != Use::other && p.layout != layout; };
  Index most = 0;
  for (const auto& [name, p] : parameters)
    if (changes(*p) && !p->in_file()) most = std::max(most, p->count());
  const Buffer<B> scratch{backend, most};
  const auto discard = [](void* part, std::size_t bytes) {
    if constexpr (requires { B::discard(part, bytes); }) B::discard(part, bytes);
  };
  for (const auto& [name, parameter] : parameters) {
    Parameter<T>& p = *parameter;
    if (!changes(p)) continue;
    const std::size_t before = detail::bytes_of<B>(p, p.layout), after = detail::bytes_of<B>(p, layout);
    const bool in_file = p.in_file();
    View<T> w = p.view();
    if (!in_file) {
      w.data = scratch.data();
      if (p.layout == Layout::rows) backend.map(fn::Identity{}, In<T>{p.view()}, w);
      else unpack(backend, p, w);
    }
    const View<T> target = p.own_memory();
    auto* const bytes = reinterpret_cast<std::byte*>(target.data);
    if (layout == Layout::rows) backend.map(fn::Identity{}, In<T>{w}, target);
    else backend.pack(p.use, p.window(), In<T>{w}, layout, bytes);
    if (in_file) discard(w.data, before);  // already read, not needed soon
    else if (after < before) discard(bytes + after, before - after);
    p.layout = layout;
  }
}

}  // namespace clip::inline CLIP_ABI
