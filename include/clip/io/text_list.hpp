// clip/io/text_list.hpp: files of labels, templates or captions: lines, CSV, TSV or JSON, recognised by their content.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The texts of a file, or the classes of a file that has prompts of each class.
struct TextList {
  std::string place;               // the file
  std::vector<std::string> texts;  // the names of the classes, if there are prompts
  /// A JSON object of lists: the prompts of each class. Otherwise empty.
  std::vector<std::vector<std::string>> prompts;
  std::vector<Index> lines;  // the line on which each text begins; empty for JSON

  std::size_t size() const { return texts.size(); }
  /// Text i in error messages: "labels.txt: line 4", "labels.json: entry 4", both counted from 1.
  std::string where(std::size_t i) const {
    return lines.empty() ? place + ": entry " + std::to_string(i + 1) : place + ": line " + std::to_string(lines[i]);
  }
};

struct TextListOptions {
  std::string column = {};  // of a table; a table of one column needs no name
  bool lines = false;       // one text per line, verbatim, whatever the lines look like: no table, no JSON
  bool keep_empty = false;  // keep empty texts, for a caller that reports them, instead of failing
};

/// Reads UTF-8 text, with or without a byte order mark, with line ends LF, CR LF or CR:
///
///   JSON array of strings           the texts
///   JSON object of lists            class -> its prompts, in the order of the file (CuPL)
///   JSON object of strings          id -> label, by number or, for WordNet ids, in the order of the file
///   … of pairs (id, label)          number -> (WordNet id, label): imagenet_class_index.json
///   CSV (RFC 4180), TSV             a header, then records; the column that is asked for, or the only one
///   anything else                   one text per line, verbatim; empty lines at the end are ignored
///
/// JSON begins with { (other than a placeholder: {}, {c}, {label}) or with [ and a quote or bracket, or is in brackets
/// as a whole. A table is what a column is asked of, what is named .csv or .tsv, or two or more lines with equally many
/// tabs, or equally many commas, none of them with a space behind it.
///
/// LoadError: not UTF-8, a zero byte, an empty text, no texts; JSON of another form; a table with a field too many or
/// too few, without the column, or of several columns none of which was chosen. OptionError: a column of lines.
[[nodiscard]] CLIP_HOST Result<TextList> try_parse_text_list(std::string_view text, const std::string& place,
                                                             const TextListOptions& options = {});

/// The same of a file or a pipe, given as FILE or as FILE:COLUMN.
[[nodiscard]] CLIP_HOST Result<TextList> try_read_text_list(const std::string& path,
                                                            const TextListOptions& options = {});
CLIP_HOST TextList read_text_list(const std::string& path, const TextListOptions& options = {});

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/text_list.inl.hpp>
#endif
