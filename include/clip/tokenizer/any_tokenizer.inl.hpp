// clip/tokenizer/any_tokenizer.inl.hpp: definitions of clip/tokenizer/any_tokenizer.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>
#include <clip/tokenizer/add_texts.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>
#include <clip/tokenizer/sentencepiece/model_file.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_json.hpp>
#include <clip/tokenizer/vocabulary/byte_level_json.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>
#include <clip/tokenizer/vocabulary/reduced.hpp>
#include <clip/tokenizer/vocabulary/vocabulary_error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
inline constexpr std::array<const char*, 10> any_vocabulary_files{
    reduced_vocabulary_file, "spiece.model", "sentencepiece.bpe.model",      "tokenizer.model",           "vocab.txt",
    "tokenizer.json",        "vocab.json",   "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "merges.txt"};

enum class VocabularyKind : unsigned char { merges, pieces, bytes, word_pieces, reduced };

/// Whether one of the lines is that of a special piece, which every WordPiece vocabulary has.
inline bool says_word_pieces(std::string_view text) {
  for (std::size_t at = text.find("[CLS]"); at != text.npos; at = text.find("[CLS]", at + 1)) {
    const std::string_view after = text.substr(at + 5, 2);
    const bool begins = at == 0 || text[at - 1] == '\n';
    if (begins && (after.empty() || after.front() == '\n' || after == "\r\n")) return true;
  }
  return false;
}

/// The kind that the content of a file says; its memory is free again when the file is read for good.
inline Result<VocabularyKind> try_kind_of(const std::string& place) {
  const auto file = try_read_file(place);
  if (!file) return file.error();
  const std::string_view text = as_text(*file);
  if (says_reduced_vocabulary(text)) return VocabularyKind::reduced;
  if (says_byte_level(text)) return VocabularyKind::bytes;
  if (says_word_pieces(text)) return VocabularyKind::word_pieces;
  const bool pieces = is_piece_file(text) || (looks_like_json(text) && says_piece_json(text));
  return pieces ? VocabularyKind::pieces : VocabularyKind::merges;
}

inline std::string beside(const std::string& place, std::string_view name) {
  const auto slash = place.rfind('/');
  return (slash == place.npos ? "" : place.substr(0, slash + 1)) + std::string(name);
}

/// The letters that the tokenizer_config.json beside a vocabulary states; uncased without one.
inline Result<Letters> try_letters_beside(const std::string& place) {
  const std::string config = beside(place, "tokenizer_config.json");
  if (!is_there(config)) return Letters::uncased;
  const auto file = try_read_bytes(config);
  if (!file) return file.error();
  auto json = try_parse_json(as_text(*file), config);
  if (!json) return json.error();
  const DismantledAtEnd end{*json};
  const auto lower = json->is_object() ? json->find("do_lower_case") : json->end();
  if (!json->is_object() || lower == json->end()) return Letters::uncased;
  if (!lower->is_boolean()) return vocabulary_error(config, "do_lower_case", "true or false", json_in_words(*lower));
  return lower->get<bool>() ? Letters::uncased : Letters::cased;
}

/// The tokenizer of a file, cleaned as the models of its kind expect.
inline Result<AnyTokenizer> try_open_whole(const std::string& place, VocabularyKind kind,
                                           std::optional<Cleaning> cleaning) {
  if (kind == VocabularyKind::merges) {
    auto tokenizer = Tokenizer::try_open(place, {.cleaning = cleaning.value_or(Cleaning::openai)});
    if (!tokenizer) return tokenizer.error();
    return AnyTokenizer{std::move(*tokenizer)};
  }
  if (kind == VocabularyKind::bytes) {
    auto bytes = ByteLevel::try_open(place, cleaning.value_or(Cleaning::none));
    if (!bytes) return bytes.error();
    return AnyTokenizer{std::move(*bytes)};
  }
  if (kind == VocabularyKind::word_pieces) {
    if (cleaning && *cleaning != Cleaning::none)
      return OptionError{place, "cleaning of texts for a WordPiece vocabulary", name_of(Cleaning::none),
                         name_of(*cleaning)};
    const auto letters = try_letters_beside(place);
    if (!letters) return letters.error();
    const auto file = try_read_file(place);
    if (!file) return file.error();
    auto pieces = WordPiece::try_parse(as_text(*file), place, *letters);
    if (!pieces) return pieces.error();
    return AnyTokenizer{std::move(*pieces)};
  }
  auto opened = SentencePiece::try_open(place);
  if (!opened) return opened.error();
  if (opened->ends_rows()) return AnyTokenizer{opened->with_cleaning(cleaning.value_or(Cleaning::none))};
  const bool unigram = opened->algorithm() == PieceAlgorithm::unigram;
  return AnyTokenizer{opened->with_cleaning(cleaning.value_or(unigram ? Cleaning::canonicalize : Cleaning::siglip2))};
}

}  // namespace detail

