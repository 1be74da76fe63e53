// clip/backend/cpu/simd/dot.hpp: steps of several k at once, where the machine has dot products of small types.
//
// A word holds the values of one step: two of bfloat16, or four of eight bits. Panels of words have the width of panels of
// floats, so one tile and one blocking serve all. Eigen has no packet operation for these instructions. A kind that is not
// `native` here is computed in float, from widened weights.
#pragma once

#include <clip/backend/cpu/gemm/tile.hpp>
#include <clip/core/intrinsics.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace clip::inline CLIP_ABI::detail {

/// Words side by side, as many as floats fill a packet.
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
  /// The larger magnitudes, as bit patterns of floats: NaN is above infinity, and that above all numbers.
  friend WordPack larger(WordPack a, Pack<float> x) { return _mm512_max_epu32(a.v, _mm512_castps_si512(abs(x).v)); }
  std::uint32_t largest() const { return _mm512_reduce_max_epu32(v); }
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
  friend WordPack larger(WordPack a, Pack<float> x) { return _mm256_max_epu32(a.v, _mm256_castps_si256(abs(x).v)); }
  std::uint32_t largest() const {
    alignas(32) std::uint32_t lane[size];
    store(lane);
    return *std::max_element(lane, lane + size);
  }
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
  static Sums add(Words a, Words b, Sums c) {
    return Sums::of(_mm512_dpbf16_ps(c.v, reinterpret_cast<__m512bh>(a.v), reinterpret_cast<__m512bh>(b.v)));
  }

  /// Words of n values, each rounded to the nearest, zeros past the end.
  static float narrow(const float* x, Index n, Word* to) {
    using P = Pack<float>;
    const auto put = [&](Index k, P low, P high) {
      _mm512_storeu_si512(to + k / 2, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high.v, low.v)));
    };
    Index k = 0;
    for (; k + 2 * P::size <= n; k += 2 * P::size) put(k, P::load(x + k), P::load(x + k + P::size));
    if (k + P::size < n) put(k, P::load(x + k), P::load(x + k + P::size, Part{n - k - P::size}));
    else if (k < n) put(k, P::load(x + k, Part{n - k}), P(0));
    return 1;
  }

  /// Words of two rows: lane by lane a value of the first and one of the second, each rounded to the nearest.
  static Words weave(Pack<float> first, Pack<float> second) {
    alignas(64) static constexpr std::uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                                            21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                                            11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_load_si512(order),
                                    reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second.v, first.v)));
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

  /// The lowest byte of every lane.
  static void low_bytes(Pack<float> x, std::uint8_t* to) {
#ifdef __AVX512VNNI__
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(_mm512_castps_si512(x.v)));
#else
    alignas(32) std::uint32_t lane[8];
    std::uint8_t byte[8];
    _mm256_store_ps(reinterpret_cast<float*>(lane), x.v);
    for (Index i = 0; i < 8; ++i) byte[i] = static_cast<std::uint8_t>(lane[i]);
    std::memcpy(to, byte, sizeof byte);
#endif
  }

  /// Words of n values; returns what one unit stands for. A row with a value that is no finite number stands for none.
  static float narrow(const float* x, Index n, Word* to) {
    using P = Pack<float>;
    WordPack most[4] = {WordPack(std::uint32_t{0}), WordPack(std::uint32_t{0}), WordPack(std::uint32_t{0}),
                        WordPack(std::uint32_t{0})};
    Index k = 0;
    for (; k + 4 * P::size <= n; k += 4 * P::size)
      for (Index i = 0; i < 4; ++i) most[i] = larger(most[i], P::load(x + k + i * P::size));
    along<float>(n - k, [&](Index i, auto part) { most[0] = larger(most[0], P::load(x + k + i, part)); });
    const std::uint32_t bits =
        std::max(std::max(most[0].largest(), most[1].largest()), std::max(most[2].largest(), most[3].largest()));
    const float largest = std::bit_cast<float>(bits);
    const P inverse(largest > 0 ? 127 / largest : 0),
        round(12582912 + 128);  // 1.5 · 2²³ + 128: the byte stands in the lowest bits
    auto* const bytes = reinterpret_cast<std::uint8_t*>(to);
    along<float>(n, [&](Index i, auto part) { low_bytes(fma(P::load(x + i, part), inverse, round), bytes + i); });
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
