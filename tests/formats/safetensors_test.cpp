#include <clip/formats/safetensors.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace clip;

namespace {
std::string file(const std::string& header, std::size_t data = 0) {
  std::string all(8, '\0');
  store_little(reinterpret_cast<std::byte*>(all.data()), std::uint64_t{header.size()});
  all += header;
  for (std::size_t i = 0; i < data; ++i) all += static_cast<char>(i);
  return all;
}
Result<Safetensors> parse(const std::string& text) {
  return try_parse_safetensors(as_byte_span(text), "x.safetensors");
}
std::string message(const std::string& text) {
  const auto result = parse(text);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  CHECK(result.error().place() == "x.safetensors");
  return result.error().message().substr(std::string("x.safetensors: ").size());
}
}  // namespace

TEST_CASE("safetensors: names, types, shapes and bytes are read, for any order of the header") {
  const std::string text = file(
      R"({"b":{"dtype":"F16","shape":[2,1],"data_offsets":[8,12]},"__metadata__":{"format":"pt"},)"
      R"("a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},)"
      R"("scalar":{"shape":[],"data_offsets":[12,13],"dtype":"U8"}}   )",
      13);
  const auto s = parse(text);
  REQUIRE(s);
  REQUIRE(s->tensors().size() == 4);
  CHECK(s->tensors()[0].name == "a");
  CHECK(s->tensors()[1].name == "none");
  CHECK(s->tensors()[2].name == "b");
  CHECK(s->metadata().at("format") == "pt");
  REQUIRE(s->find("b") != nullptr);
  CHECK(s->find("b")->dtype == Dtype::f16);
  CHECK(s->find("b")->shape == std::vector<Index>{2, 1});
  CHECK(s->find("b")->bytes[0] == std::byte{8});
  CHECK(s->find("b")->bytes.size() == 4);
  CHECK(s->find("none")->count() == 0);
  CHECK(s->find("scalar")->count() == 1);
  CHECK(s->find("scalar")->bytes[0] == std::byte{12});
  CHECK(s->find("c") == nullptr);
  CHECK(s->find("") == nullptr);
}

TEST_CASE("safetensors: a file without tensors is valid") {
  CHECK(parse(file("{}"))->tensors().empty());
  CHECK(parse(file(R"({"__metadata__":{}})")));
}

TEST_CASE("safetensors: the bytes of an opened file keep their address when the object is moved") {
  const TemporaryFolder folder;
  put(folder / "a", file(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3));
  Safetensors first = open_safetensors(folder / "a");
  Safetensors second = std::move(first);
  CHECK(second.find("a")->bytes[2] == std::byte{2});
  CHECK(second.place() == folder / "a");
  CHECK(!try_open_safetensors(folder / "none"));
}

TEST_CASE("safetensors: the error of a damaged header states the reason") {
  CHECK(message("") == "safetensors: file size: expected at least 8 bytes, found 0");
  CHECK(message("1234567") == "safetensors: file size: expected at least 8 bytes, found 7");
  CHECK(message(std::string("\0\xE1\xF5\5\0\0\0\0{}", 10)).find("truncated") !=
        std::string::npos);  // states 99999 ... bytes
  CHECK(message(std::string("\1\xE1\xF5\5\0\0\0\0{}", 10)) ==
        "safetensors: header length: expected at most 100000000, found 100000001");
  CHECK(message(std::string(8, '\xFF') + "{}").find("header length") != std::string::npos);
  CHECK(message(file("")) == "safetensors: the header must begin with '{'");
  CHECK(message(file(" {}")) == "safetensors: the header must begin with '{'");
  CHECK(message(file("[]")) == "safetensors: the header must begin with '{'");
  CHECK(message(file("{")).find("safetensors header: not valid JSON at byte ") == 0);
  CHECK(message(file("{} x")).find("safetensors header: not valid JSON") == 0);
  CHECK(message(file(std::string("{}\0", 3))).find("safetensors header: not valid JSON") == 0);
  CHECK(message(file("{\"\xFF\":1}")).find("safetensors header: not valid JSON") == 0);
  CHECK(
      message(file(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
          2)) == "safetensors header: key \"a\" occurs twice in one object");
  CHECK(message(file(R"({"__metadata__":[]})")) == "__metadata__: expected an object, found an array of 0");
  CHECK(message(file(R"({"__metadata__":{"a":1}})")) == "__metadata__: a: expected a string, found 1");
}

