// clip/backend/cpu/dot.hpp: steps of several k at once, where the machine has dot products of small types.
//
// A word holds the values of one step: two of bfloat16, or four of eight bits. Panels of words have the width of panels of
// floats, so one tile and one blocking serve all. Eigen has no packet operation for these instructions. A kind that is not
// `native` here is computed in float, from widened weights.
#pragma once

#include <clip/backend/cpu/tile.hpp>

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__AVXVNNI__)
#include <immintrin.h>
#endif

namespace clip::inline CLIP_ABI::detail {

#if defined(__AVX512F__)
struct WordPack {
  __m512i v;
  WordPack() = default;
  WordPack(__m512i packet) : v{packet} {}
  explicit WordPack(std::uint32_t word) : v{_mm512_set1_epi32(static_cast<int>(word))} {}
  static constexpr Index size = 16;
  static WordPack load(const void* p) { return _mm512_loadu_si512(p); }
  void store(void* p) const { _mm512_storeu_si512(p, v); }
  Pack<float> to_float() const { return Pack<float>::of(_mm512_cvtepi32_ps(v)); }
  friend WordPack operator-(WordPack a, WordPack b) { return _mm512_sub_epi32(a.v, b.v); }
};
#elif defined(__AVXVNNI__)
struct WordPack {
  __m256i v;
  WordPack() = default;
  WordPack(__m256i packet) : v{packet} {}
  explicit WordPack(std::uint32_t word) : v{_mm256_set1_epi32(static_cast<int>(word))} {}
  static constexpr Index size = 8;
  static WordPack load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  void store(void* p) const { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  Pack<float> to_float() const { return Pack<float>::of(_mm256_cvtepi32_ps(v)); }
  friend WordPack operator-(WordPack a, WordPack b) { return _mm256_sub_epi32(a.v, b.v); }
};
#endif

/// bfloat16 with bfloat16, two k a step, summed in float.
struct Pairs {
  using Word = std::uint32_t;
  using Sum = float;
  static constexpr Index together = 2, header = 0;
#ifdef __AVX512BF16__
  static constexpr bool native = true;
  using Words = WordPack;
  using Sums = Pack<float>;
  static Sums add(Words a, Words b, Sums c) { return Sums::of(_mm512_dpbf16_ps(c.v, reinterpret_cast<__m512bh>(a.v), reinterpret_cast<__m512bh>(b.v))); }

  /// Words of n values, each rounded to the nearest, zeros past the end.
  static float narrow(const float* x, Index n, Word* to) {
    using P = Pack<float>;
    const auto put = [&](Index k, P low, P high) { _mm512_storeu_si512(to + k / 2, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high.v, low.v))); };
    Index k = 0;
    for (; k + 2 * P::size <= n; k += 2 * P::size) put(k, P::load(x + k), P::load(x + k + P::size));
    if (k + P::size < n) put(k, P::load(x + k), P::load(x + k + P::size, Part{n - k - P::size}));
    else if (k < n) put(k, P::load(x + k, Part{n - k}), P(0));
    return 1;
  }
#else
  static constexpr bool native = false;
#endif
};

/// Unsigned with signed bytes, four k a step, summed in 32 bits. A row of x is scaled by its largest magnitude and stored with
/// 128 added, which the sums of the weights' columns take off again.
struct Quads {
  using Word = std::uint32_t;
  using Sum = std::int32_t;
  static constexpr Index together = 4, header = 2;
#if defined(__AVX512VNNI__) || (defined(__AVXVNNI__) && !defined(__AVX512F__))
  static constexpr bool native = true;
  using Words = WordPack;
  struct Sums : WordPack {
    Sums() = default;
    Sums(WordPack words) : WordPack{words} {}
    explicit Sums(int) : WordPack(std::uint32_t{0}) {}
    static Sums load(const void* p) { return WordPack::load(p); }
  };
#ifdef __AVX512VNNI__
  static Sums add(Words a, Words b, Sums c) { return WordPack{_mm512_dpbusd_epi32(c.v, a.v, b.v)}; }
#else
  static Sums add(Words a, Words b, Sums c) { return WordPack{_mm256_dpbusd_avx_epi32(c.v, a.v, b.v)}; }
#endif

  /// Words of n values; returns what one unit stands for. A row with a value that is no finite number stands for none.
  static float narrow(const float* x, Index n, Word* to) {
    using P = Pack<float>;
    constexpr Index stretch = 4 * P::size;
    std::uint32_t magnitude = 0;  // of bit patterns: NaN is above infinity, and that above all numbers
    for (Index k = 0; k < n; ++k) {
      std::uint32_t bits;
      std::memcpy(&bits, x + k, sizeof bits);
      magnitude = std::max(magnitude, bits & 0x7FFFFFFFU);
    }
    float largest;
    std::memcpy(&largest, &magnitude, sizeof largest);
    const P inverse(largest > 0 ? 127 / largest : 0), round(12582912 + 128);  // 1.5 · 2²³ + 128: the byte stands in the lowest bits
    alignas(64) float values[stretch];
    const auto put = [&](Index k) {
      std::uint32_t bits[stretch];
      std::uint8_t bytes[stretch];
      std::memcpy(bits, values, sizeof bits);
      for (Index i = 0; i < stretch; ++i) bytes[i] = static_cast<std::uint8_t>(bits[i]);
      std::memcpy(to + k / 4, bytes, sizeof bytes);
    };
    Index k = 0;
    for (; k + stretch <= n; k += stretch) {
      for (Index i = 0; i < stretch; i += P::size) fma(P::load(x + k + i), inverse, round).store(values + i);
      put(k);
    }
    if (k < n) {
      for (Index i = 0; i < stretch; i += P::size) round.store(values + i);
      along<float>(n - k, [&](Index i, auto part) { fma(P::load(x + k + i, part), inverse, round).store(values + i); });
      put(k);
    }
    return largest / 127;
  }

  /// Sums as values, in their place. Before a panel stand what one unit of each column stands for, and 128 times its sum.
  static void finish(const Sum* sums, Index rows, const Word* columns, const float* scale, float* values) {
    using P = Pack<float>;
    for (Index r = 0; r < rows; ++r, sums += 2 * P::size, values += 2 * P::size)
      for (Index j = 0; j < 2 * P::size; j += P::size) {
        const P unit = P(scale[r]) * P::load(reinterpret_cast<const float*>(columns) + j);
        (unit * (WordPack::load(sums + j) - WordPack::load(columns + 2 * P::size + j)).to_float()).store(values + j);
      }
  }
#else
  static constexpr bool native = false;
#endif
};

}  // namespace clip::inline CLIP_ABI::detail
