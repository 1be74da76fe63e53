// clip/checkpoint/change_patch_size.hpp: a trained model's weights in a model of another patch size or image size.
#pragma once

#include <clip/autograd/walk.hpp>
#include <clip/checkpoint/patch_size.hpp>
#include <clip/tensor/parameter.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// The values of a weight in the shape of another: ShapeError if neither a kernel of patches nor a table of a grid.
template <class T>
Result<std::vector<double>> try_values_for(const std::string& name, const Parameter<T>& from, const Parameter<T>& to,
                                           std::vector<double> values, const PatchOptions& options) {
  if (from.shape == to.shape) return values;
  const Shape &a = from.shape, &b = to.shape;
  if (to.stretch == Stretch::kernel && a.rank == 4 && a[0] == b[0] && a[1] == b[1] && a[2] == a[3])
    return try_resize_patches(values, a[2], b[2], options.patches);
  if ((to.stretch == Stretch::grid || to.stretch == Stretch::square) && a.rank == 2 && a[1] == b[1])
    return try_interpolate_grid(values, b[1], b[0], options.positions, to.stretch == Stretch::grid ? 1 : 0);
  return ShapeError{"change_patch_size", name, to.shape, from.shape};
}
}  // namespace detail

/// Fills `to` with the weights of `from`, a model of the same sizes but for the patch size and the image size: the
/// kernel of patches is resized and the table of positions interpolated. Statistics and the text tower are copied.
///   Model<ViT_B_16_at_32> coarse{Rng{0}};                // auto c = ViT_B_16; c.image.patch_size = 32;
///   change_patch_size(fine, coarse);
/// ShapeError: a weight that `from` lacks, or of another size. OptionError: weights in a packed layout (unpack() first);
/// as try_patch_matrix. An error leaves `to` half filled.
template <class From, class To>
[[nodiscard]] Result<void> try_change_patch_size(const From& from, To& to, const PatchOptions& options = {}) {
  using T = typename std::remove_cvref_t<decltype(to.backend())>::Scalar;
  const auto given = named_parameters<T>(from);
  auto backend = from.backend();
  if constexpr (requires { to.unpack(); }) to.unpack();
  for (const auto& [name, p] : named_parameters<T>(to)) {
    const Parameter<T>* source = nullptr;
    for (const auto& [other, q] : given)
      if (other == name) source = q;
    if (source == nullptr) return ShapeError{"change_patch_size", name, p->shape, "no such weight"};
    if (source->layout != Layout::rows)
      return OptionError{"change_patch_size", name, "weights in rows (unpack() the model)", "a packed layout"};
    std::vector<double> values(static_cast<std::size_t>(source->count()));
    backend.download(View<const T>{source->view()}, std::span<double>{values});
    auto fitted = detail::try_values_for(name, *source, *p, std::move(values), options);
    if (!fitted) return fitted.error();
    to.backend().upload(std::span<const double>{*fitted}, p->own_memory());
  }
  return {};
}
/// The same; throws the error.
template <class From, class To>
void change_patch_size(const From& from, To& to, const PatchOptions& options = {}) {
  try_change_patch_size(from, to, options).value();
}

}  // namespace clip::inline CLIP_ABI
