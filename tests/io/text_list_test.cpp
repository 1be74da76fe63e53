#include <clip/io/text_list.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "temporary_folder.hpp"

using namespace clip;

namespace {
using Texts = std::vector<std::string>;

Texts texts(std::string_view text, const std::string& column = "", const std::string& place = "x") {
  const auto list = try_parse_text_list(text, place, {.column = column});
  return list ? list->texts : Texts{list.error().message()};
}
std::string error_of(std::string_view text, const std::string& column = "", const std::string& place = "x") {
  const auto list = try_parse_text_list(text, place, {.column = column});
  return list ? "no error" : list.error().message();
}
}  // namespace

TEST_CASE("text list: lines, with any line end and a byte order mark") {
  const Texts both{"cat", "dog"};
  CHECK(texts("cat\ndog\n") == both);
  CHECK(texts("cat\r\ndog\r\n") == both);
  CHECK(texts("cat\rdog") == both);
  CHECK(texts("\xEF\xBB\xBF"
              "cat\ndog") == both);
  CHECK(texts("cat\ndog\n\n \n\r\n") == both);
  CHECK(texts("tench, Tinca tinca\ngoldfish\n") == Texts{"tench, Tinca tinca", "goldfish"});
  CHECK(texts("a cat, asleep\na dog, awake\n") == Texts{"a cat, asleep", "a dog, awake"});
  CHECK(texts("{} in the snow\n") == Texts{"{} in the snow"});
  CHECK(texts("{c} and [a]\n") == Texts{"{c} and [a]"});
  CHECK(texts("[sic] a dog\n") == Texts{"[sic] a dog"});
  CHECK(texts("a 12\" ruler\n\"a\n") == Texts{"a 12\" ruler", "\"a"});
}

TEST_CASE("text list: empty texts are an error with their line, or kept for the caller") {
  CHECK(error_of("cat\n\ndog\n") == "x: line 2: empty");
  CHECK(error_of("[\"cat\", \"\"]") == "x: entry 2: empty");
  CHECK(error_of("") == "x: texts: expected 1 or more, found 0");
  CHECK(error_of("\n \n") == "x: texts: expected 1 or more, found 0");
  CHECK(error_of("[]") == "x: texts: expected 1 or more, found 0");
  const auto kept = try_parse_text_list("cat\n\ndog\n\n", "x", {.keep_empty = true});
  REQUIRE(kept);
  CHECK(kept->texts == Texts{"cat", "", "dog"});
  CHECK(kept->where(1) == "x: line 2");
}

TEST_CASE("text list: what is not UTF-8 text is an error with its line") {
  CHECK(error_of(std::string_view("cat\nd\0g\n", 8)) == "x: line 2: expected UTF-8 text, found a zero byte");
  CHECK(error_of("cat\n\xE9t\xE9\n") == "x: line 2: expected UTF-8 text, found the byte E9");
  CHECK(error_of(std::string_view("\xFF\xFE"
                                  "c\0",
                                  4)) == "x: encoding: expected UTF-8 text, found the byte order mark of UTF-16");
  for (const std::string_view bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\xF0\x80\x80\x80"})
    CHECK(error_of(bad).starts_with("x: line 1: expected UTF-8 text"));
  CHECK(texts("\xC3\xA9\n\xE2\x82\xAC\n\xF0\x9F\x90\xB1\n").size() == 3);
}

TEST_CASE("text list: a JSON array of strings") {
  CHECK(texts("[\"tench\",\n\"goldfish\",\n\"great \\u0077hite shark\"\n]\n") ==
        Texts{"tench", "goldfish", "great white shark"});
  CHECK(texts("\xEF\xBB\xBF [\"a\"]\r\n") == Texts{"a"});
  CHECK(error_of("[\"cat\", 3]") == "x: entry 2: expected a string, found 3");
  CHECK(error_of("[\"cat\", \"dog\"").starts_with("x: not valid JSON at byte "));
  CHECK(error_of("['cat', 'dog']").starts_with("x: not valid JSON at byte "));
  CHECK(error_of("[cat, dog]").starts_with("x: not valid JSON at byte "));
  CHECK(error_of("[\"cat\"]", "name") == "x: column \"name\": expected CSV or TSV, found JSON");
}

TEST_CASE("text list: a JSON object of lists has the prompts of each class, in the order of the file") {
  const auto list = try_parse_text_list(R"({"tench": ["A tench: {\"x\"", "green"], "a\u0062": ["a fish"]})", "x");
  REQUIRE(list);
  CHECK(list->texts == Texts{"tench", "ab"});
  CHECK(list->prompts == std::vector<Texts>{{"A tench: {\"x\"", "green"}, {"a fish"}});
  CHECK(error_of(R"({"cat": []})") == "x: entry \"cat\": prompts: expected 1 or more, found 0");
  CHECK(error_of(R"({"cat": ["a"], "dog": "b"})") == "x: entry \"dog\": expected a list of prompts, found \"b\"");
  CHECK(error_of(R"({"cat": [1]})") == "x: entry \"cat\": expected a list of prompts, found an array of 1");
  CHECK(error_of(R"({"cat": [" "]})") == "x: entry \"cat\": expected prompts, found an empty text");
  CHECK(error_of(R"({"cat": ["a"], "cat": ["b"]})") == "x: key \"cat\" occurs twice in one object");
  CHECK(error_of("{0: 'tench'}").starts_with("x: not valid JSON at byte "));
}

