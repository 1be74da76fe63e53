#include <clip/formats/event_file.hpp>
#include <clip/io/bytes.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("CRC-32C of RFC 3720, appendix B.4") {
  CHECK(crc32c(as_byte_span(std::string(32, '\0'))) == 0x8A9136AA);
  CHECK(crc32c(as_byte_span(std::string(32, '\xFF'))) == 0x62A8AB43);
  CHECK(crc32c(as_byte_span("123456789")) == 0xE3069283);
}

TEST_CASE("events are read as they were written") {
  const std::string file = event_file_start(1e9) + event_record({3, 1e9 + 0.5, {{"loss", 0.25f}, {"rate", 1e-3f}}}) +
                           event_record({300, 1e9 + 2, {{"loss", -1}}});
  const auto events = try_parse_event_file(as_byte_span(file), "x").value();
  REQUIRE(events.size() == 2);
  CHECK(events[0].step == 3);
  CHECK(events[0].seconds == 1e9 + 0.5);
  CHECK(events[0].values == std::map<std::string, float>{{"loss", 0.25f}, {"rate", 1e-3f}});
  CHECK(events[1].step == 300);
  CHECK(events[1].values.at("loss") == -1);
}

TEST_CASE("an event file that is cut or damaged anywhere is an error") {
  const std::string start = event_file_start(1), whole = start + event_record({3, 2, {{"loss", 0.25f}}});
  for (std::size_t n = 1; n < whole.size(); ++n)
    if (n != start.size()) CHECK(!try_parse_event_file(as_byte_span(whole.substr(0, n)), "x"));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    CHECK(!try_parse_event_file(as_byte_span(damaged), "x"));
  }
}
