// clip/io/text_list.inl.hpp: definitions of clip/io/text_list.hpp.
#pragma once

#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/text_list.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail::text_list {

inline bool blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

inline std::string in_quotes(std::string_view text) {
  return text.size() > 60 ? '"' + std::string(text.substr(0, 57)) + "...\"" : '"' + std::string(text) + '"';
}

/// The number of bytes of the UTF-8 character at the beginning of a text; 0 if there is none.
inline std::size_t character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool too_long = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second > 0x9F;
    return follows(1) && follows(2) && !too_long && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool too_long = first == 0xF0 && second < 0x90, too_large = first == 0xF4 && second > 0x8F;
    return follows(1) && follows(2) && follows(3) && !too_long && !too_large ? 4 : 0;
  }
  return 0;
}

inline Result<void> check_characters(std::string_view text, const std::string& place) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return LoadError{place, "encoding", "UTF-8 text", "the byte order mark of UTF-16"};
  Index line = 1;
  while (!text.empty()) {
    const std::size_t n = character(text);
    if (n == 0 || text[0] == '\0') {
      char byte[8];
      std::snprintf(byte, sizeof byte, "%02X", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
      return LoadError{place, "line " + std::to_string(line), "UTF-8 text",
                       n == 0 ? "the byte " + std::string(byte) : std::string("a zero byte")};
    }
    line += text[0] == '\n' ? 1 : 0;
    text.remove_prefix(n);
  }
  return {};
}

/// Takes the next line, without its end, off a text.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end);
  if (!text.empty()) text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  return line;
}

struct Record {
  std::vector<std::string> fields;
  Index line = 0;
};

/// The records of RFC 4180: a field in quotes may hold the delimiter, line ends, and quotes written twice. Empty lines
/// are left out of tables of several columns. The first record has as many fields as all others.
inline Result<std::vector<Record>> parse_records(std::string_view text, char delimiter, const std::string& place) {
  std::vector<Record> records;
  const auto at_line = [&](Index line) { return "line " + std::to_string(line); };
  const std::string ends{delimiter, '\r', '\n'};
  Index line = 1;
  while (!text.empty()) {
    Record record{{}, line};
    for (bool more = true; more;) {
      std::string field;
      if (text.starts_with('"')) {
        const Index opened = line;
        for (bool open = true; open;) {
          text.remove_prefix(1);
          const std::size_t end = text.find('"');
          if (end == text.npos)
            return LoadError{place, at_line(opened), "a quote that ends the field", "the end of the file"};
          line += std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
          field.append(text.substr(0, end));
          text.remove_prefix(end + 1);
          open = text.starts_with('"');
          if (open) field += '"';
        }
        if (!text.empty() && ends.find(text[0]) == ends.npos)
          return LoadError{place, at_line(line), "the end of the field behind its quote",
                           in_quotes(text.substr(0, character(text)))};
      } else {
        const std::size_t end = std::min(text.find_first_of(ends), text.size());
        field = text.substr(0, end);
        text.remove_prefix(end);
      }
      record.fields.push_back(std::move(field));
      more = text.starts_with(delimiter);
      if (more) text.remove_prefix(1);
    }
    take_line(text);
    ++line;
    const std::size_t columns = records.empty() ? record.fields.size() : records[0].fields.size();
    if (columns > 1 && record.fields.size() == 1 && blank(record.fields[0])) continue;
    if (record.fields.size() != columns)
      return LoadError{place, at_line(record.line) + ": fields", columns, record.fields.size()};
    records.push_back(std::move(record));
  }
  return records;
}

/// Whether lines that nobody called a table are one.
inline bool is_table(std::string_view text, char delimiter) {
  if (text.substr(0, text.find('\n')).find(delimiter) == text.npos) return false;
  const auto records = parse_records(text, delimiter, "");
  if (!records || records->size() < 2) return false;
  const auto separate = [](const std::string& field) { return !field.starts_with(' '); };
  return std::ranges::all_of(*records, [&](const Record& r) {
    return r.fields.size() > 1 && (delimiter == '\t' || std::ranges::all_of(r.fields, separate));
  });
}

