// clip/nn/layers.hpp: sequence of layers of one type, as an array or a vector.
#pragma once

#include <clip/core/size.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// The decimal digits of a number, without an allocation, also at compile time.
struct Decimal {
  char digits[8] = {};
  std::size_t count = 0;

  constexpr explicit Decimal(std::size_t number) {
    for (std::size_t rest = number; count == 0 || rest > 0; rest /= 10)
      digits[7 - count++] = static_cast<char>('0' + rest % 10);
  }
  constexpr std::string_view text() const& { return {digits + 8 - count, count}; }
};

/// The configuration of layer i: the common one, or the result of a function of the layer's number.
template <class Config>
constexpr decltype(auto) config_of_layer(const Config& config, Index i) {
  if constexpr (requires { config(i); }) return config(i);
  else return (config);
}
}  // namespace detail

/// N blocks of one type, named "0", "1", … (or from FirstName on): an array for a compile-time N, otherwise a vector.
/// Not a tuple, so that compile time does not grow with depth.
template <class Block, Index N, std::size_t FirstName = 0>
class Layers {
 public:
  template <class Config>
  constexpr Layers(Size<N>, const Config& config)
      : blocks_{make(config, std::make_index_sequence<static_cast<std::size_t>(N)>{})} {}

  static constexpr void members(auto& self, auto&& visit) { members_of(self.blocks_, visit); }

  constexpr Index size() const { return N; }
  constexpr const Block& operator[](Index i) const { return blocks_[static_cast<std::size_t>(i)]; }
  constexpr Block& operator[](Index i) { return blocks_[static_cast<std::size_t>(i)]; }

  /// visit("0", block 0), visit("1", block 1), …
  static constexpr void members_of(auto& blocks, auto& visit) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const detail::Decimal number{FirstName + i};
      visit(number.text(), blocks[i]);
    }
  }

 private:
  template <class Config, std::size_t... I>
  static constexpr std::array<Block, sizeof...(I)> make([[maybe_unused]] const Config& config,
                                                        std::index_sequence<I...>) {
    return {{Block{detail::config_of_layer(config, static_cast<Index>(I))}...}};
  }
  std::array<Block, static_cast<std::size_t>(N)> blocks_;
};

/// One block that is named by its number in a stack of others.
template <class Block>
struct NumberedLayer {
  std::size_t number;
  Block block;

  static constexpr void members(auto& self, auto&& visit) {
    const detail::Decimal name{self.number};
    visit(name.text(), self.block);
  }
};

template <class Block, std::size_t FirstName>
class Layers<Block, dyn, FirstName> {
 public:
  template <class Config>
  constexpr Layers(Size<dyn> n, const Config& config) {
    for (Index i = 0; i < n; ++i) blocks_.emplace_back(detail::config_of_layer(config, i));
  }

  static constexpr void members(auto& self, auto&& visit) {
    Layers<Block, 0, FirstName>::members_of(self.blocks_, visit);
  }

  constexpr Index size() const { return static_cast<Index>(blocks_.size()); }
  constexpr const Block& operator[](Index i) const { return blocks_[static_cast<std::size_t>(i)]; }
  constexpr Block& operator[](Index i) { return blocks_[static_cast<std::size_t>(i)]; }

 private:
  std::vector<Block> blocks_;
};

}  // namespace clip::inline CLIP_ABI
