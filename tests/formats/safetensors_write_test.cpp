#include <clip/formats/safetensors.hpp>
#include <clip/formats/safetensors_write.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace clip;

namespace {
template <class T>
TensorToWrite tensor(std::string name, Dtype dtype, std::vector<Index> shape, const std::vector<T>& values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(std::span{values})};
}

const std::vector<float> three{1, 2, 3}, seven{7}, nothing;
const std::vector<std::uint16_t> halves{0x3E00, 0xC000};
const std::vector<std::int64_t> integers{0, 1, 2};
const std::vector<std::uint8_t> bits{1, 0, 1};

std::vector<TensorToWrite> some() {
  return {tensor("b", Dtype::f32, {3}, three),
          tensor("a", Dtype::f16, {2, 1}, halves),
          tensor("z \"quoted\" \n \xC3\xA9", Dtype::i64, {3}, integers),
          tensor("scalar", Dtype::f32, {}, seven),
          tensor("empty", Dtype::f32, {0, 4}, nothing),
          tensor("bits", Dtype::u8, {3}, bits)};
}
const std::string header =
    R"({"__metadata__":{"format":"pt"},"z \"quoted\" \n é":{"dtype":"I64","shape":[3],"data_offsets":[0,24]},)"
    R"("b":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},"empty":{"dtype":"F32","shape":[0,4],"data_offsets":[36,36]},)"
    R"("scalar":{"dtype":"F32","shape":[],"data_offsets":[36,40]},"a":{"dtype":"F16","shape":[2,1],"data_offsets":[40,44]},)"
    R"("bits":{"dtype":"U8","shape":[3],"data_offsets":[44,47]}})";
}  // namespace

TEST_CASE("safetensors writer: the file equals that of the official writer, byte for byte") {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", some(), {{"format", "pt"}});
  const std::string text = get(folder / "a");
  CHECK(text.substr(8, header.size()) == header);
  CHECK(text.size() == 447);
  CHECK(crc32(as_byte_span(text)) == 0x9259E05EU);  // safetensors 0.8.0, Python
}

TEST_CASE(
    "safetensors writer: the order of the arguments has no effect; element types are sorted as by the official "
    "writer") {
  const TemporaryFolder folder;
  const std::vector<std::byte> zeros(64);
  std::vector<TensorToWrite> tensors;
  for (const char* name :
       {"BOOL", "F4",  "U8",   "I8",  "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16",
        "U16",  "F16", "BF16", "I32", "U32",     "F32",     "C64",     "F64",         "I64",         "U64"}) {
    const Dtype dtype = *dtype_named(name);
    tensors.push_back({name, dtype, {8}, std::span{zeros}.first(static_cast<std::size_t>(traits(dtype).bits))});
  }
  write_safetensors(folder / "a", tensors);
  std::reverse(tensors.begin(), tensors.end());
  write_safetensors(folder / "b", tensors);
  CHECK(get(folder / "a") == get(folder / "b"));
  std::string order;
  const Safetensors written = open_safetensors(folder / "a");
  for (const StoredTensor& t : written.tensors()) order += t.name + " ";
  CHECK(order ==
        "U64 I64 F64 C64 F32 U32 I32 BF16 F16 U16 I16 F8_E5M2FNUZ F8_E4M3FNUZ F8_E8M0 F8_E4M3 F8_E5M2 I8 U8 F4 BOOL ");
}

TEST_CASE("safetensors writer: values read back equal those written, and the data begins at a multiple of 8") {
  const TemporaryFolder folder;
  for (std::size_t n = 1; n < 20; ++n) {
    const std::vector<TensorToWrite> tensors{tensor(std::string(n, 'n'), Dtype::f32, {3}, three)};
    write_safetensors(folder / "a", tensors, {{"key", "text\t\"with\" \x01 controls"}, {"another", ""}});
    CHECK((get(folder / "a").size() - 12) % 8 == 0);
    const Safetensors read = open_safetensors(folder / "a");
    CHECK(read.metadata() ==
          std::map<std::string, std::string>{{"another", ""}, {"key", "text\t\"with\" \x01 controls"}});
    std::vector<float> values(3);
    convert(*read.find(std::string(n, 'n')), std::span{values});
    CHECK(values == three);
  }
}

TEST_CASE("safetensors writer: a tensor may be written in pieces, and a file without tensors is valid") {
  const TemporaryFolder folder;
  std::vector<TensorToWrite> tensors = some();
  for (TensorToWrite& t : tensors) {
    const auto bytes = t.bytes;
    t.bytes = {};
    t.produce = [bytes](const ByteSink& sink) {
      for (std::size_t i = 0; i < bytes.size(); ++i) sink(bytes.subspan(i, 1));
    };
  }
  write_safetensors(folder / "a", tensors, {{"format", "pt"}});
  CHECK(crc32(as_byte_span(get(folder / "a"))) == 0x9259E05EU);
  write_safetensors(folder / "a", {});
  CHECK(get(folder / "a") == std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
}

TEST_CASE("safetensors writer: a real checkpoint, read and written again, gives the same bytes") {
  CLIP_TEST_DATA_OR_RETURN(data, "a real checkpoint, read and written again");
  const TemporaryFolder folder;
  const std::string path = std::string(data) + "/fashion-clip/initial.safetensors";
  const Safetensors file = open_safetensors(path);
  std::vector<TensorToWrite> tensors;
  for (const StoredTensor& t : file.tensors()) tensors.insert(tensors.begin(), {t.name, t.dtype, t.shape, t.bytes});
  write_safetensors(folder / "a", tensors, file.metadata());
  CHECK((get(folder / "a") == get(path)));
}

TEST_CASE("safetensors writer: invalid tensors are errors, and the old file stays") {
  const TemporaryFolder folder;
  put(folder / "a", "old");
  const auto message = [&](const std::vector<TensorToWrite>& tensors,
                           const std::map<std::string, std::string>& metadata = {}) {
    const auto result = try_write_safetensors(folder / "a", tensors, metadata);
    REQUIRE(!result);
    CHECK(result.error().place() == folder / "a");
    return result.error().message().substr(folder.path.size() + 4);
  };
  CHECK(message({tensor("w", Dtype::f32, {2}, three)}) == "w: bytes: expected 8, found 12");
  CHECK(message({tensor("w", Dtype::f32, {3}, three), tensor("w", Dtype::f16, {2}, halves)}) ==
        "two tensors are named w");
  CHECK(message({tensor("w", Dtype::f32, {-3}, three)}) == "w: its shape has no size in whole bytes");
  CHECK(message({tensor("__metadata__", Dtype::f32, {3}, three)}) == "a tensor cannot be named __metadata__");
  CHECK(message({tensor("\xFF", Dtype::f32, {3}, three)}).find("not UTF-8") != std::string::npos);
  CHECK(message({}, {{"a", "\xC3"}}).find("not UTF-8") != std::string::npos);
  for (const std::size_t produced : {0U, 11U, 13U, 1'000'000U}) {
    TensorToWrite t = tensor("w", Dtype::f32, {3}, three);
    t.produce = [produced](const ByteSink& sink) { sink(std::vector<std::byte>(produced)); };
    CHECK(message({t}) == "w: bytes produced: expected 12, found " + std::to_string(produced));
  }
  CHECK(get(folder / "a") == "old");
  CHECK(folder.entries() == 1);
}
