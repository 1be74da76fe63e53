// clip/checkpoint/positions.hpp: interpolation of position tables to another image size or context.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <span>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The library whose interpolation is used. Results differ by a few hundredths: use the one the weights were trained
/// with.
///   openclip:    images: cubic with a = -0.5, the kernel widened if the grid shrinks; texts: linear
///   huggingface: images: cubic with a = -0.75, borders repeated; no rule for texts
///   tinyclip:    as huggingface, but with aligned corners; no rule for texts
enum class Interpolate : unsigned char { none, openclip, huggingface, tinyclip };

namespace detail {
/// √n if n is a square, otherwise -1.
CLIP_HOST Index whole_root(Index n);
}  // namespace detail

/// Interpolates the table of an image tower, a class row (or none: `class_rows`) and a square grid, to another grid.
/// Copies the class row.
///   (class_rows + g², width) -> (rows, width)
/// ShapeError: rows that are not a square plus class_rows. OptionError: `how` is none.
[[nodiscard]] CLIP_HOST Result<std::vector<double>> try_interpolate_grid(std::span<const double> table, Index width,
                                                                         Index rows, Interpolate how,
                                                                         Index class_rows = 1);

/// Interpolates the table of a text tower to another context. Only OpenCLIP has a rule.
///   (context, width) -> (rows, width)
/// ShapeError: no rows. OptionError: another method.
[[nodiscard]] CLIP_HOST Result<std::vector<double>> try_interpolate_line(std::span<const double> table, Index width,
                                                                         Index rows, Interpolate how);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/positions.inl.hpp>
#endif