inline bool is_json(std::string_view text) {
  if (text.empty() || (text[0] != '{' && text[0] != '[')) return false;
  if (text[0] == '{') return !text.starts_with("{}") && !text.starts_with("{c}") && !text.starts_with("{label}");
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  return next == text.npos || std::string_view("\"'[{").find(text[next]) != std::string_view::npos ||
         text[text.find_last_not_of(" \t\r\n")] == ']';
}

/// Ends a list: empty texts at the end of lines are no texts; others are kept or an error.
inline Result<TextList> finish(TextList list, bool keep_empty) {
  if (list.texts.empty()) return LoadError{list.place, "texts", "1 or more", 0};
  if (keep_empty) return list;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (blank(list.texts[i])) return LoadError{list.where(i), "empty"};
  return list;
}

inline TextList parse_lines(std::string_view text, const std::string& place) {
  TextList list{place, {}, {}, {}};
  std::size_t used = 0;  // the texts up to the last one that is not empty
  for (Index number = 1; !text.empty(); ++number) {
    list.texts.emplace_back(take_line(text));
    list.lines.push_back(number);
    if (!blank(list.texts.back())) used = list.size();
  }
  list.texts.resize(used);
  list.lines.resize(used);
  return list;
}

inline Result<TextList> parse_table(std::string_view text, char delimiter, const std::string& place,
                                    const std::string& column) {
  auto records = parse_records(text, delimiter, place);
  if (!records) return records.error();
  if (records->empty()) return LoadError{place, "texts", "1 or more", 0};
  const std::vector<std::string>& names = records->front().fields;
  std::string found = names.size() == 1 ? "the column" : "the columns";
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 12); ++i)
    found += (i > 0 ? ", " : " ") + in_quotes(names[i]);
  if (names.size() > 12) found += " and " + std::to_string(names.size() - 12) + " more";
  if (column.empty() && names.size() > 1)
    return LoadError{place, "a table", "the name of a column, as in " + place + ":" + names.back(), found};
  const auto at = column.empty() ? names.begin() : std::ranges::find(names, column);
  if (at == names.end()) return LoadError{place, "column", in_quotes(column), found};
  if (std::count(names.begin(), names.end(), *at) > 1)
    return LoadError{place, "columns named " + in_quotes(*at), 1, std::count(names.begin(), names.end(), *at)};
  const auto field = static_cast<std::size_t>(at - names.begin());
  TextList list{place, {}, {}, {}};
  for (std::size_t i = 1; i < records->size(); ++i) {
    list.texts.push_back(std::move((*records)[i].fields[field]));
    list.lines.push_back((*records)[i].line);
  }
  if (names.size() == 1)
    while (!list.texts.empty() && blank(list.texts.back())) {
      list.texts.pop_back();
      list.lines.pop_back();
    }
  return list;
}

