#include <clip/io/json.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace clip;

TEST_CASE("json: a text keeps its values and their types") {
  const Json j = parse_json(
      R"( {"a": [1, -2, 2.5, true, null, "x\u00e9"], "b": {"c": {}}, "big": 18446744073709551615} )", "x.json");
  CHECK(j["a"].size() == 6);
  CHECK(j["a"][0].is_number_unsigned());
  CHECK(j["a"][1] == -2);
  CHECK(j["a"][2] == 2.5);
  CHECK(j["a"][3] == true);
  CHECK(j["a"][4].is_null());
  CHECK(j["a"][5] == "x\xC3\xA9");
  CHECK(j["b"]["c"].is_object());
  CHECK(j["big"].get<std::uint64_t>() == 18446744073709551615ULL);
  CHECK(json_text(j["b"]) == R"({"c":{}})");
  CHECK(parse_json("3", "x") == 3);
}

TEST_CASE("json: bad text is one error with the file and the byte offset, and nothing is thrown") {
  for (const std::string text : {"", "{", "[1,]", "{\"a\" 1}", "{\"a\":1} x", "nul", "\"\xFF\"", "[1e999]",
                                 "{\"a\":\"\\ud800\"}", "[\"\n\"]", "{1:2}", "'a'", "[NaN]"}) {
    CAPTURE(text);
    const auto result = try_parse_json(text, "x.json");
    REQUIRE(!result);
    CHECK(result.error().kind() == ErrorKind::load);
    CHECK(result.error().message().find("x.json: not valid JSON at byte ") == 0);
  }
  CHECK(try_parse_json(std::string_view("{}\0{", 4), "x.json").error().message() ==
        "x.json: not valid JSON at byte 2 (a zero byte)");
  CHECK(try_parse_json("{\"a\": 1, }", "x.json").error().message().find("byte 10") != std::string::npos);
}

TEST_CASE("json: every truncation of a text is an error") {
  const std::string text = R"({"a":[1,{"b":"c"}],"d":null})";
  for (std::size_t n = 0; n < text.size(); ++n) CHECK(!try_parse_json(text.substr(0, n), "x"));
  CHECK(try_parse_json(text, "x"));
}

TEST_CASE("json: a key that occurs twice in one object is an error; in two objects it is not") {
  CHECK(try_parse_json(R"({"a":{"b":1,"b":1}})", "x.json").error().message() ==
        "x.json: key \"b\" occurs twice in one object");
  CHECK(try_parse_json(R"([{"a":1},{"a":{"a":2}}])", "x.json"));
}

TEST_CASE("json: nesting has a limit, and reaching it is an error, not a crash") {
  CHECK(try_parse_json(std::string(200, '[') + std::string(200, ']'), "x"));
  CHECK(try_parse_json(std::string(201, '[') + std::string(201, ']'), "x").error().message() ==
        "x: nested more than 200 deep");
  CHECK(!try_parse_json(std::string(1'000'000, '['), "x"));
}

TEST_CASE("json: an error quotes only a short part of the text") {
  CHECK(json_in_words(Json("x")) == "\"x\"");
  CHECK(json_in_words(parse_json("[1,2,3]", "x")) == "an array of 3");
  CHECK(json_in_words(Json(std::string(1000, 'x'))).size() == 60);
}

TEST_CASE("a float is written as the shortest decimal that reads back as the same float") {
  CHECK(json_text(Json(as_written(0.1f))) == "0.1");
  CHECK(json_text(Json(as_written(1e-5f))) == "1e-05");
  for (const float x : {0.48145466f, 0.26862954f, 1.0f / 3, 1e-38f, 3.4e38f, -0.0f})
    CHECK(static_cast<float>(as_written(x)) == x);
}