CLIP_HOST AnyTokenizer::AnyTokenizer(const std::string& path, std::optional<Cleaning> cleaning)
    : AnyTokenizer{try_open(path, cleaning).value()} {}

CLIP_HOST Result<AnyTokenizer> AnyTokenizer::try_open(const std::string& path, std::optional<Cleaning> cleaning) {
  const auto place = detail::try_find_file(path, detail::any_vocabulary_files);
  if (!place) return place.error();
  const auto kind = detail::try_kind_of(*place);
  if (!kind) return kind.error();
  if (*kind != detail::VocabularyKind::reduced) return detail::try_open_whole(*place, *kind, cleaning);

  const auto file = try_read_file(*place);
  if (!file) return file.error();
  const auto stated = detail::try_read_reduced_vocabulary(as_text(*file), *place);
  if (!stated) return stated.error();
  const std::string of = detail::beside(*place, stated->tokenizer);
  const auto kind_of_whole = detail::try_kind_of(of);
  if (!kind_of_whole) return kind_of_whole.error();
  if (*kind_of_whole == detail::VocabularyKind::reduced)
    return detail::vocabulary_error(*place, "reduced_vocabulary.tokenizer", "the file of a whole vocabulary",
                                    stated->tokenizer + ", a reduced one");
  auto tokenizer = detail::try_open_whole(of, *kind_of_whole, cleaning);
  if (!tokenizer) return tokenizer.error();
  const VocabularyIdentity& whole = tokenizer->vocabulary();
  if (whole.size != stated->size || whole.checksum != stated->checksum)
    return detail::vocabulary_error(*place, "vocabulary of " + stated->tokenizer,
                                    std::to_string(stated->size) + " ids with checksum " + stated->checksum,
                                    std::to_string(whole.size) + " with " + whole.checksum);
  auto kept = KeptIds::try_make(stated->size, stated->ids);
  if (!kept) return LoadError{*place, kept.error().message()}.with_id("clip.load.vocabulary");
  auto reduced = tokenizer->try_reduced(*kept);
  if (!reduced) return LoadError{*place, reduced.error().message()}.with_id("clip.load.vocabulary");
  reduced->reduced_ =
      std::make_shared<const detail::ReducedVocabulary>(detail::reduced_vocabulary(std::move(*kept), whole, *place));
  return reduced;
}

