// clip/image/resize/weighted_sum.hpp: SIMD inner loop of resizing: 64 weighted sums of bytes.
//
// Sums are 32-bit integers, so every order of additions gives the same bits. Processors multiply small integers faster:
// bytes by bytes, four products at a time (AVX-512 VNNI), or 16 by 16 bits, two at a time (SSE2, AVX2). The 23-bit
// weights are therefore split into such digits in advance, and the sums of the digits are combined at the end.
#pragma once

#include <clip/core/intrinsics.hpp>
#include <clip/core/size.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)
#define CLIP_IMAGE_SUMS 512
#elif defined(__AVX2__)
#define CLIP_IMAGE_SUMS 256
#elif defined(__SSE2__)
#define CLIP_IMAGE_SUMS 128
#else
#define CLIP_IMAGE_SUMS 0
#endif

namespace clip::inline CLIP_ABI::detail {

/// Fixed-point weights: 1 is 2^22, which leaves 8 bits for a pixel and 2 for sums above 1 and below 0 (Pillow,
/// Resample.c).
inline constexpr int weight_bits = 22;

/// Bytes per call.
inline constexpr Index lanes = 64;

#if CLIP_IMAGE_SUMS == 512

inline constexpr Index taps_at_once = 4, numbers_at_once = 3;

/// Splits up to four weights into digits to the base 256, -128 … 127: one number per digit position.
inline void append_digits(const std::int32_t* weights, Index taps, std::vector<std::int32_t>& digits) {
  std::array<std::uint32_t, 3> number{};
  for (Index j = 0; j < taps; ++j) {
    std::int32_t rest = weights[j];
    for (std::uint32_t& n : number) {
      const auto digit = static_cast<std::int8_t>(rest & 255);
      n |= std::uint32_t{static_cast<std::uint8_t>(digit)} << (8 * j);
      rest = (rest - digit) / 256;
    }
  }
  for (const std::uint32_t n : number) digits.push_back(static_cast<std::int32_t>(n));
}

/// Four registers, each with sixteen bytes of a quarter of the row, in unpacking order.
struct Quad {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
};
inline void add_products(Quad& sum, const Quad& bytes, std::int32_t digit) {
  const __m512i weights = _mm512_set1_epi32(digit);
  sum.a = _mm512_dpbusd_epi32(sum.a, bytes.a, weights);
  sum.b = _mm512_dpbusd_epi32(sum.b, bytes.b, weights);
  sum.c = _mm512_dpbusd_epi32(sum.c, bytes.c, weights);
  sum.d = _mm512_dpbusd_epi32(sum.d, bytes.d, weights);
}

inline void weighted_sum(const std::uint8_t* in, Index stride, const std::int32_t* digits, Index taps,
                         std::uint8_t* out) {
  Quad ones, middle, upper;
  for (Index j = 0; j < taps; j += taps_at_once, digits += numbers_at_once) {
    // Beyond the last tap: its row again, with a weight of zero.
    const auto row = [&](Index k) { return _mm512_loadu_si512(in + std::min(j + k, taps - 1) * stride); };
    const __m512i r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
    const __m512i low01 = _mm512_unpacklo_epi8(r0, r1), high01 = _mm512_unpackhi_epi8(r0, r1);
    const __m512i low23 = _mm512_unpacklo_epi8(r2, r3), high23 = _mm512_unpackhi_epi8(r2, r3);
    const Quad bytes{_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
                     _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)};
    add_products(ones, bytes, digits[0]);
    add_products(middle, bytes, digits[1]);
    add_products(upper, bytes, digits[2]);
  }
  const auto value = [](__m512i one, __m512i mid, __m512i up) {
    // Masked shifts with all lanes enabled: g++ 12 warns of uninitialised values in the plain ones.
    const auto up_by_8 = [](__m512i v) { return _mm512_maskz_slli_epi32(0xFFFF, v, 8); };
    const __m512i sum = _mm512_add_epi32(up_by_8(_mm512_add_epi32(up_by_8(up), mid)), one);
    return _mm512_maskz_srai_epi32(0xFFFF, _mm512_add_epi32(sum, _mm512_set1_epi32(1 << (weight_bits - 1))),
                                   weight_bits);
  };
  const __m512i left = _mm512_packs_epi32(value(ones.a, middle.a, upper.a), value(ones.b, middle.b, upper.b));
  const __m512i right = _mm512_packs_epi32(value(ones.c, middle.c, upper.c), value(ones.d, middle.d, upper.d));
  _mm512_storeu_si512(out, _mm512_packus_epi16(left, right));
}

#elif CLIP_IMAGE_SUMS

inline constexpr Index taps_at_once = 2, numbers_at_once = 2;
inline constexpr int low_bits = 11;

/// Splits up to two weights into upper and lower bits: one number for each.
inline void append_digits(const std::int32_t* weights, Index taps, std::vector<std::int32_t>& digits) {
  const std::int32_t second = taps > 1 ? weights[1] : 0;
  const auto pair = [](std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(b) << 16) | (static_cast<std::uint32_t>(a) & 0xFFFFU));
  };
  constexpr std::int32_t low = (1 << low_bits) - 1;
  digits.push_back(pair(weights[0] >> low_bits, second >> low_bits));
  digits.push_back(pair(weights[0] & low, second & low));
}

