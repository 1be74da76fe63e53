// clip/tokenizer/sentencepiece.inl.hpp: definitions of clip/tokenizer/sentencepiece.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/file_budget.hpp>
#include <clip/io/find_file.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/sha256.hpp>
#include <clip/tokenizer/add_texts.hpp>
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/sentencepiece.hpp>
#include <clip/tokenizer/sentencepiece/fairseq_ids.hpp>
#include <clip/tokenizer/sentencepiece/model_file.hpp>
#include <clip/tokenizer/sentencepiece/piece_tables.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_config.hpp>
#include <clip/tokenizer/sentencepiece/tokenizer_json.hpp>
#include <clip/tokenizer/vocabulary/json_parts.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {
/// The files to look for in a folder. The .model files are smaller and quicker to read.
inline constexpr std::array<const char*, 4> piece_files{"spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
                                                        "tokenizer.json"};
}  // namespace detail

struct SentencePiece::Scratch {
  std::string clean, normal;
  std::vector<std::int32_t> ids;
  detail::UnigramPieces::Scratch unigram;
  detail::MergedPieces::Scratch merged;
};

CLIP_HOST SentencePiece::SentencePiece(const std::string& path, const SentencePieceOptions& options)
    : SentencePiece{try_open(path, options).value()} {}

CLIP_HOST Result<SentencePiece> SentencePiece::try_open(const std::string& path, const SentencePieceOptions& options) {
  const auto place = detail::try_find_file(path, detail::piece_files);
  if (!place) return place.error();
  const auto file = try_read_file(*place);
  if (!file) return file.error();
  const auto slash = place->rfind('/');
  const std::string beside = (slash == place->npos ? "" : place->substr(0, slash + 1)) + "tokenizer_config.json";
  if (!detail::is_there(beside)) return try_parse(as_text(*file), *place, options);
  const auto config = try_read_file(beside);
  if (!config) return config.error();
  return try_parse(as_text(*file), *place, options, as_text(*config));
}

CLIP_HOST Result<SentencePiece> SentencePiece::try_parse(std::string_view file, const std::string& place,
                                                         const SentencePieceOptions& options, std::string_view config) {
  const std::size_t budget = file_budget().of(file.size());
  const auto build = [&](const detail::PieceModel& model) -> Result<SentencePiece> {
    auto tables = detail::try_build_tables(model, place, budget);
    if (!tables) return tables.error();
    RowIds row{model.bos, model.eos, model.pad};
    for (std::int32_t* const id : {&row.start, &row.end, &row.pad})
      if (std::cmp_greater_equal(*id, tables->size())) *id = -1;  // the defaults of a file that states none
    bool pads = false;
    const bool fairseq = model.has_fairseq_order();
    if (fairseq) {
      row = {.start = 0, .end = 2, .pad = -1};
    } else if (config.empty()) {
      row.start = -1;
    } else if (auto done = detail::try_read_tokenizer_config(config, "tokenizer_config.json beside " + place, *tables,
                                                             row, pads);
               !done) {
      return done.error();
    }
    const bool stated = options.padding == RowPadding::stated;
    const bool by_end =
        stated ? !pads && model.algorithm == PieceAlgorithm::unigram : options.padding == RowPadding::end;
    if (!fairseq && (by_end || row.pad < 0)) row.pad = row.end;
    SentencePiece pieces;
    pieces.algorithm_ = model.algorithm;
    pieces.cleaning_ = options.cleaning;
    pieces.row_ = row;
    std::string lines;
    for (std::size_t id = 0; id < tables->size(); ++id) lines.append(tables->text(id)).append("\n");
    pieces.identity_ = std::make_shared<const VocabularyIdentity>(VocabularyIdentity{
        place, static_cast<Index>(tables->size()), fairseq ? row.end : -1, sha256(as_byte_span(lines)), {}});
    pieces.tables_ = std::make_shared<const detail::PieceTables>(std::move(*tables));
    return pieces;
  };
  if (detail::looks_like_json(file)) return detail::with_piece_json(file, place, build);
  auto model = detail::try_parse_piece_file(file, place);
  if (!model) return model.error();
  if (detail::is_fairseq_file(place))
    if (auto done = detail::try_use_fairseq_ids(*model, place); !done) return done.error();
  return build(*model);
}

