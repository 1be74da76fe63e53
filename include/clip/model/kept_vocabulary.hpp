// clip/model/kept_vocabulary.hpp: the ids of a vocabulary that a text tower, its tokenizer and some texts need.
#pragma once

#include <clip/core/result.hpp>
#include <clip/model/text_input.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokens/kept_ids.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The ids to keep for texts that use the ids `used`: these, those that the tokenizer cannot do without
/// (AnyTokenizer::special_ids), and those that the tower reads at fixed places.
/// InputError: a vocabulary of another size than the tower's; an id that it does not have.
[[nodiscard]] inline Result<KeptIds> try_kept_ids(const TextInput& input, const AnyTokenizer& tokenizer,
                                                  std::span<const std::int32_t> used) {
  if (auto same = try_check_vocabulary(input, tokenizer.vocabulary()); !same) return same.error();
  std::vector<std::int32_t> ids = tokenizer.special_ids();
  ids.insert(ids.end(), used.begin(), used.end());
  const auto fixed = static_cast<std::size_t>(fixed_ids(input));
  ids.resize(ids.size() + fixed);
  std::iota(ids.end() - static_cast<std::ptrdiff_t>(fixed), ids.end(), 0);
  return KeptIds::try_make(input.vocabulary, std::move(ids));
}
inline KeptIds kept_ids(const TextInput& input, const AnyTokenizer& tokenizer, std::span<const std::int32_t> used) {
  return try_kept_ids(input, tokenizer, used).value();
}

}  // namespace clip::inline CLIP_ABI
