// clip/checkpoint/patch_size.hpp: change of the patch size of a trained vision transformer.
#pragma once

#include <clip/checkpoint/positions.hpp>
#include <clip/core/choice.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// How the kernel that embeds patches is brought to another patch size. Be R (to, from) the matrix of a resize along one
/// side of a patch, of half-pixel centres and without antialiasing, so that a patch X becomes R X Rᵀ.
///   pseudo_inverse:    W' = (Rᵀ)⁺ W R⁺, R bilinear: the resized patches have the products that the patches had, exactly
///                      if they grow, in the least-squares sense if they shrink ("PI-resize", Beyer et al. 2023,
///                      "FlexiViT", eq. 6)
///   bilinear, bicubic: W' = R W Rᵀ: the kernel as an image (cubic with a = -0.75). Products grow with the area
///   none:              another patch size is an error
enum class PatchResize : unsigned char { none, pseudo_inverse, bilinear, bicubic };
/// Those that a user chooses from.
inline constexpr std::array patch_resizes{PatchResize::pseudo_inverse, PatchResize::bilinear, PatchResize::bicubic};

constexpr std::string_view name_of(PatchResize how) {
  constexpr std::array<std::string_view, 4> names{"none", "pseudo_inverse", "bilinear", "bicubic"};
  return names[static_cast<std::size_t>(how)];
}
/// The method with this name. OptionError: an unknown name.
inline Result<PatchResize> try_patch_resize(std::string_view name) {
  return try_choice("patches", "resize", name, patch_resizes);
}

/// How weights are brought to another patch size.
struct PatchOptions {
  PatchResize patches = PatchResize::pseudo_inverse;  // of the kernel
  Interpolate positions = Interpolate::openclip;      // of the table of positions, where the grid changes
};

/// The matrix of a resize of one side, row-major.          (to, from)
/// With pseudo_inverse it is (Rᵀ)⁺ of the bilinear R. OptionError: sizes below 1; `how` is none.
[[nodiscard]] CLIP_HOST Result<std::vector<double>> try_patch_matrix(Index from, Index to, PatchResize how);

/// Kernels for patches of another size: both sides of each go through that matrix.
///   (n, from, from) -> (n, to, to), n the outputs times the channels
/// ShapeError: values that are not kernels of `from` by `from`. OptionError as try_patch_matrix.
[[nodiscard]] CLIP_HOST Result<std::vector<double>> try_resize_patches(std::span<const double> kernels, Index from,
                                                                       Index to,
                                                                       PatchResize how = PatchResize::pseudo_inverse);
/// The same; throws the error.
CLIP_HOST std::vector<double> resize_patches(std::span<const double> kernels, Index from, Index to,
                                             PatchResize how = PatchResize::pseudo_inverse);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/patch_size.inl.hpp>
#endif