#if CLIP_IMAGE_SUMS == 256
struct Integers {
  using V = __m256i;
  static V load(const std::uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const V*>(p)); }
  static void store(std::uint8_t* p, V v) { _mm256_storeu_si256(reinterpret_cast<V*>(p), v); }
  static V zero() { return _mm256_setzero_si256(); }
  static V all(std::int32_t x) { return _mm256_set1_epi32(x); }
  static V low8(V a, V b) { return _mm256_unpacklo_epi8(a, b); }
  static V high8(V a, V b) { return _mm256_unpackhi_epi8(a, b); }
  static V add(V a, V b) { return _mm256_add_epi32(a, b); }
  static V times_pairs(V a, V b) { return _mm256_madd_epi16(a, b); }
  template <int bits>
  static V left(V a) {
    return _mm256_slli_epi32(a, bits);
  }
  template <int bits>
  static V right(V a) {
    return _mm256_srai_epi32(a, bits);
  }
  static V narrow(V a, V b, V c, V d) {
    return _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d));
  }
};
#else
struct Integers {
  using V = __m128i;
  static V load(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const V*>(p)); }
  static void store(std::uint8_t* p, V v) { _mm_storeu_si128(reinterpret_cast<V*>(p), v); }
  static V zero() { return _mm_setzero_si128(); }
  static V all(std::int32_t x) { return _mm_set1_epi32(x); }
  static V low8(V a, V b) { return _mm_unpacklo_epi8(a, b); }
  static V high8(V a, V b) { return _mm_unpackhi_epi8(a, b); }
  static V add(V a, V b) { return _mm_add_epi32(a, b); }
  static V times_pairs(V a, V b) { return _mm_madd_epi16(a, b); }
  template <int bits>
  static V left(V a) {
    return _mm_slli_epi32(a, bits);
  }
  template <int bits>
  static V right(V a) {
    return _mm_srai_epi32(a, bits);
  }
  static V narrow(V a, V b, V c, V d) { return _mm_packus_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)); }
};
#endif

/// Four registers, each with four bytes of every eight or of all sixteen, in unpacking order.
struct Quad {
  Integers::V a = Integers::zero(), b = a, c = a, d = a;
};
inline void add_products(Quad& sum, const Quad& pairs, std::int32_t digit) {
  using I = Integers;
  const I::V weights = I::all(digit);
  sum.a = I::add(sum.a, I::times_pairs(pairs.a, weights));
  sum.b = I::add(sum.b, I::times_pairs(pairs.b, weights));
  sum.c = I::add(sum.c, I::times_pairs(pairs.c, weights));
  sum.d = I::add(sum.d, I::times_pairs(pairs.d, weights));
}

inline void weighted_sum(const std::uint8_t* in, Index stride, const std::int32_t* digits, Index taps,
                         std::uint8_t* out) {
  using I = Integers;
  using V = I::V;
  for (Index l = 0; l < lanes; l += static_cast<Index>(sizeof(V)), in += sizeof(V), out += sizeof(V)) {
    Quad upper, lower;
    const std::int32_t* digit = digits;
    for (Index j = 0; j < taps; j += taps_at_once, digit += numbers_at_once) {
      const V r0 = I::load(in + j * stride),
              r1 = I::load(in + std::min(j + 1, taps - 1) *
                                    stride);  // beyond the last tap: its row again, with a weight of zero
      const V low = I::low8(r0, r1), high = I::high8(r0, r1), zero = I::zero();
      const Quad pairs{I::low8(low, zero), I::high8(low, zero), I::low8(high, zero), I::high8(high, zero)};
      add_products(upper, pairs, digit[0]);
      add_products(lower, pairs, digit[1]);
    }
    const auto value = [](V up, V low) {
      return I::right<weight_bits>(I::add(I::add(I::left<low_bits>(up), low), I::all(1 << (weight_bits - 1))));
    };
    I::store(out, I::narrow(value(upper.a, lower.a), value(upper.b, lower.b), value(upper.c, lower.c),
                            value(upper.d, lower.d)));
  }
}

#else

inline constexpr Index taps_at_once = 1, numbers_at_once = 1;

inline void append_digits(const std::int32_t* weights, Index, std::vector<std::int32_t>& digits) {
  digits.push_back(weights[0]);
}

/// out[l] = sum_j weights[j] in[j stride + l], rounded and clamped to 0 … 255. `digits` are the results of
/// append_digits for taps_at_once weights at a time.
inline void weighted_sum(const std::uint8_t* in, Index stride, const std::int32_t* digits, Index taps,
                         std::uint8_t* out) {
  std::int32_t sum[lanes];
  for (std::int32_t& s : sum) s = 1 << (weight_bits - 1);
  for (Index j = 0; j < taps; ++j, in += stride) {
    const std::int32_t weight = digits[j];
    for (Index l = 0; l < lanes; ++l) sum[l] += weight * in[l];
  }
  for (Index l = 0; l < lanes; ++l) out[l] = static_cast<std::uint8_t>(std::clamp(sum[l] >> weight_bits, 0, 255));
}

#endif

}  // namespace clip::inline CLIP_ABI::detail
