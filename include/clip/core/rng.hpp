// clip/core/rng.hpp: counter-based random numbers with named streams (Philox4x32-10, Salmon et al. 2011).
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// Ten rounds of Philox: maps a 128-bit counter and a 64-bit key to four 32-bit words. Stateless.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

/// A stream of random numbers. `Rng{seed}.fork("visual.conv1")` depends only on the seed and the name: a new layer, or
/// more numbers drawn from another stream, changes no other stream. Numbers are drawn on the host, so every backend
/// gets the same ones.
class Rng {
 public:
  constexpr explicit Rng(std::uint64_t seed) : key_{seed} {}

  /// The stream with this name. Forks can be forked again.
  constexpr Rng fork(std::string_view name) const {
    std::uint64_t h = mix(key_ ^ 0xCBF29CE484222325ULL);
    for (char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return Rng{mix(h ^ name.size())};
  }
  /// The stream with this number (epoch, step, rank).
  constexpr Rng fork(std::uint64_t number) const { return Rng{mix(mix(key_ ^ 0x9E3779B97F4A7C15ULL) + number)}; }

  constexpr std::uint32_t bits() {
    const std::uint64_t block = drawn_ / 4;
    if (drawn_ % 4 == 0) {
      words_ = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, 0},
                          {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)});
    }
    return words_[drawn_++ % 4];
  }

  /// Uniform in [0, 1), 53 bits.
  constexpr double uniform() {
    const std::uint64_t high = bits(), low = bits();
    return static_cast<double>(((high << 32) | low) >> 11) * 0x1.0p-53;
  }
  /// Uniform in [-r, r).
  constexpr double uniform(double r) { return r * (2 * uniform() - 1); }

  /// Standard normal (Box and Muller; uses one number of each pair, so that draw i depends only on i).
  double normal() {
    const double u = 1 - uniform(), v = uniform();
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
  }

  /// Uniform in 0 … n−1, unbiased (rejection sampling).
  constexpr std::uint64_t below(std::uint64_t n) {
    const std::uint64_t limit = std::uint64_t(-1) - std::uint64_t(-1) % n;
    for (;;) {
      const std::uint64_t high = bits(), low = bits();
      if (const std::uint64_t x = (high << 32) | low; x < limit) return x % n;
    }
  }

 private:
  static constexpr std::uint64_t mix(std::uint64_t x) {  // the finaliser of SplitMix64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
  }

  std::uint64_t key_;
  std::uint64_t drawn_ = 0;
  std::array<std::uint32_t, 4> words_{};
};

}  // namespace clip::inline CLIP_ABI
