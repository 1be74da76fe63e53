#include <clip/formats/pickle.hpp>

#include "../io/zip_writer.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace clip;
using namespace std::string_literals;
using Kind = PickleValue::Kind;

namespace {
bool allowed(std::string_view name) { return name == "collections.OrderedDict" || name == "m.C"; }

/// Keeps the bytes alive that the values' texts refer to.
struct Read {
  std::string bytes;
  Pickle pickle;
  explicit Read(std::string program)
      : bytes{std::move(program)}, pickle{unpickle(as_byte_span(bytes), "x.pkl", allowed)} {}
  const PickleValue& root() const { return pickle.root(); }
};
std::string message(const std::string& program, PickleLimits limits = {}) {
  const auto result = try_unpickle(as_byte_span(program), "x.pkl", allowed, limits);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  return result.error().message().substr(std::string("x.pkl: pickle: ").size());
}
}  // namespace

TEST_CASE("pickle: numbers of every opcode") {
  const auto integer = [](const std::string& program) {
    const Read read{program + "."};
    CHECK(read.root().is(Kind::integer));
    return read.root().integer;
  };
  CHECK(integer("K\xFF") == 255);
  CHECK(integer("M\x01\x02") == 513);
  CHECK(integer("J\xFE\xFF\xFF\xFF") == -2);
  CHECK(integer("\x8A\x01\x80"s) == -128);
  CHECK(integer("\x8A\x00"s) == 0);
  CHECK(integer("\x8A\x05\0\0\0\0\x01"s) == std::int64_t{1} << 32);
  CHECK(integer("\x8B\x02\0\0\0\x34\x12"s) == 0x1234);
  CHECK(integer("I-7\n") == -7);
  CHECK(integer("L123L\n") == 123);
  CHECK(Read{"\x8A\x09\1\2\3\4\5\6\7\x08\x09."}.root().is(Kind::bytes));
  CHECK(Read{"G\x3F\xF8\0\0\0\0\0\0."s}.root().real == 1.5);
  CHECK(Read{"\x88."}.root().integer == 1);
  CHECK(Read{"I00\n."}.root().is(Kind::boolean));
  CHECK(Read{"N."}.root().is(Kind::none));
}

TEST_CASE("pickle: texts, tuples, lists, dictionaries and sets, in the opcodes of every protocol") {
  CHECK(Read{"X\3\0\0\0abc."s}.root().text == "abc");
  CHECK(Read{"\x80\x04\x95\x06\0\0\0\0\0\0\0\x8C\3abc."s}.root().text == "abc");
  CHECK(Read{"\x8D\3\0\0\0\0\0\0\0abc."s}.root().text == "abc");
  CHECK(Read{"C\2ab."}.root().is(Kind::bytes));
  for (const std::string& program :
       {"(K\1K\2t."s, "K\1K\2\x86."s, "(K\1K\2l."s, "]K\1aK\2a."s, "](K\1K\2e."s, "\x8F(K\1K\2\x90."s}) {
    const Read read{program};
    REQUIRE(read.root().items.size() == 2);
    CHECK(read.root().items[0]->integer == 1);
    CHECK(read.root().items[1]->integer == 2);
  }
  for (const std::string& program : {"}U\1aK\7s."s, "}(U\1aK\7u."s, "(U\1aK\7d."s})
    CHECK(Read{program}.root().at("a")->integer == 7);
  CHECK(Read{"}."}.root().at("a") == nullptr);
}

TEST_CASE("pickle: a memoized value keeps its identity") {
  for (const std::string& program : {"]q\5K\1a0(h\5h\5t."s, "]r\5\0\0\0K\1a0(j\5\0\0\0j\5\0\0\0t."s,
                                     "]p5\nK\1a0(g5\ng5\nt."s, "]\x94K\1a0(h\0h\0t."s, "]K\1a2\x86."s}) {
    const Read read{program};
    REQUIRE(read.root().items.size() == 2);
    CHECK(read.root().items[0] == read.root().items[1]);
    CHECK(read.root().items[0]->items.size() == 1);
  }
  const Read loop{"]q\0h\0a."s};
  CHECK(loop.root().items[0] == &loop.root());
}

TEST_CASE("pickle: a call is recorded, never executed") {
  const Read read{"\x80\2ccollections\nOrderedDict\n)R(U\1aK\1u}U\1sK\2sb."s};
  CHECK(read.root().calls("collections.OrderedDict"));
  CHECK(read.root().arguments->items.empty());
  CHECK(read.root().at("a")->integer == 1);
  CHECK(read.root().state->at("s")->integer == 2);
  const Read stacked{"U\1mU\1C\x93)\x81."s};
  CHECK(stacked.root().calls("m.C"));
  const Read persistent{"(U\7storageK\1tQ."s};
  CHECK(persistent.root().is(Kind::persistent));
  CHECK(persistent.root().arguments->items[0]->text == "storage");
}

