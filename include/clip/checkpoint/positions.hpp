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
///   longclip:    no rule for images; texts: stretch_positions to a longer context, the first rows for a shorter one
enum class Interpolate : unsigned char { none, openclip, huggingface, tinyclip, longclip };

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

/// Stretches the table of a text tower for longer texts, as Long-CLIP does before its training (Zhang et al. 2024): the
/// first 20 rows are kept, the others are interpolated by a factor of 4, and the last three extrapolated. With n = 77
/// rows p, the 248 rows q are
///   q[i] = p[i], i < 20;   q[20 + 4i + k] = ((4 - k) p[20 + i] + k p[21 + i]) / 4;   q[244 + k] = p[76] + k (p[76] -
///   p[75]) / 4,            k = 0 ... 3
/// Every operation is rounded to float, as in the original, whatever the compiler contracts.
///   (n, width) -> (4 n - 60, width)
/// ShapeError: fewer than 21 rows.
[[nodiscard]] CLIP_HOST Result<std::vector<float>> try_stretch_positions(std::span<const float> table, Index width);
/// The same; throws the error.
CLIP_HOST std::vector<float> stretch_positions(std::span<const float> table, Index width);

/// Interpolates the table of a text tower to another context. OpenCLIP and Long-CLIP have a rule.
///   (context, width) -> (rows, width)
/// ShapeError: no rows, or with longclip other rows than 4 · context - 60 and more than context. OptionError: another
/// method.
[[nodiscard]] CLIP_HOST Result<std::vector<double>> try_interpolate_line(std::span<const double> table, Index width,
                                                                         Index rows, Interpolate how);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/checkpoint/positions.inl.hpp>
#endif
