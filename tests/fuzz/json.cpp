// Fuzzes JSON itself and the records of a self test: an accepted text is the same after writing and reading.
#include <clip/checkpoint/self_test_record.hpp>
#include <clip/io/json.hpp>

#include "input.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  const std::string text{clip::as_text(testing::as_input(data, size))};
  if (const auto value = try_parse_json(text, "x")) {
    const std::string written = json_text(*value);
    const auto again = try_parse_json(written, "x");
    testing::must(again && json_text(*again) == written && !json_in_words(*value).empty());
  }
  if (const auto record = try_parse_self_test(text, "x")) {
    const auto again = try_parse_self_test(self_test_text(*record), "x");
    testing::must(again && self_test_text(*again) == self_test_text(*record));
  }
  return 0;
}
