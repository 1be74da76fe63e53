// Fuzzes lists of texts and labels: lines, CSV, TSV and JSON, by the options that the first byte selects. An accepted
// list has a place for every text, and no text that is empty without being asked for, or is not UTF-8.
#include <clip/io/lines.hpp>
#include <clip/io/text_list.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include "input.hpp"

#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  const std::string_view text = as_text(testing::as_input(data, size).subspan(1));
  if (const auto lines = try_parse_lines(text, "x")) testing::must(!lines->empty());
  const bool table = (data[0] & 1U) != 0;
  const TextListOptions options{.column = (data[0] & 2U) != 0 ? "text" : "", .keep_empty = (data[0] & 4U) != 0};
  const auto list = try_parse_text_list(text, table ? "x.csv" : "x", options);
  if (!list) return 0;
  testing::must(list->size() > 0 && (list->lines.empty() || list->lines.size() == list->size()));
  testing::must(list->prompts.empty() || list->prompts.size() == list->size());
  for (std::size_t i = 0; i < list->size(); ++i) {
    testing::must(options.keep_empty || !list->texts[i].empty());
    testing::must(valid_utf8(list->texts[i]) == list->texts[i] && !list->where(i).empty());
    if (!list->prompts.empty()) testing::must(!list->prompts[i].empty());
  }
  return 0;
}