TEST_CASE("pickle: a name that is not allowed is an error with the name") {
  CHECK(message("cos\nsystem\n(U\4ruintR.") == "names os.system, which is not on the list of allowed names");
  CHECK(message("\x80\4\x8C\x08"
                "builtins\x8C\4eval\x93.") == "names builtins.eval, which is not on the list of allowed names");
  CHECK(message("c" + std::string(100'000, 'a') + "\nb\n.").size() < 300);
}

TEST_CASE("pickle: errors state the reason and the byte") {
  CHECK(message("") == "at byte 0: truncated");
  CHECK(message("K") == "at byte 0: truncated");
  CHECK(message("N") == "at byte 1: truncated");
  CHECK(message(".") == "at byte 0: a value is missing");
  CHECK(message("\x80\1.") == "at byte 0: protocol: expected 2 to 5, found 1");
  CHECK(message("\x80\6.") == "at byte 0: protocol: expected 2 to 5, found 6");
  CHECK(message("t.") == "at byte 0: a mark is missing");
  CHECK(message("N(0.") == "at byte 2: a value is missing");  // not below the mark
  CHECK(message("(K\1d.") == "at byte 3: a key without a value");
  CHECK(message("}(K\1u.") == "at byte 4: a key without a value");
  CHECK(message("K\1K\2a.") == "at byte 4: items for a value that is not a container");
  CHECK(message("h\1.") == "at byte 0: value 1 is not in the memo");
  CHECK(message("K\1)R.") == "at byte 3: a call of a value that is not a name");
  CHECK(message("cm\nC\nNR.") == "at byte 6: a call without a tuple of arguments");
  CHECK(message("]Nb.") == "at byte 2: a state for a value that is not a call");
  CHECK(message("Iabc\n.") == "at byte 0: expected a number, found \"abc\"");
  CHECK(message("i.") == "at byte 0: unsupported opcode 105");
  CHECK(message("\x82\1.") == "at byte 0: unsupported opcode 130");
}

TEST_CASE("pickle: a length beyond the end is an error at once, however large") {
  for (const std::string& program :
       {"X\xFF\xFF\xFF\xFF."s, "\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F."s, "\x8B\xFF\xFF\xFF\x7F."s,
        "B\xFF\xFF\xFF\xFF."s, "\x8E\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF."s})
    CHECK(message(program) == "at byte 0: truncated");
}

TEST_CASE("pickle: depth, values and bytes are limited") {
  CHECK(message(std::string(201, '(') + "N.") == "at byte 200: nested more than 200 deep");
  CHECK(message(std::string(200, 'N') + ".", {.values = 100}) == "at byte 100: more than 100 values");
  CHECK(message(std::string(200, 'N') + ".", {.bytes = 100}) == "bytes: expected at most 100, found 201");
  const std::string over = ": its values take more than 10000 bytes, the budget of the file";
  CHECK(message(std::string(1000, 'N') + ".", {.memory = 10'000}).ends_with(over));
  CHECK(message("N" + std::string(1000, '\x94') + ".", {.memory = 10'000}).ends_with(over));   // memo entries
  CHECK(message("N\x94" + std::string(1000, '2') + ".", {.memory = 10'000}).ends_with(over));  // references
}

TEST_CASE("pickle: no changed byte causes a crash") {
  const std::string whole =
      "\x80\2ccollections\nOrderedDict\nq\0)Rq\1(X\1\0\0\0aq\2(K\1K\2t\x86\x87h\2]q\3(h\3J\1\0\0\0e\x85U\2ab}(U\1xG\x3F\xF8\0\0\0\0\0\0u(K\1lub."s;
  std::mt19937 random{3};
  for (int round = 0; round < 50'000; ++round) {
    std::string changed = whole;
    for (int k = 0; k < 1 + round % 4; ++k)
      changed[random() % changed.size()] = round % 2 ? static_cast<char>(random()) : whole[random() % whole.size()];
    if (const auto result = try_unpickle(as_byte_span(changed), "x.pkl", allowed, {}))
      CHECK(result->size() <= changed.size() + 1);
  }
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK(!try_unpickle(as_byte_span(whole).first(n), "x.pkl", allowed, {}));
}