CLIP_HOST Result<AnyTokenizer> AnyTokenizer::try_reduced(const KeptIds& kept) const {
  if (kept.whole() != vocabulary_size())
    return InputError{vocabulary().place, "ids of the vocabulary to reduce", kept.whole(), vocabulary_size()}.with_id(
        "clip.input.vocabulary");
  for (const std::int32_t id : special_ids())
    if (kept.new_id(id) < 0)
      return InputError{vocabulary().place, "ids to keep", "all special ids", "none that is " + std::to_string(id)}
          .with_id("clip.input.vocabulary");
  std::vector<std::int32_t> ids = kept.ids();
  if (reduced_ != nullptr)
    for (std::int32_t& id : ids) id = reduced_->kept.ids()[static_cast<std::size_t>(id)];
  auto of_whole = KeptIds::try_make(whole_vocabulary().size, std::move(ids));
  if (!of_whole) return of_whole.error();
  AnyTokenizer tokenizer{*this};
  tokenizer.reduced_ = std::make_shared<const detail::ReducedVocabulary>(
      detail::reduced_vocabulary(std::move(*of_whole), whole_vocabulary(), vocabulary().place));
  return tokenizer;
}
CLIP_HOST AnyTokenizer AnyTokenizer::reduced(const KeptIds& kept) const { return try_reduced(kept).value(); }

