#include <clip/image/resize/weighted_sum.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace clip;

namespace {
/// By the definition: sum_j weights[j] in[j stride + l], rounded to nearest, 0 … 255.
std::vector<int> by_definition(const std::vector<std::uint8_t>& in, Index stride,
                               const std::vector<std::int32_t>& weights) {
  std::vector<int> out;
  for (Index l = 0; l < detail::lanes; ++l) {
    std::int64_t sum = std::int64_t{1} << (detail::weight_bits - 1);
    for (std::size_t j = 0; j < weights.size(); ++j)
      sum += std::int64_t{weights[j]} * in[j * static_cast<std::size_t>(stride) + static_cast<std::size_t>(l)];
    out.push_back(static_cast<int>(std::clamp<std::int64_t>(sum >> detail::weight_bits, 0, 255)));
  }
  return out;
}

std::vector<int> summed(const std::vector<std::uint8_t>& in, Index stride, const std::vector<std::int32_t>& weights) {
  std::vector<std::int32_t> digits;
  const Index taps = static_cast<Index>(weights.size());
  for (Index j = 0; j < taps; j += detail::taps_at_once)
    detail::append_digits(weights.data() + j, std::min(detail::taps_at_once, taps - j), digits);
  std::vector<std::uint8_t> out(detail::lanes);
  detail::weighted_sum(in.data(), stride, digits.data(), taps, out.data());
  return {out.begin(), out.end()};
}
}  // namespace

TEST_CASE("a weighted sum equals the definition, for any number of taps, any stride and weights of any sign") {
  std::mt19937 random{7};
  for (Index taps = 1; taps <= 23; ++taps)
    for (const Index stride : {detail::lanes, detail::lanes + 17}) {
      std::vector<std::uint8_t> in(static_cast<std::size_t>(
          (taps - 1) * stride + detail::lanes));  // no byte more: an address sanitizer detects reads beyond
      for (auto& b : in) b = static_cast<std::uint8_t>(random() % 3 == 0 ? 255 : random());
      std::vector<std::int32_t> weights(static_cast<std::size_t>(taps));
      for (auto& w : weights)
        w = (static_cast<std::int32_t>(random() % (3U << 22)) - (1 << 21)) /
            static_cast<std::int32_t>(taps + 1);  // keeps sums within 32 bits
      CHECK(summed(in, stride, weights) == by_definition(in, stride, weights));
    }
}

TEST_CASE("weights at the limits of every digit give the sums of the definition") {
  std::vector<std::uint8_t> in(detail::lanes);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(4 * i + 3);
  constexpr std::int32_t one = 1 << detail::weight_bits;
  for (const std::int32_t around :
       {0, 127, 128, 255, 256, 2047, 2048, 32767, 32768, 65535, 65536, 8323072 - 256, one / 2, one, one + one / 8})
    for (std::int32_t w = around - 2; w <= around + 2; ++w)
      for (const std::int32_t weight : {w, -w}) {
        CAPTURE(weight);
        CHECK(summed(in, detail::lanes, {weight}) == by_definition(in, detail::lanes, {weight}));
      }
}