CLIP_HOST Index SentencePiece::vocabulary_size() const { return static_cast<Index>(tables_->size()); }
CLIP_HOST std::int32_t SentencePiece::unknown() const { return tables_->unknown.unknown; }

CLIP_HOST std::string_view SentencePiece::piece(std::int32_t id) const {
  if (id < 0 || id >= vocabulary_size())
    raise(InputError{"sentencepiece", "id", "0 to " + std::to_string(vocabulary_size() - 1), id});
  return tables_->text(static_cast<std::size_t>(id));
}
CLIP_HOST PieceKind SentencePiece::kind(std::int32_t id) const {
  static_cast<void>(piece(id));
  return tables_->kinds[static_cast<std::size_t>(id)];
}

CLIP_HOST bool SentencePiece::normalize(std::string_view text, Scratch& scratch) const {
  if (cleaning_ != Cleaning::none) {
    clean_text(text, cleaning_, scratch.clean);
    text = scratch.clean;
  }
  return tables_->normalizer.normalize(text, detail::largest_text, scratch.normal);
}

CLIP_HOST bool SentencePiece::encode(std::string_view text, Scratch& scratch) const {
  if (!normalize(text, scratch)) return false;
  const detail::PieceTables& t = *tables_;
  if (const auto* const unigram = std::get_if<detail::UnigramPieces>(&t.splitter)) {
    unigram->encode(scratch.normal, t.unknown, scratch.unigram, scratch.ids);
  } else if (const auto* const merged = std::get_if<detail::MergedPieces>(&t.splitter)) {
    merged->encode(scratch.normal, t.normalizer, t.unknown, scratch.merged, scratch.ids);
  }
  return true;
}

CLIP_HOST std::string SentencePiece::normalize(std::string_view text) const {
  Scratch scratch;
  if (text.size() > detail::largest_text || !normalize(text, scratch)) raise(detail::text_too_large(text));
  return std::move(scratch.normal);
}

CLIP_HOST std::vector<std::int32_t> SentencePiece::encode(std::string_view text) const {
  Scratch scratch;
  if (text.size() > detail::largest_text || !encode(text, scratch)) raise(detail::text_too_large(text));
  return std::move(scratch.ids);
}

CLIP_HOST std::string SentencePiece::decode(Ids ids) const {
  const detail::NormalizerRules& rules = tables_->normalizer.rules();
  std::string text, bytes;
  bool at_start = true, stripped = false;  // the first space is the normaliser's
  const auto end_bytes = [&] {
    text += valid_utf8(bytes);
    bytes.clear();
  };
  for (const std::int32_t id : ids) {
    std::string_view part = piece(id);
    const PieceKind what = tables_->kinds[static_cast<std::size_t>(id)];
    if (what == PieceKind::byte) {
      bytes.push_back(static_cast<char>(detail::byte_of_piece(part)));
      continue;
    }
    end_bytes();
    if (stripped || !text.empty()) at_start = false;
    stripped = false;
    if (what == PieceKind::control) continue;
    if (what == PieceKind::unknown) {
      text += tables_->unknown_text;
      continue;
    }
    if (at_start && (rules.dummy_prefix || rules.remove_extra_spaces) && part.starts_with(detail::space_mark)) {
      part.remove_prefix(detail::space_mark.size());
      stripped = !rules.remove_extra_spaces;
    }
    for (std::size_t at = 0; at < part.size();) {
      const std::size_t mark = std::min(part.find(detail::space_mark, at), part.size());
      text += part.substr(at, mark - at);
      if (mark < part.size()) text += ' ';
      at = mark + detail::space_mark.size();
    }
  }
  end_bytes();
  return text;
}

CLIP_HOST Result<Texts> SentencePiece::try_batch(std::span<const std::string_view> batch,
                                                 const TokenizeOptions& options) const {
  Texts rows = ends_rows() ? Texts{row_.end} : Texts::whole(std::max(row_.pad, 0));
  rows.set_vocabulary(identity_);
  Scratch scratch;
  const auto done = detail::try_add_texts(batch, options, row_, scratch.ids, rows,
                                          [&](std::string_view text) { return encode(text, scratch); });
  if (!done) return done.error();
  return rows;
}

}  // namespace clip::inline CLIP_ABI
