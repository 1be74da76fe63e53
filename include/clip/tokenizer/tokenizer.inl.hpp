// clip/tokenizer/tokenizer.inl.hpp: definitions of clip/tokenizer/tokenizer.hpp.
#pragma once

#include <clip/tokenizer/add_texts.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/split.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/tokenizer.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>
#include <clip/tokenizer/vocabulary/vocabulary.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct Tokenizer::Scratch {
  std::string clean;
  std::vector<std::int32_t> ids;
  BytePairs::Scratch pairs;
};

CLIP_HOST Tokenizer::Tokenizer(Vocabulary vocabulary, const TextPolicy& policy)
    : pairs_{std::make_shared<const BytePairs>(std::move(vocabulary.pairs))},
      identity_{std::make_shared<const VocabularyIdentity>(std::move(vocabulary.identity))}, policy_{policy} {}
CLIP_HOST Tokenizer::Tokenizer(const TextPolicy& policy)
    : Tokenizer{detail::vocabulary_of("no merges", BytePairs{}, {}), policy} {}
CLIP_HOST Tokenizer::Tokenizer(const std::string& path, const TextPolicy& policy)
    : Tokenizer{try_open(path, policy).value()} {}

CLIP_HOST Result<Tokenizer> Tokenizer::try_open(const std::string& path, const TextPolicy& policy) {
  auto vocabulary = try_open_vocabulary(path);
  if (!vocabulary) return vocabulary.error();
  return Tokenizer{std::move(*vocabulary), policy};
}

CLIP_HOST Result<Tokenizer> Tokenizer::try_from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                                                       const TextPolicy& policy) {
  const std::vector<Merge> list(merges.begin(), merges.end());
  auto pairs = BytePairs::try_make("merges", list);
  if (!pairs) return pairs.error();
  return Tokenizer{detail::vocabulary_of("merges", std::move(*pairs), list), policy};
}
CLIP_HOST Tokenizer Tokenizer::from_merges(const std::vector<std::pair<std::string, std::string>>& merges,
                                           const TextPolicy& policy) {
  return try_from_merges(merges, policy).value();
}

CLIP_HOST Tokenizer Tokenizer::with_repair(TextRepair repair) const {
  Tokenizer tokenizer{*this};
  tokenizer.repair_ = std::move(repair);
  return tokenizer;
}

CLIP_HOST Index Tokenizer::vocabulary_size() const { return pairs_->size() + 2; }

CLIP_HOST std::vector<std::int32_t> Tokenizer::encode(std::string_view text) const {
  Scratch scratch;
  if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
  encode(text, scratch);
  return std::move(scratch.ids);
}

CLIP_HOST std::string Tokenizer::decode(Ids ids) const {
  const SpecialPair specials =
      strings_of(policy_.specials == SpecialStrings::none ? SpecialStrings::openai : policy_.specials);
  std::string bytes;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocabulary_size())
      raise(InputError{"decode", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
    bytes.append(id == sot() ? specials.start : id == eot() ? specials.end : (*pairs_)[id]);
  }
  std::string text = valid_utf8(bytes);
  for (std::size_t at = 0; (at = text.find(end_of_piece, at)) != std::string::npos; ++at)
    text.replace(at, end_of_piece.size(), " ");
  return text;
}

CLIP_HOST void Tokenizer::encode(std::string_view text, Scratch& scratch) const {
  const SpecialPair specials = strings_of(policy_.specials);
  if (policy_.cleaning != Cleaning::huggingface || specials.start.empty()) return encode_part(text, scratch);
  std::size_t begin = 0;
  for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at)) {
    const std::string_view rest = text.substr(at);
    const bool start = rest.starts_with(specials.start);
    if (!start && !rest.starts_with(specials.end)) {
      ++at;
      continue;
    }
    encode_part(text.substr(begin, at - begin), scratch);
    scratch.ids.push_back(start ? sot() : eot());
    begin = at += (start ? specials.start : specials.end).size();
  }
  encode_part(text.substr(begin), scratch);
}

CLIP_HOST void Tokenizer::encode_part(std::string_view text, Scratch& scratch) const {
  const SpecialPair specials = strings_of(policy_.specials);
  const bool huggingface = policy_.cleaning == Cleaning::huggingface;
  const bool lower = !huggingface && policy_.cleaning != Cleaning::none;
  const auto merge = [&](std::string_view piece) { pairs_->encode(piece, scratch.pairs, scratch.ids); };
  clean_text(text, policy_.cleaning, repair_, scratch.clean);
  split_pieces(scratch.clean, {specials, lower}, [&](std::string_view piece) {
    if (piece != specials.start && piece != specials.end) return merge(piece);
    if (huggingface) return split_pieces(piece, {{}, false}, merge);  // cleaning made the string
    scratch.ids.push_back(piece == specials.start ? sot() : eot());
  });
}

CLIP_HOST Result<Texts> Tokenizer::try_batch(std::span<const std::string_view> batch,
                                             const TokenizeOptions& options) const {
  Texts texts{eot()};
  texts.set_vocabulary(identity_);
  Scratch scratch;
  const auto done = detail::try_add_texts(batch, options, {.start = sot(), .end = eot()}, scratch.ids, texts,
                                          [&](std::string_view text) {
                                            encode(text, scratch);
                                            return true;
                                          });
  if (!done) return done.error();
  return texts;
}

CLIP_HOST Result<Tokenizer> try_open_tokenizer(const std::string& path, const TextPolicy& policy) {
  return Tokenizer::try_open(path, policy);
}
CLIP_HOST Tokenizer open_tokenizer(const std::string& path, const TextPolicy& policy) {
  return try_open_tokenizer(path, policy).value();
}

}  // namespace clip::inline CLIP_ABI
