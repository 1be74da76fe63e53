// clip/checkpoint/positions.inl.hpp: definitions of clip/checkpoint/positions.hpp.
//
// Every method is a matrix of weights from old to new positions: a text's table is multiplied by it once, an image's
// grid along both sides. Keys' cubic with parameter a:
//   |t| <= 1: (a+2)|t|³ - (a+3)|t|² + 1;  1 < |t| < 2: a|t|³ - 5a|t|² + 8a|t| - 4a.
#pragma once

#include <clip/checkpoint/positions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace clip::inline CLIP_ABI {

namespace detail {

inline double keys_cubic(double t, double a) {
  t = std::abs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

/// Row i holds the weight of each old position in new position i.                                      (to, from)
class InterpolationMatrix {
 public:
  InterpolationMatrix(Index to, Index from) : to_{to}, from_{from}, values_(static_cast<std::size_t>(to * from)) {}

  static InterpolationMatrix cubic(Index to, Index from, Interpolate how) {
    InterpolationMatrix w{to, from};
    for (Index i = 0; i < to; ++i) {
      if (how == Interpolate::openclip) w.widened_row(i);
      else w.plain_row(i, how == Interpolate::tinyclip);
    }
    return w;
  }
  static InterpolationMatrix linear(Index to, Index from) {
    InterpolationMatrix w{to, from};
    for (Index i = 0; i < to; ++i) {
      const double at = std::max(w.scale() * (static_cast<double>(i) + 0.5) - 0.5, 0.0), low = std::floor(at);
      w.add(i, static_cast<Index>(low), 1 - (at - low));
      w.add(i, static_cast<Index>(low) + 1, at - low);
    }
    return w;
  }

  ///   out(o, i, :) = Σ_j w(i, j) in(o, j, :)     in : (outer, from, inner), out : (outer, to, inner)
  std::vector<double> operator()(std::span<const double> in, Index outer, Index inner) const {
    std::vector<double> out(static_cast<std::size_t>(outer * to_ * inner));
    for (Index o = 0; o < outer; ++o)
      for (Index i = 0; i < to_; ++i)
        for (Index j = 0; j < from_; ++j) {
          const double w = values_[static_cast<std::size_t>(i * from_ + j)];
          if (w == 0) continue;
          const double* const x = in.data() + (o * from_ + j) * inner;
          double* const y = out.data() + (o * to_ + i) * inner;
          for (Index k = 0; k < inner; ++k) y[k] += w * x[k];
        }
    return out;
  }

 private:
  double scale() const { return static_cast<double>(from_) / static_cast<double>(to_); }
  /// Positions beyond the ends are clamped to the last one.
  void add(Index i, Index j, double w) {
    values_[static_cast<std::size_t>(i * from_ + std::clamp<Index>(j, 0, from_ - 1))] += w;
  }

  void plain_row(Index i, bool corners) {
    const double at = !corners  ? (static_cast<double>(i) + 0.5) * scale() - 0.5
                      : to_ > 1 ? static_cast<double>(i) * static_cast<double>(from_ - 1) / static_cast<double>(to_ - 1)
                                : 0;
    const auto low = static_cast<Index>(std::floor(at));
    for (Index j = low - 1; j <= low + 2; ++j) add(i, j, keys_cubic(at - static_cast<double>(j), -0.75));
  }
  /// Positions outside the table are skipped and the other weights normalised to a sum of 1.
  void widened_row(Index i) {
    const double stretch = std::max(scale(), 1.0), centre = (static_cast<double>(i) + 0.5) * scale();
    const Index begin = std::max<Index>(static_cast<Index>(centre - 2 * stretch + 0.5), 0),
                end = std::min<Index>(static_cast<Index>(centre + 2 * stretch + 0.5), from_);
    double sum = 0;
    for (Index j = begin; j < end; ++j) sum += keys_cubic((static_cast<double>(j) - centre + 0.5) / stretch, -0.5);
    for (Index j = begin; j < end; ++j)
      add(i, j, keys_cubic((static_cast<double>(j) - centre + 0.5) / stretch, -0.5) / sum);
  }

  Index to_, from_;
  std::vector<double> values_;
};

CLIP_HOST Index whole_root(Index n) {
  if (n < 0) return -1;
  const auto r = static_cast<Index>(std::llround(std::sqrt(static_cast<double>(n))));
  return r * r == n ? r : -1;
}

}  // namespace detail

CLIP_HOST Result<std::vector<double>> try_interpolate_grid(std::span<const double> table, Index width, Index rows,
                                                           Interpolate how, Index class_rows) {
  const Index from = detail::whole_root(static_cast<Index>(table.size()) / width - class_rows),
              to = detail::whole_root(rows - class_rows);
  const char* const expected = class_rows == 0 ? "a square" : "a square plus one";
  if (from < 1 || table.size() % static_cast<std::size_t>(width) != 0)
    return ShapeError{"positions", "rows of the table", expected, static_cast<Index>(table.size()) / width};
  if (to < 1) return ShapeError{"positions", "rows requested", expected, rows};
  if (how == Interpolate::none || how == Interpolate::longclip)
    return OptionError{"positions", "interpolation of an image's table", "openclip, huggingface or tinyclip",
                       how == Interpolate::none ? "none" : "longclip"};
  const auto weights = detail::InterpolationMatrix::cubic(to, from, how);
  const auto before = class_rows * width;
  const auto wide = weights(table.subspan(static_cast<std::size_t>(before)), from, width);  // (from, to, width)
  const auto grid = weights(wide, 1, to * width);                                           // (to, to, width)
  std::vector<double> result(table.begin(), table.begin() + before);
  result.insert(result.end(), grid.begin(), grid.end());
  return result;
}

CLIP_HOST Result<std::vector<float>> try_stretch_positions(std::span<const float> table, Index width) {
  constexpr Index kept = 20, factor = 4;
  const Index n = width > 0 ? static_cast<Index>(table.size()) / width : 0;
  if (n <= kept || static_cast<Index>(table.size()) != n * width)
    return ShapeError{"positions", "rows to stretch", "more than 20", n};
  std::vector<float> result(table.begin(), table.begin() + kept * width);
  result.reserve(static_cast<std::size_t>((factor * (n - kept) + kept) * width));
  const auto at = [&](Index row, Index j) {
    return static_cast<double>(table[static_cast<std::size_t>(row * width + j)]);
  };
  // Sums and products of two floats in double precision, rounded to float, are those of float arithmetic.
  const auto rounded = [](double x) { return static_cast<double>(static_cast<float>(x)); };
  for (Index row = kept; row < n; ++row)
    for (Index k = 0; k < factor; ++k)
      for (Index j = 0; j < width; ++j) {
        const auto near = static_cast<double>(factor - k), far = static_cast<double>(k);
        const double x = at(row, j);
        const double q = row + 1 < n ? rounded(rounded(near * x) + rounded(far * at(row + 1, j))) / factor
                                     : x + rounded(rounded(far * rounded(x - at(row - 1, j))) / factor);
        result.push_back(static_cast<float>(q));
      }
  return result;
}
CLIP_HOST std::vector<float> stretch_positions(std::span<const float> table, Index width) {
  return try_stretch_positions(table, width).value();
}

CLIP_HOST Result<std::vector<double>> try_interpolate_line(std::span<const double> table, Index width, Index rows,
                                                           Interpolate how) {
  const Index from = static_cast<Index>(table.size()) / width;
  if (from < 1 || table.size() % static_cast<std::size_t>(width) != 0 || rows < 1)
    return ShapeError{"positions", "rows", "1 or more", std::min(from, rows)};
  if (how == Interpolate::longclip) {
    if (rows <= from) return std::vector<double>(table.begin(), table.begin() + rows * width);
    const auto stretched = try_stretch_positions(std::vector<float>(table.begin(), table.end()), width);
    if (!stretched) return stretched.error();
    const Index found = static_cast<Index>(stretched->size()) / width;
    if (found != rows)
      return ShapeError{"positions", "rows requested",
                        std::to_string(found) + ", or at most " + std::to_string(from) + ", by Long-CLIP's rule", rows};
    return std::vector<double>(stretched->begin(), stretched->end());
  }
  if (how != Interpolate::openclip)
    return OptionError{"positions", "interpolation of a text's table", "openclip (linear) or longclip", "another"};
  return detail::InterpolationMatrix::linear(rows, from)(table, 1, width);
}

}  // namespace clip::inline CLIP_ABI