CLIP_HOST std::vector<std::int32_t> AnyTokenizer::special_ids() const {
  std::vector<std::int32_t> ids;
  const RowIds around = row();
  for (const std::int32_t id : {around.start, around.end, around.pad})
    if (id >= 0) ids.push_back(id);
  if (const auto* const bytes = std::get_if<ByteLevel>(&kind_))
    for (const std::int32_t id : bytes->special_ids())
      ids.push_back(reduced_ == nullptr ? id : reduced_->kept.new_id(id));
  if (const auto* const pieces = std::get_if<WordPiece>(&kind_))
    for (const std::int32_t id : {pieces->unknown(), pieces->pad()})
      ids.push_back(reduced_ == nullptr ? id : reduced_->kept.new_id(id));
  if (const auto* const pieces = std::get_if<SentencePiece>(&kind_))
    for (std::int32_t id = 0; id < pieces->vocabulary_size(); ++id) {
      const PieceKind kind = pieces->kind(id);
      if (kind != PieceKind::control && kind != PieceKind::unknown && kind != PieceKind::byte) continue;
      ids.push_back(reduced_ == nullptr ? id : reduced_->kept.new_id(id));
    }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

CLIP_HOST const KeptIds* AnyTokenizer::kept() const { return reduced_ == nullptr ? nullptr : &reduced_->kept; }

CLIP_HOST const VocabularyIdentity& AnyTokenizer::vocabulary() const {
  return reduced_ == nullptr ? whole_vocabulary() : reduced_->identity;
}

CLIP_HOST Result<std::vector<std::pair<std::string, std::string>>> AnyTokenizer::try_files() const {
  const VocabularyIdentity& whole = whole_vocabulary();
  const auto file = try_read_bytes(whole.place);
  if (!file) return file.error();
  constexpr std::string_view before = "whole_", config = "tokenizer_config.json";
  std::string name = whole.place.substr(whole.place.rfind('/') + 1);
  if (reduced_ != nullptr && !name.starts_with(before)) name.insert(0, before);
  std::vector<std::pair<std::string, std::string>> files;
  files.emplace_back(name, as_text(*file));
  if (!std::holds_alternative<Tokenizer>(kind_) && detail::is_there(detail::beside(whole.place, config))) {
    const auto stated = try_read_bytes(detail::beside(whole.place, config));
    if (!stated) return stated.error();
    files.emplace_back(config, as_text(*stated));
  }
  const std::string merges = detail::beside(whole.place, "merges.txt");
  if (std::holds_alternative<ByteLevel>(kind_) && !detail::holds_model(as_text(*file))) {
    const auto list = try_read_bytes(merges);
    if (!list) return list.error();
    files.emplace_back("merges.txt", as_text(*list));
  }
  if (reduced_ != nullptr)
    files.emplace_back(reduced_vocabulary_file,
                       detail::reduced_vocabulary_text({name, whole.checksum, whole.size, reduced_->kept.ids()}));
  return files;
}
CLIP_HOST std::vector<std::pair<std::string, std::string>> AnyTokenizer::files() const { return try_files().value(); }

CLIP_HOST Error AnyTokenizer::not_kept(const std::string& place, std::int32_t id) const {
  std::string piece;
  if (const auto* const tokenizer = std::get_if<Tokenizer>(&kind_)) {
    piece = tokenizer->decode({&id, 1});
    if (piece.ends_with(' ')) piece.pop_back();
  } else if (const auto* const bytes = std::get_if<ByteLevel>(&kind_)) {
    piece = bytes->decode({&id, 1});
  } else if (const auto* const pieces = std::get_if<SentencePiece>(&kind_)) {
    piece = pieces->piece(id);
  } else {
    piece = std::get_if<WordPiece>(&kind_)->piece(id);
  }
  return InputError{place, "piece of the text",
                    "one of the " + std::to_string(vocabulary_size()) + " that the reduced vocabulary keeps",
                    '"' + piece + "\", id " + std::to_string(id) + " of the whole one"}
      .with_id("clip.input.piece");
}

CLIP_HOST Index AnyTokenizer::context() const {
  if (std::holds_alternative<WordPiece>(kind_)) return 512;
  const auto* const pieces = std::get_if<SentencePiece>(&kind_);
  return pieces != nullptr && !pieces->ends_rows() ? 64 : 77;
}

CLIP_HOST Cleaning AnyTokenizer::cleaning() const {
  if (const auto* const tokenizer = std::get_if<Tokenizer>(&kind_)) return tokenizer->policy().cleaning;
  if (const auto* const bytes = std::get_if<ByteLevel>(&kind_)) return bytes->cleaning();
  const auto* const pieces = std::get_if<SentencePiece>(&kind_);
  return pieces != nullptr ? pieces->cleaning() : Cleaning::none;
}

CLIP_HOST RowIds AnyTokenizer::row() const {
  RowIds ids;
  if (const auto* const tokenizer = std::get_if<Tokenizer>(&kind_))
    ids = {.start = tokenizer->sot(), .end = tokenizer->eot()};
  else if (const auto* const bytes = std::get_if<ByteLevel>(&kind_)) ids = bytes->row();
  else if (const auto* const pieces = std::get_if<SentencePiece>(&kind_)) ids = pieces->row();
  else if (const auto* const words = std::get_if<WordPiece>(&kind_))
    ids = {.start = words->cls(), .end = words->end()};  // padding is no part of a text
  if (reduced_ != nullptr)
    for (std::int32_t* const id : {&ids.start, &ids.end, &ids.pad}) *id = reduced_->kept.new_id(*id);
  return ids;
}

CLIP_HOST std::vector<std::int32_t> AnyTokenizer::encode(std::string_view text) const {
  std::vector<std::int32_t> ids = std::visit([&](const auto& tokenizer) { return tokenizer.encode(text); }, kind_);
  if (reduced_ == nullptr) return ids;
  for (std::int32_t& id : ids) {
    const std::int32_t kept = reduced_->kept.new_id(id);
    if (kept < 0) raise(not_kept("text (\"" + detail::beginning_of(text) + "\")", id));
    id = kept;
  }
  return ids;
}

CLIP_HOST Result<Texts> AnyTokenizer::try_batch(std::span<const std::string_view> batch,
                                                const TokenizeOptions& options) const {
  TokenizeOptions own = options;
  if (own.context == 0) own.context = context();
  auto rows = std::visit([&](const auto& tokenizer) { return tokenizer.try_tokenize(batch, own); }, kind_);
  if (!rows || reduced_ == nullptr) return rows;
  return detail::try_reduce(*rows, reduced_, [&](Index i, std::int32_t id) {
    const std::string_view text = batch[static_cast<std::size_t>(i)];
    return not_kept("text " + std::to_string(i) + " (\"" + detail::beginning_of(text) + "\")", id);
  });
}

}  // namespace clip::inline CLIP_ABI