TEST_CASE("safetensors: the error of a damaged entry states its name and the reason") {
  CHECK(message(file(R"({"w":1})")) == "w: entry: expected an object, found 1");
  CHECK(message(file(R"({"w":{"dtype":"U8","shape":[1]}})")) ==
        "w: entry: expected dtype, shape and data_offsets, found keys missing");
  CHECK(message(file(R"({"w":{"dtype":"F99","shape":[1],"data_offsets":[0,1]}})", 1)) ==
        "w: dtype: expected a known element type, found \"F99\"");
  CHECK(message(file(R"({"w":{"dtype":8,"shape":[1],"data_offsets":[0,1]}})", 1)) ==
        "w: dtype: expected a known element type, found 8");
  for (const char* shape : {"1", "[-1]", "[1.0]", "[\"1\"]", "[null]", "[[1]]", "[9223372036854775808]",
                            "[18446744073709551616]", "{}", "[-0]"}) {
    CAPTURE(shape);
    CHECK(message(file(std::string(R"({"w":{"dtype":"U8","shape":)") + shape + R"(,"data_offsets":[0,1]}})", 1))
              .find("w: shape: expected ") == 0);
  }
  for (const char* offsets : {"[0]", "[0,1,2]", "[-1,0]", "[1,0]", "0", "{\"a\":1,\"b\":2}", "[0.0,1.0]",
                              "[\"0\",\"1\"]", "[18446744073709551615,0]"}) {
    CAPTURE(offsets);
    CHECK(message(file(std::string(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":)") + offsets + "}}", 1))
              .find("w: data_offsets: expected two numbers") == 0);
  }
  CHECK(message(file(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,7]}})", 7)) ==
        "w: bytes of shape and type: expected 8, found 7");
  CHECK(message(file(R"({"w":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", 1))
            .find("w: shape: expected a size in whole bytes") == 0);
  CHECK(message(file(R"({"w":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}})"))
            .find("w: shape: expected a size") == 0);
  CHECK(message(file(R"({"w":{"dtype":"F64","shape":[9223372036854775807],"data_offsets":[0,8]}})", 8))
            .find("w: shape: expected a size") == 0);
}

TEST_CASE("safetensors: every byte of the data belongs to exactly one tensor") {
  const auto two = [](const char* a, const char* b, std::size_t data) {
    return file(std::string(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)") + a +
                    R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                data);
  };
  CHECK(parse(two("[0,4]", "[4,8]", 8)));
  CHECK(message(two("[0,4]", "[3,7]", 7)) == "b: overlaps another tensor: begin: expected 4, found 3");
  CHECK(message(two("[0,4]", "[0,4]", 4)).find("b: overlaps another tensor") == 0);
  CHECK(message(two("[0,4]", "[5,9]", 9)) == "b: leaves a hole before it: begin: expected 4, found 5");
  CHECK(message(two("[1,5]", "[5,9]", 9)) == "a: leaves a hole before it: begin: expected 0, found 1");
  CHECK(message(two("[0,4]", "[4,8]", 7)) == "b: truncated: bytes of data: expected at least 8, found 7");
  CHECK(message(two("[0,4]", "[4,8]", 9)) == "safetensors: bytes of data: expected 8, found 9");
  CHECK(message(file("{}", 1)) == "safetensors: bytes of data: expected 0, found 1");
}

TEST_CASE("safetensors: every truncation is an error, and no changed byte of the header causes a crash") {
  const std::string whole = file(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}})",
      10);
  REQUIRE(parse(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK(!parse(whole.substr(0, n)));
  std::mt19937 random{13};
  for (int round = 0; round < 20'000; ++round) {
    std::string changed = whole;
    for (int k = 0; k < 1 + round % 3; ++k) changed[random() % (changed.size() - 10)] = static_cast<char>(random());
    if (const auto result = parse(changed))
      for (const StoredTensor& t : result->tensors()) {
        const bool inside = t.bytes.data() >= as_byte_span(changed).data() &&
                            t.bytes.data() + t.bytes.size() <= as_byte_span(changed).data() + changed.size();
        if (!inside) FAIL("a tensor outside of the file");
      }
  }
}

TEST_CASE("safetensors: a real checkpoint can be opened and converted") {
  CLIP_TEST_DATA_OR_RETURN(data, "a real checkpoint opens");
  const Safetensors s = open_safetensors(std::string(data) + "/fashion-clip/trained.safetensors");
  Index values = 0;
  for (const StoredTensor& t : s.tensors()) {
    std::vector<float> out(static_cast<std::size_t>(t.count()));
    convert(t, std::span{out});
    values += t.count();
  }
  CHECK(values == 304'001);
  CHECK(s.metadata().at("top1") == "0.845");
  CHECK(s.find("logit_scale")->shape.empty());
  CHECK(s.find("positional_embedding")->shape == std::vector<Index>{32, 64});
}
