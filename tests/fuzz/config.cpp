// Fuzzes JSON configurations, ours and OpenCLIP's: an accepted one is valid, and unchanged after writing and reading.
#include <clip/model/config_json.hpp>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  const auto config = try_parse_config(as_text(testing::as_input(data, size)), "x");
  if (!config) return 0;
  testing::must(check(*config).has_value());
  const auto again = try_parse_config(json_text(to_json(*config)), "x");
  testing::must(again && *again == *config);
  return 0;
}