TEST_CASE("text list: a JSON object from ids to labels") {
  CHECK(texts(R"({"0": ["n01440764", "tench"], "10": ["n2", "c"], "2": ["n01443537", "goldfish"]})").size() == 3);
  CHECK(texts(R"({"0": ["n01440764", "tench"], "10": ["n01530575", "brambling"], "2": ["n01443537", "goldfish"]})") ==
        Texts{"tench", "goldfish", "brambling"});
  CHECK(texts(R"({"1": "dog", "0": "cat"})") == Texts{"cat", "dog"});
  CHECK(texts(R"({"n02": ["x"], "n01440764": ["y"]})") == Texts{"n02", "n01440764"});
  CHECK(texts(R"({"n01443537": "goldfish", "n01440764": "tench"})") == Texts{"goldfish", "tench"});
  CHECK(error_of(R"({"0": "cat", "1": 5})") == "x: entry \"1\": expected a label, found 5");
}

TEST_CASE("text list: a column of a table") {
  const std::string csv = "id,name\r\n0,\"tench, Tinca \"\"tinca\"\"\"\r\n1,\"two\nlines\"\r\n\r\n2,cat\r\n";
  CHECK(texts(csv, "name") == Texts{"tench, Tinca \"tinca\"", "two\nlines", "cat"});
  CHECK(texts(csv, "id") == Texts{"0", "1", "2"});
  const auto list = try_parse_text_list(csv, "x", {.column = "name"});
  REQUIRE(list);
  CHECK(list->where(2) == "x: line 6");
  CHECK(texts("\xEF\xBB\xBFname\tid\na, b\t0\n", "name") == Texts{"a, b"});
  CHECK(texts("name\ncat\n\"dog, big\"\n\n", "name") == Texts{"cat", "dog, big"});
  CHECK(texts("name\ncat\n", "", "x.csv") == Texts{"cat"});
  CHECK(error_of("name,id\ncat,\n", "title") == "x: column: expected \"title\", found the columns \"name\", \"id\"");
  CHECK(error_of("name,name\ncat,dog\n", "name") == "x: columns named \"name\": expected 1, found 2");
  CHECK(error_of("name,id\ncat,0\ndog\n", "name") == "x: line 3: fields: expected 2, found 1");
  CHECK(error_of("name,id\n\"cat,0\n", "name") ==
        "x: line 2: expected a quote that ends the field, found the end of the file");
  CHECK(error_of("name,id\n\"cat\"x,0\n", "name") ==
        "x: line 2: expected the end of the field behind its quote, found \"x\"");
  CHECK(error_of("name,id\n,0\n", "name") == "x: line 2: empty");
  CHECK(error_of("name,id\n", "name") == "x: texts: expected 1 or more, found 0");
}

TEST_CASE("text list: a table of several columns is recognised without their names, and asks for one") {
  CHECK(error_of("id,name\n0,cat\n1,dog\n") ==
        "x: a table: expected the name of a column, as in x:name, or that every line is a text (--lines of the program "
        "clip), found the columns \"id\", \"name\"");
  CHECK(error_of("id\tname\n0\ta cat, asleep\n").starts_with("x: a table: "));
  CHECK(error_of("id,name\n0,cat, dog\n", "", "x.csv") == "x.csv: line 2: fields: expected 2, found 3");
}

TEST_CASE("text list: as lines, every line is a text, also if it looks like a table or like JSON") {
  const auto lines = [](std::string_view text, const std::string& place = "x") {
    return try_parse_text_list(text, place, {.lines = true}).value().texts;
  };
  CHECK(lines("cat,black\ndog,brown\n") == Texts{"cat,black", "dog,brown"});
  CHECK(lines("a\tb\nc\td\r\n") == Texts{"a\tb", "c\td"});
  CHECK(lines("id,name\n", "x.csv") == Texts{"id,name"});
  CHECK(lines("[\"a\"]\n{\n") == Texts{"[\"a\"]", "{"});
  const auto both = try_parse_text_list("a,b\n", "x", {.column = "a", .lines = true});
  REQUIRE(!both);
  CHECK(both.error().kind() == ErrorKind::option);
}

TEST_CASE("text list: a file, with the name of a column behind a colon") {
  const TemporaryFolder folder;
  put(folder / "a.csv", "id,name\n0,cat\n1,dog\n");
  CHECK(read_text_list(folder / "a.csv:name").texts == Texts{"cat", "dog"});
  CHECK(read_text_list(folder / "a.csv", {.column = "id"}).texts == Texts{"0", "1"});
  CHECK(try_read_text_list(folder / "a.csv:x").error().message().starts_with(folder / "a.csv: column: expected \"x\""));
  put(folder / "b:name", "cat\n");
  CHECK(read_text_list(folder / "b:name").texts == Texts{"cat"});
  CHECK(try_read_text_list(folder / "none.txt").error().message().starts_with(folder / "none.txt: no such file"));
}
