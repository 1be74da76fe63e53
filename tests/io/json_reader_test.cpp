#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("json reader: values are read by name and type, and a well-formed file has no problems") {
  const Json j = parse_json(
      R"({"width": 768, "scale": 1, "name": "b", "causal": true, "mean": [0.5, 1, 2], "text": {"layers": 12}})",
      "c.json");
  JsonReader file{j, "c.json"};
  CHECK(file.integer("width", 1) == 768);
  CHECK(file.number("scale") == 1.0);
  CHECK(file.text("name") == "b");
  CHECK(file.flag("causal"));
  CHECK(file.numbers("mean", 3) == std::vector<double>{0.5, 1, 2});
  CHECK(!file.may_have("absent"));
  JsonReader text = file.object("text");
  CHECK(text.integer("layers", 1, 100) == 12);
  CHECK(file.finish());
}

TEST_CASE("json reader: a problem names file, key path, expected and found value") {
  const auto problem = [](const char* text, auto read) {
    const Json j = parse_json(text, "config.json");
    JsonReader file{j, "config.json"};
    read(file);
    const auto done = file.finish();
    REQUIRE(!done);
    CHECK(done.error().kind() == ErrorKind::load);
    return done.error().message();
  };
  CHECK(problem(R"({"text":{"width":"x"}})", [](JsonReader& f) { f.object("text").integer("width", 1); }) ==
        "config.json: text.width: expected a positive integer, found \"x\"");
  CHECK(problem(R"({"width":0})", [](JsonReader& f) { f.integer("width", 1); }) ==
        "config.json: width: expected a positive integer, found 0");
  CHECK(problem(R"({"width":1.0})", [](JsonReader& f) { f.integer("width"); }) ==
        "config.json: width: expected an integer, found 1.0");
  CHECK(problem(R"({"width":18446744073709551615})", [](JsonReader& f) { f.integer("width"); }) ==
        "config.json: width: expected an integer, found 18446744073709551615");
  CHECK(problem(R"({"width":9})", [](JsonReader& f) { f.integer("width", 1, 8); }) ==
        "config.json: width: expected at most 8, found 9");
  CHECK(problem(R"({})", [](JsonReader& f) { f.number("scale"); }) ==
        "config.json: scale: expected a number, found nothing");
  CHECK(problem(R"({"mean":[1,2]})", [](JsonReader& f) { f.numbers("mean", 3); }) ==
        "config.json: mean: expected an array of 3 numbers, found an array of 2");
  CHECK(problem(R"({"mean":[1,"2"]})", [](JsonReader& f) { f.numbers("mean"); }) ==
        "config.json: mean: expected an array of numbers, found an array of 2");
  CHECK(problem(R"({"text":[]})", [](JsonReader& f) { f.object("text").integer("width"); }) ==
        "config.json: text: expected an object, found an array of 0");
  CHECK(problem(R"({"a":{"b":{"c":null}}})", [](JsonReader& f) { f.object("a").object("b").flag("c"); }) ==
        "config.json: a.b.c: expected true or false, found null");
  CHECK(problem("[]", [](JsonReader& f) { f.text("a"); }) == "config.json: expected an object, found an array of 0");
}

TEST_CASE("json reader: unknown keys are problems at every depth, and all problems are reported together") {
  const Json j = parse_json(R"({"text":{"widht":1}, "extra":2, "layers":-1})", "c.json");
  JsonReader file{j, "c.json"};
  file.object("text");
  file.integer("layers", 0);
  CHECK(file.finish().error().message() ==
        "c.json: layers: expected an integer of 0 or more, found -1; extra: unknown key; text.widht: unknown key");
}

TEST_CASE("json reader: holds_array() finds an array and does not make the key known") {
  const Json json = parse_json(R"({"layers": [3, 4], "width": 5})", "x.json");
  JsonReader file{json, "x.json"};
  CHECK(file.holds_array("layers"));
  CHECK(!file.holds_array("width"));
  CHECK(!file.holds_array("depth"));
  CHECK(file.integer("width") == 5);
  CHECK(file.finish().error().message() == "x.json: layers: unknown key");
}

TEST_CASE("json reader: lists of strings, and values of any type") {
  const Json json = parse_json(R"({"names": ["a", "b"], "none": [], "mixed": ["a", 1], "any": {"x": 1}})", "x");
  JsonReader reader{json, "x.json"};
  CHECK(reader.texts("names") == std::vector<std::string>{"a", "b"});
  CHECK(reader.texts("none").empty());
  REQUIRE(reader.value("any") != nullptr);
  CHECK(reader.value("any")->is_object());
  CHECK(reader.texts("mixed").empty());
  CHECK(reader.value("missing") == nullptr);
  CHECK(reader.finish().error().message() ==
        "x.json: mixed: expected an array of strings, found an array of 2; missing: expected a value, found nothing");
}
