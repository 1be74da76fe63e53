// clip/image/resize/weights.hpp: resampling weights along one axis: inputs of each output, and their weights.
//
// Pillow and torchvision compute the same real weights. As integers, Pillow's have 22 bits after the binary point;
// torchvision's have as many as fit the largest weight of the axis into 16 bits, and none below.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/size.hpp>
#include <clip/image/resize/weighted_sum.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// a b, rounded separately. Otherwise a compiler may fuse it with the following sum (FMA), which changes the last bit
/// against the reference.
inline double rounded_product(double a, double b) {
  const volatile double product = a * b;
  return product;
}

/// 1 - |t| for |t| < 1, otherwise 0.
inline double bilinear_filter(double t) {
  const double x = t < 0 ? -t : t;
  return x < 1 ? 1 - x : 0;
}

/// Keys' cubic with a = -1/2, in the reference's order of operations.
inline double bicubic_filter(double t) {
  const double x = t < 0 ? -t : t;
  if (x < 1) return rounded_product((rounded_product(1.5, x) - 2.5) * x, x) + 1;
  if (x < 2) return (rounded_product(rounded_product(x - 5, x) + 8, x) - 4) * -0.5;
  return 0;
}

/// True if a resampling stores its weights as 16-bit integers.
constexpr bool has_short_weights(Resampling resampling) { return resampling == Resampling::torchvision; }

/// The bits after the binary point of 16-bit weights whose maximum is `largest`: as many as keep it below 2^15, at most
/// weight_bits.
constexpr int short_weight_bits(double largest) {
  int bits = 0;
  while (bits < weight_bits && static_cast<Index>(largest * static_cast<double>(2 << bits) + 0.5) < (1 << 15)) ++bits;
  return bits;
}

/// The weight as an integer with `bits` bits after the binary point, rounded half away from zero, then extended by
/// zeros to weight_bits.
constexpr std::int32_t integer_weight(double weight, int bits) {
  const double scaled = weight * (1 << bits);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5) * (1 << (weight_bits - bits));
}

/// The weights of outputs first … first + count - 1 along an axis resized from `in` to `out` pixels. Reuses its memory,
/// and skips the computation if the request equals the previous one.
class ResizeWeights {
 public:
  void compute(Interpolation interpolation, Index in, Index out, Index first, Index count,
               Resampling resampling = Resampling::pillow13) {
    const bool short_weights = has_short_weights(resampling);
    const Request request{interpolation, in, out, first, count, short_weights};
    if (request == request_) return;
    request_ = {};  // until all weights are there

    const bool bicubic = interpolation == Interpolation::bicubic;
    const double scale = static_cast<double>(in) / static_cast<double>(out), filter_scale = std::max(scale, 1.0),
                 shrink = 1 / filter_scale;
    const double support = (bicubic ? 2.0 : 1.0) * filter_scale;  // a power of two: exact
    begin_.clear();
    offset_.assign(1, 0);
    weights_.clear();
    exact_.clear();
    first_digit_.clear();
    digits_.clear();
    double largest = 0;
    // The precision of short weights depends on all outputs of the axis.
    for (Index i = short_weights ? 0 : first; i < (short_weights ? out : first + count); ++i) {
      const double center = rounded_product(static_cast<double>(i) + 0.5, scale);
      const Index begin = std::max(static_cast<Index>(center - support + 0.5), Index{0});
      const Index end = std::min(static_cast<Index>(center + support + 0.5), in);
      double sum = 0;
      const std::size_t offset = exact_.size();
      for (Index j = begin; j < end; ++j) {
        const double t = rounded_product(static_cast<double>(j) - center + 0.5, shrink),
                     weight = bicubic ? bicubic_filter(t) : bilinear_filter(t);
        exact_.push_back(weight);
        sum += weight;
      }
      for (std::size_t j = offset; j < exact_.size(); ++j) {
        if (sum != 0) exact_[j] /= sum;
        largest = std::max(largest, exact_[j]);
      }
      if (i < first || i >= first + count) {
        exact_.resize(offset);
        continue;
      }
      begin_.push_back(begin);
      offset_.push_back(exact_.size());
    }
    convert(short_weights ? short_weight_bits(largest) : weight_bits);
    request_ = request;
  }

  /// Number of outputs.
  Index count() const { return static_cast<Index>(begin_.size()); }
  /// Output i is a weighted sum of the inputs begin(i) … begin(i) + taps(i) - 1.
  Index begin(Index i) const { return begin_[static_cast<std::size_t>(i)]; }
  Index taps(Index i) const {
    return static_cast<Index>(offset_[static_cast<std::size_t>(i) + 1] - offset_[static_cast<std::size_t>(i)]);
  }
  /// The maximum number of inputs of an output.
  Index most_taps() const {
    Index most = 0;
    for (Index i = 0; i < count(); ++i) most = std::max(most, taps(i));
    return most;
  }
  const std::int32_t* weights(Index i) const { return weights_.data() + offset_[static_cast<std::size_t>(i)]; }
  /// The same weights in the form that weighted_sum() expects.
  const std::int32_t* digits(Index i) const { return digits_.data() + first_digit_[static_cast<std::size_t>(i)]; }
  /// The same weights as floating point, before rounding.
  const double* exact(Index i) const { return exact_.data() + offset_[static_cast<std::size_t>(i)]; }
  /// The inputs of all outputs: first_input() … end_input() - 1.
  Index first_input() const { return begin(0); }
  Index end_input() const { return begin(count() - 1) + taps(count() - 1); }

 private:
  /// Fills weights_ and digits_ from exact_.
  void convert(int bits) {
    for (const double weight : exact_) weights_.push_back(integer_weight(weight, bits));
    for (Index i = 0; i < count(); ++i) {
      first_digit_.push_back(digits_.size());
      for (Index j = 0; j < taps(i); j += taps_at_once)
        append_digits(weights(i) + j, std::min(taps_at_once, taps(i) - j), digits_);
    }
  }

  struct Request {
    Interpolation interpolation = Interpolation::bicubic;
    Index in = 0, out = 0, first = 0, count = 0;
    bool short_weights = false;
    friend bool operator==(const Request&, const Request&) = default;
  };

  Request request_;
  std::vector<Index> begin_;
  std::vector<std::size_t> offset_;
  std::vector<std::size_t> first_digit_;
  std::vector<std::int32_t> weights_, digits_;
  std::vector<double> exact_;
};

}  // namespace clip::inline CLIP_ABI::detail
