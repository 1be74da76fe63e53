// clip/tokenizer/byte_level.inl.hpp: definitions of clip/tokenizer/byte_level.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/tokenizer/add_texts.hpp>
#include <clip/tokenizer/bpe/bpe.hpp>
#include <clip/tokenizer/bpe/split_gpt2.hpp>
#include <clip/tokenizer/byte_level.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/vocabulary/byte_level_json.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>

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

struct ByteLevel::Scratch {
  std::string clean;
  std::vector<std::int32_t> ids, symbols;
  BytePairs::Scratch pairs;
};

CLIP_HOST ByteLevel::ByteLevel(const std::string& path, Cleaning cleaning)
    : ByteLevel{try_open(path, cleaning).value()} {}

CLIP_HOST Result<ByteLevel> ByteLevel::try_open(const std::string& path, Cleaning cleaning) {
  constexpr std::array<const char*, 2> files{"vocab.json", "tokenizer.json"};
  const auto place = detail::try_find_file(path, files);
  if (!place) return place.error();
  const auto file = try_read_file(*place);
  if (!file) return file.error();
  if (detail::holds_model(as_text(*file))) return try_parse(as_text(*file), {}, *place, cleaning);
  const auto slash = place->rfind('/');
  const auto merges = try_read_file((slash == place->npos ? "" : place->substr(0, slash + 1)) + "merges.txt");
  if (!merges) return merges.error();
  return try_parse(as_text(*file), as_text(*merges), *place, cleaning);
}

CLIP_HOST Result<ByteLevel> ByteLevel::try_parse(std::string_view json, std::string_view merges,
                                                 const std::string& place, Cleaning cleaning) {
  auto tables = detail::try_read_byte_level(json, merges, place);
  if (!tables) return tables.error();
  ByteLevel tokenizer;
  tokenizer.cleaning_ = cleaning;
  tokenizer.identity_ =
      std::make_shared<const VocabularyIdentity>(VocabularyIdentity{place,
                                                                    static_cast<Index>(tables->names.size()),
                                                                    tables->special(detail::ByteLevelTables::end),
                                                                    tables->checksum,
                                                                    {}});
  tokenizer.tables_ = std::make_shared<const detail::ByteLevelTables>(std::move(*tables));
  return tokenizer;
}

CLIP_HOST Index ByteLevel::vocabulary_size() const { return static_cast<Index>(tables_->names.size()); }
CLIP_HOST RowIds ByteLevel::row() const {
  return {.start = tables_->special(detail::ByteLevelTables::start),
          .end = tables_->special(detail::ByteLevelTables::end)};
}
CLIP_HOST std::int32_t ByteLevel::pad() const { return tables_->special(detail::ByteLevelTables::pad); }

CLIP_HOST std::span<const std::int32_t> ByteLevel::special_ids() const { return tables_->specials; }

CLIP_HOST void ByteLevel::encode_part(std::string_view text, Scratch& scratch) const {
  split_gpt2(text, [&](std::string_view piece) {
    scratch.symbols.clear();
    tables_->pairs.encode(piece, scratch.pairs, scratch.symbols);
    for (const std::int32_t symbol : scratch.symbols)
      scratch.ids.push_back(tables_->id_of_symbol[static_cast<std::size_t>(symbol)]);
  });
}

CLIP_HOST void ByteLevel::encode(std::string_view text, Scratch& scratch) const {
  if (cleaning_ == Cleaning::none) scratch.clean = valid_utf8(text);
  else clean_text(text, cleaning_, scratch.clean);
  const std::string_view clean = scratch.clean;
  std::size_t begin = 0;
  for (std::size_t at = clean.find('<'); at != clean.npos; at = clean.find('<', at)) {
    const int special = detail::ByteLevelTables::special_at(clean.substr(at));
    if (special < 0) {
      ++at;
      continue;
    }
    std::string_view before = clean.substr(begin, at - begin);
    if (special == detail::ByteLevelTables::mask && tables_->mask_strips)
      before = detail::without_spaces_at_end(before);
    encode_part(before, scratch);
    scratch.ids.push_back(tables_->special(special));
    begin = at += detail::ByteLevelTables::special_names[static_cast<std::size_t>(special)].size();
  }
  encode_part(clean.substr(begin), scratch);
}

CLIP_HOST std::vector<std::int32_t> ByteLevel::encode(std::string_view text) const {
  Scratch scratch;
  if (text.size() > detail::largest_text) raise(detail::text_too_large(text));
  encode(text, scratch);
  return std::move(scratch.ids);
}

CLIP_HOST std::string ByteLevel::decode(Ids ids) const {
  std::string bytes;
  for (const std::int32_t id : ids) {
    if (id < 0 || id >= vocabulary_size())
      raise(InputError{"decode", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
    bytes += tables_->names[static_cast<std::size_t>(id)];
  }
  return valid_utf8(bytes);
}

CLIP_HOST Result<Texts> ByteLevel::try_batch(std::span<const std::string_view> batch,
                                             const TokenizeOptions& options) const {
  Texts texts{row().end};
  texts.set_vocabulary(identity_);
  Scratch scratch;
  const auto done = detail::try_add_texts(batch, options, row(), scratch.ids, texts, [&](std::string_view text) {
    encode(text, scratch);
    return true;
  });
  if (!done) return done.error();
  return texts;
}

}  // namespace clip::inline CLIP_ABI
