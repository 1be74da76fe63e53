// clip/config/pos_cnn.hpp: places of PosCNN modules between the blocks of a vision transformer.
#pragma once

#include <clip/core/size.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace clip::inline CLIP_ABI {

/// PosCNN modules stand after some of the first so many blocks (ViT-bigG: 48).
inline constexpr std::size_t most_pos_cnn_places = 64;
/// Channels that one group of their convolution reads and writes.
inline constexpr Index pos_cnn_channels = 8;

/// Where PosCNN modules (nn/pos_cnn.hpp) stand between the blocks of a vision transformer, and their strides.
///   c.image.pos_cnn = PosCnnConfig::after({5});             // after the sixth block, the grid halved
///   c.image.pos_cnn = PosCnnConfig::after({2, 5}, 1);       // two of stride 1
struct PosCnnConfig {
  bool final_ln = true;                                    // whether a module ends with ln_1
  std::array<std::int8_t, most_pos_cnn_places> strides{};  // after block i: 1 or 2; 0: no module there

  constexpr explicit operator bool() const { return last() >= 0; }
  /// The stride of the module after block i; 0: there is none.
  constexpr Index stride(Index block) const {
    return block < static_cast<Index>(strides.size()) ? strides[static_cast<std::size_t>(block)] : 0;
  }
  /// The last block that a module follows; -1: none.
  constexpr Index last() const {
    for (std::size_t i = strides.size(); i > 0; --i)
      if (strides[i - 1] != 0) return static_cast<Index>(i) - 1;
    return -1;
  }
  constexpr Index count() const {
    return static_cast<Index>(strides.size()) - std::count(strides.begin(), strides.end(), 0);
  }
  /// The side of a grid after block i and the modules up to there.
  constexpr Index side_after(Index side, Index block) const {
    for (Index i = 0; i <= std::min(block, last()); ++i)
      if (const Index s = stride(i); s > 1) side = (side + s - 1) / s;
    return side;
  }

  /// Modules after these blocks, counted from 0. OptionError: a block beyond the sixty-fourth.
  static constexpr PosCnnConfig after(std::initializer_list<Index> blocks, Index stride = 2) {
    PosCnnConfig c;
    for (const Index block : blocks) {
      if (block < 0 || block >= static_cast<Index>(c.strides.size()))
        raise(OptionError{"pos_cnn", "block that a module follows", "0 ... 63", block});
      c.strides[static_cast<std::size_t>(block)] = static_cast<std::int8_t>(stride);
    }
    return c;
  }
  /// One module in the middle of so many blocks.
  static constexpr PosCnnConfig halfway(Index layers, Index stride = 2) { return after({layers / 2 - 1}, stride); }

  friend constexpr bool operator==(const PosCnnConfig&, const PosCnnConfig&) = default;
};

/// The places and strides for a sentence: "after block 2, stride 1; after block 5, stride 2".
inline std::string in_words(const PosCnnConfig& c) {
  std::string words;
  for (Index i = 0; i <= c.last(); ++i)
    if (c.stride(i) != 0)
      words += (words.empty() ? "after block " : "; after block ") + std::to_string(i) + ", stride " +
               std::to_string(c.stride(i));
  return words.empty() ? "none" : c.final_ln ? words : words + "; without ln_1";
}

/// The problem of impossible places in a tower of such sizes, as a sentence, or null.
constexpr const char* problem(const PosCnnConfig& c, Index width, Index layers) {
  if (!c) return nullptr;
  if (std::any_of(c.strides.begin(), c.strides.end(), [](std::int8_t s) { return s < 0 || s > 2; }))
    return "PosCNN: the stride must be 1 or 2";
  if (c.last() >= layers - 1) return "PosCNN: a module must stand between two blocks, not after the last";
  if (width % pos_cnn_channels != 0) return "PosCNN: the width must be a multiple of 8";
  return nullptr;
}

/// FLOPs of one module that gives so many patches, the zeros between its groups included.
constexpr double flops_of_pos_cnn(Index width, Index patches) {
  return 2 * 10 * static_cast<double>(width) * static_cast<double>(width) * static_cast<double>(patches);
}

/// Weights of one module, as a real number.
constexpr double values_of_pos_cnn(Index width, bool final_ln) {
  const double w = static_cast<double>(width);
  return w * w + (final_ln ? 78 : 76) * w;
}

}  // namespace clip::inline CLIP_ABI