/// The keys of the outer object of a text that is valid JSON, in the order of the text. (Json sorts them.)
inline std::vector<std::string> keys_of(std::string_view text) {
  std::vector<std::string> keys;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{' || text[i] == '[') ++depth;
    if (text[i] == '}' || text[i] == ']') --depth;
    if (text[i] != '"') continue;
    const std::size_t begin = i;
    for (++i; text[i] != '"'; ++i)
      if (text[i] == '\\') ++i;
    const std::size_t next = text.find_first_not_of(" \t\r\n", i + 1);
    if (depth == 1 && next != text.npos && text[next] == ':') {
      const auto key = try_parse_json(text.substr(begin, i + 1 - begin), "key");
      keys.push_back(key ? key->get<std::string>() : std::string());
    }
  }
  return keys;
}

inline std::optional<Index> number_of(std::string_view key) {
  Index number = 0;
  const auto [end, problem] = std::from_chars(key.data(), key.data() + key.size(), number);
  if (problem != std::errc{} || end != key.data() + key.size() || number < 0) return std::nullopt;
  return number;
}

/// An id of WordNet: "n01440764".
inline bool is_wordnet(std::string_view text) {
  return text.size() == 9 && text[0] == 'n' && text.find_first_not_of("0123456789", 1) == text.npos;
}

inline bool all_strings(const Json& array) {
  return array.is_array() && std::all_of(array.begin(), array.end(), [](const Json& x) { return x.is_string(); });
}

inline Result<TextList> parse_object(std::string_view text, const Json& object, const std::string& place) {
  TextList list{place, {}, {}, {}};
  std::vector<std::string> keys = keys_of(text);
  const bool numbers = std::ranges::all_of(keys, [](const std::string& key) { return number_of(key).has_value(); });
  if (numbers) std::ranges::stable_sort(keys, {}, [](const std::string& key) { return *number_of(key); });
  const bool ids = numbers || std::ranges::all_of(keys, is_wordnet);
  const auto pair = [&](const std::string& key) {
    const Json& value = object.at(key);
    return all_strings(value) && value.size() == 2 && is_wordnet(value[0].get_ref<const std::string&>());
  };
  const bool pairs = numbers && std::ranges::all_of(keys, pair);
  const bool labels = !keys.empty() && ids && object.at(keys[0]).is_string();
  for (const std::string& key : keys) {
    const Json& value = object.at(key);
    const std::string entry = "entry " + in_quotes(key);
    if (labels || pairs) {
      const Json& label = pairs ? value[1] : value;
      if (!label.is_string()) return LoadError{place, entry, "a label", json_in_words(label)};
      list.texts.push_back(label.get<std::string>());
      continue;
    }
    if (!all_strings(value)) return LoadError{place, entry, "a list of prompts", json_in_words(value)};
    if (value.empty()) return LoadError{place, entry + ": prompts", "1 or more", 0};
    list.texts.push_back(key);
    list.prompts.push_back(value.get<std::vector<std::string>>());
    for (const std::string& prompt : list.prompts.back())
      if (blank(prompt)) return LoadError{place, entry, "prompts", "an empty text"};
  }
  return list;
}

inline Result<TextList> parse_json(std::string_view text, const std::string& place) {
  auto value = try_parse_json(text, place);
  if (!value) return value.error();
  const DismantledAtEnd end{*value};
  if (value->is_object()) return parse_object(text, *value, place);
  TextList list{place, {}, {}, {}};
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& entry = (*value)[i];
    if (!entry.is_string()) return LoadError{place, "entry " + std::to_string(i + 1), "a string", json_in_words(entry)};
    list.texts.push_back(entry.get<std::string>());
  }
  return list;
}

}  // namespace detail::text_list

CLIP_HOST Result<TextList> try_parse_text_list(std::string_view text, const std::string& place,
                                               const TextListOptions& options) {
  namespace lists = detail::text_list;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const auto good = lists::check_characters(text, place); !good) return good.error();
  const std::string_view content = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const bool named = place.ends_with(".csv") || place.ends_with(".tsv");
  Result<TextList> list = TextList{};
  if (!options.column.empty() && lists::is_json(content))
    return LoadError{place, "column " + lists::in_quotes(options.column), "CSV or TSV", "JSON"};
  if (lists::is_json(content)) {
    list = lists::parse_json(content, place);
  } else if (const bool tabs = lists::is_table(text, '\t');
             named || tabs || !options.column.empty() || lists::is_table(text, ',')) {
    const std::string_view header = text.substr(0, text.find_first_of("\r\n"));
    const bool tab = tabs || place.ends_with(".tsv") || header.find('\t') != header.npos;
    list = lists::parse_table(text, tab ? '\t' : ',', place, options.column);
  } else {
    list = lists::parse_lines(text, place);
  }
  if (!list) return list;
  return lists::finish(std::move(*list), options.keep_empty);
}

CLIP_HOST Result<TextList> try_read_text_list(const std::string& path, const TextListOptions& options) {
  std::string name = path;
  TextListOptions chosen = options;
  const std::size_t colon = path.rfind(':');
  if (colon != path.npos && !detail::is_there(path) && detail::is_there(path.substr(0, colon))) {
    name = path.substr(0, colon);
    chosen.column = path.substr(colon + 1);
  }
  const auto file = try_read_input(name);
  if (!file) return file.error();
  return try_parse_text_list(as_text(*file), name, chosen);
}

CLIP_HOST TextList read_text_list(const std::string& path, const TextListOptions& options) {
  return try_read_text_list(path, options).value();
}

}  // namespace clip::inline CLIP_ABI
