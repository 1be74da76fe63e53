// clip/config/text_pooling.hpp: what the embedding of a text is made of, of towers whose files differ in it.
#pragma once

#include <clip/core/abi.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The row that becomes the embedding of a text: the first token's, [CLS]; the mean of all tokens'; or a dense layer
/// with tanh of the first token's, BERT's pooler.
enum class TextPooling : unsigned char { first, mean, pooler };
inline constexpr std::array text_poolings{TextPooling::first, TextPooling::mean, TextPooling::pooler};

/// The name in JSON.
constexpr std::string_view name_of(TextPooling pooling) {
  constexpr std::array<std::string_view, text_poolings.size()> names{"first", "mean", "pooler"};
  return names[static_cast<std::size_t>(pooling)];
}

}  // namespace clip::inline CLIP_ABI
