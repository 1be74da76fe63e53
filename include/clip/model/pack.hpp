// clip/model/pack.hpp: weights as the matrix products of a backend like them, and back. One layout at a time.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/tensor/buffer.hpp>

#include <concepts>
#include <utility>

namespace clip::inline CLIP_ABI {

/// A backend whose products read packed panels faster than rows. The bits of results are the same.
template <class B>
concept PackingBackend = Backend<B> && requires(Weights<typename B::Scalar> w, typename B::Scalar* panels, View<typename B::Scalar> rows) {
  { B::packed_count(Index{}, Index{}) } -> std::same_as<Index>;  // values of the panels of n outputs and k inputs
  B::pack_linear(w, panels);                                     // w : (n, k)
  B::pack_project(w, panels);                                    // w : (k, n)
  B::unpack_linear(panels, rows);
  B::unpack_project(panels, rows);
};

/// A packed weight as rows.
template <PackingBackend B>
void unpack(const Parameter<typename B::Scalar>& p, View<typename B::Scalar> rows) {
  p.use == Use::linear ? B::unpack_linear(p.data, rows) : B::unpack_project(p.data, rows);
}

/// Puts the weights of all products below a module into panels (or back into rows): a new buffer takes the place of the old.
/// Nothing where the backend has no panels or the layout is already that.
template <Backend B, class M>
void relayout(B& backend, M& module, Buffer<B>& weights, Layout layout) {
  if constexpr (PackingBackend<B>) {
    using T = typename B::Scalar;
    const auto changes = [&](const Parameter<T>& p) { return p.use != Use::other && p.layout != layout; };
    const auto size = [&](const Parameter<T>& p) {
      if (p.use == Use::other || layout == Layout::rows) return aligned_count<T>(p.count());
      const View<T> w = p.view();
      return aligned_count<T>(p.use == Use::linear ? B::packed_count(w.rows, w.cols) : B::packed_count(w.cols, w.rows));
    };
    Index total = 0;
    bool any = false;
    visit_parameters(module, [&](std::string_view, const Parameter<T>& p) { total += size(p), any = any || changes(p); });
    if (!any) return;
    Buffer<B> next{backend, total};
    T* at = next.data();
    visit_parameters(module, [&](std::string_view, Parameter<T>& p) {
      const View<T> here = p.view();
      const View<T> there{at, here.rows, here.cols};
      at += size(p);
      if (!changes(p)) backend.add(View<const T>{here}, Acc<T>{there, true});
      else if (layout == Layout::rows) unpack<B>(p, there);
      else p.use == Use::linear ? B::pack_linear(p.weights(), there.data) : B::pack_project(p.weights(), there.data);
      p.data = there.data;
      if (p.use != Use::other) p.layout = layout;
    });
    weights = std::move(next);
  }
}

}  // namespace clip::inline CLIP_ABI
