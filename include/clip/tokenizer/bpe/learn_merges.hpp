// clip/tokenizer/bpe/learn_merges.hpp: a BPE vocabulary of one's own, learned from texts (Sennrich et al. 2016).
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokenizer/options.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Merges as vocabulary files spell them, most frequent first.
using LearnedMerges = std::vector<std::pair<std::string, std::string>>;

/// Learns at most `most` merges. Texts are cleaned and cut into pieces as the tokenizer of the same policy does. Each
/// step joins the adjacent pair of symbols that occurs most often in all pieces; of equally frequent pairs the one whose
/// spelling is greatest, as the reference (subword-nmt) does. It ends early when no pair occurs `least` times.
///   const auto tokenizer = Tokenizer::from_merges(learn_merges(captions, 4000));     // 4,514 ids
/// OptionError: most below 0, or least below 1.
CLIP_HOST LearnedMerges learn_merges(std::span<const std::string> texts, Index most, const TextPolicy& policy = {},
                                     Index least = 2);

/// Writes merges as a file that Tokenizer opens, atomically: a header, then one merge in each line.
[[nodiscard]] CLIP_HOST Result<void> try_write_merges(const std::string& path, const LearnedMerges& merges);
CLIP_HOST void write_merges(const std::string& path, const LearnedMerges& merges);

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/tokenizer/bpe/learn_merges.inl.hpp>
#endif
