// Fuzzes tar archives (first byte 0: contents lie in the archive, in order) and event files (first byte 1: what is accepted
// is read again from what is written of it).
#include <clip/formats/event_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/tar.hpp>

#include "input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  const auto input = testing::as_input(data + 1, size - 1);
  if (data[0] == 0) {
    const auto entries = try_parse_tar(input, "x");
    if (!entries) return 0;
    const std::byte* after = input.data();
    for (const TarEntry& entry : *entries) {
      testing::must(entry.content.data() >= after);
      after = entry.content.data() + entry.content.size();
    }
    testing::must(after <= input.data() + input.size());
  } else if (const auto events = try_parse_event_file(input, "x")) {
    std::string again = event_file_start(0);
    for (const ScalarEvent& event : *events) again += event_record(event);
    const auto read = try_parse_event_file(as_byte_span(again), "again");
    testing::must(read.has_value() && read->size() == events->size());
    for (std::size_t i = 0; i < events->size(); ++i) testing::must((*read)[i].step == (*events)[i].step);
  }
  return 0;
}
