#include <clip/io/bytes.hpp>
#include <clip/train/run_log.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace clip;

namespace {
std::vector<ScalarEvent> events(const TemporaryFolder& folder) {
  const std::string file = get(folder / "events.out.tfevents.log");
  return try_parse_event_file(as_byte_span(file), "events").value();
}
long lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }
}  // namespace

TEST_CASE("a log has a row per step in each of its files") {
  const TemporaryFolder folder;
  RunLog log{folder.path};
  log.add(1, {{"loss", 2}});
  log.add(2, {{"loss", 1.5}});
  log.add(2, {{"top1", 0.5}});  // a new column
  log.add(3, {{"loss", std::nan("")}});
  const std::string csv = get(folder / "log.csv"), json = get(folder / "log.jsonl");
  CHECK(csv.starts_with("step,time,loss,top1\n1,"));
  CHECK(csv.ends_with(",,\n"));
  CHECK(lines(csv) == 5);
  CHECK(lines(json) == 4);
  CHECK(json.find("\"loss\":1.5") != std::string::npos);
  CHECK(json.find("null") != std::string::npos);
  REQUIRE(events(folder).size() == 4);
  CHECK(events(folder)[1].values.at("loss") == 1.5f);
}

TEST_CASE("a log that was cut in the middle of a line goes on from its last whole line") {
  const TemporaryFolder folder;
  {
    RunLog log{folder.path};
    for (Index step = 1; step <= 5; ++step) log.add(step, {{"loss", 1.0 / static_cast<double>(step)}});
  }
  const std::string json = get(folder / "log.jsonl"), csv = get(folder / "log.csv");
  put(folder / "log.jsonl", json.substr(0, json.size() - 3));
  put(folder / "log.csv", "damaged");
  RunLog log{folder.path};
  CHECK(log.size() == 4);
  CHECK(events(folder).size() == 4);
  log.keep(3);
  CHECK(log.size() == 3);
  CHECK(get(folder / "log.jsonl") == json.substr(0, get(folder / "log.jsonl").size()));
  CHECK(csv.starts_with(get(folder / "log.csv")));
  log.add(4, {{"loss", 9}});
  CHECK(events(folder).back().values.at("loss") == 9);

  put(folder / "log.jsonl", "{\"step\": 1}\n");
  CHECK_THROWS_AS(RunLog{folder.path}, LoadError);
}
