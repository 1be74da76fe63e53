// clip/tokenizer/wordpiece.inl.hpp: definitions of clip/tokenizer/wordpiece.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/sha256.hpp>
#include <clip/tokenizer/add_texts.hpp>
#include <clip/tokenizer/basic_tokenizer.hpp>
#include <clip/tokenizer/bpe/symbol_names.hpp>
#include <clip/tokenizer/wordpiece.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct WordPiece::Scratch {
  std::vector<std::int32_t> ids;
  WordScratch words;
  std::string piece;
};

CLIP_HOST WordPiece::WordPiece(const std::string& path, Letters letters) : WordPiece{try_open(path, letters).value()} {}

CLIP_HOST Result<WordPiece> WordPiece::try_open(const std::string& path, Letters letters) {
  const auto place = detail::try_find_file(path, std::array{"vocab.txt"});
  if (!place) return place.error();
  const auto file = try_read_file(*place);
  if (!file) return file.error();
  return try_parse(as_text(*file), *place, letters);
}
CLIP_HOST Result<WordPiece> WordPiece::try_parse(std::string_view text, const std::string& place, Letters letters) {
  WordPiece pieces{letters};
  if (auto done = pieces.read(text, place); !done) return done.error();
  return pieces;
}

CLIP_HOST WordPiece WordPiece::with_end(std::int32_t id) const {
  static_cast<void>(piece(id));
  WordPiece pieces{*this};
  pieces.end_ = id;
  return pieces;
}

CLIP_HOST Index WordPiece::vocabulary_size() const { return names_->size(); }

CLIP_HOST std::string_view WordPiece::piece(std::int32_t id) const {
  if (id < 0 || id >= vocabulary_size())
    raise(InputError{"wordpiece", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
  return (*names_)[id];
}

CLIP_HOST std::vector<std::int32_t> WordPiece::encode(std::string_view text) const {
  Scratch scratch;
  if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
  encode(text, scratch);
  return std::move(scratch.ids);
}

CLIP_HOST Result<void> WordPiece::read(std::string_view text, const std::string& place) {
  detail::SymbolNames names;
  names.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 2);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (valid_utf8(line) != line) return LoadError{place, "line " + std::to_string(names.size() + 1) + ": not UTF-8"};
    names.add(line, {});
    longest_piece_ = std::max(longest_piece_, line.size());
    begin = end + 1;
  }
  std::string missing;
  for (std::size_t i = 0; i < special_names.size(); ++i) {
    specials_[i] = names.find(special_names[i]);
    if (specials_[i] < 0 && special_names[i] != "[MASK]")
      missing += (missing.empty() ? "" : ", ") + std::string(special_names[i]);
  }
  if (!missing.empty())
    return LoadError{
        place, "no WordPiece vocabulary: among its " + std::to_string(names.size()) + " lines there is no " + missing};
  names_ = std::make_shared<const detail::SymbolNames>(std::move(names));
  identity_ = std::make_shared<const VocabularyIdentity>(
      VocabularyIdentity{place, names_->size(), -1, sha256(as_byte_span(text)), {}});
  return {};
}

CLIP_HOST void WordPiece::encode(std::string_view text, Scratch& scratch) const {
  const auto words = [&](std::string_view part) {
    split_words(part, letters_ == Letters::uncased, scratch.words,
                [&](std::string_view word, std::size_t characters) { divide(word, characters, scratch); });
  };
  std::size_t begin = 0;
  for (std::size_t at = text.find('['); at != text.npos; at = text.find('[', at)) {
    std::size_t i = 0;
    while (i < specials_.size() && !(specials_[i] >= 0 && text.substr(at).starts_with(special_names[i]))) ++i;
    if (i == specials_.size()) {
      ++at;
      continue;
    }
    words(text.substr(begin, at - begin));
    scratch.ids.push_back(specials_[i]);
    begin = at += special_names[i].size();
  }
  words(text.substr(begin));
}

CLIP_HOST void WordPiece::divide(std::string_view word, std::size_t characters, Scratch& scratch) const {
  const std::size_t first = scratch.ids.size();
  for (std::size_t begin = 0; begin < word.size() && characters <= longest_word;) {
    scratch.piece.assign(begin == 0 ? "" : "##");
    const std::size_t prefix = scratch.piece.size();
    scratch.piece.append(word.substr(begin, longest_piece_));
    std::int32_t id = -1;
    while (scratch.piece.size() > prefix && (id = names_->find(scratch.piece)) < 0) scratch.piece.pop_back();
    if (id < 0) break;
    scratch.ids.push_back(id);
    begin += scratch.piece.size() - prefix;
    if (begin == word.size()) return;
  }
  scratch.ids.resize(first);
  scratch.ids.push_back(unknown());
}

CLIP_HOST Result<Texts> WordPiece::try_batch(std::span<const std::string_view> batch,
                                             const TokenizeOptions& options) const {
  Texts rows = Texts::whole(pad());
  rows.set_vocabulary(identity_);
  Scratch scratch;
  const auto done = detail::try_add_texts(batch, options, {.start = cls(), .end = end_ < 0 ? sep() : end_}, scratch.ids,
                                          rows, [&](std::string_view text) {
                                            encode(text, scratch);
                                            if (end_ >= 0) std::ranges::replace(scratch.ids, sep(), end_);
                                            return true;
                                          });
  if (!done) return done.error();
  return rows;
}

}  // namespace clip::inline CLIP_ABI
