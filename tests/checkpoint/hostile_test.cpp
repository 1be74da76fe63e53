// Small files with large numbers: every reader returns an error and allocates memory only in proportion to the file.
#include <clip/checkpoint/open.hpp>

#include "../io/temporary_folder.hpp"
#include "../io/zip_writer.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <fstream>
#include <string>
#include <vector>

using namespace clip;

namespace {

/// Limits the address space to the current size and a few hundred megabytes: an allocation of gigabytes fails.
class LittleMemory {
 public:
  LittleMemory() {
    ::getrlimit(RLIMIT_AS, &before_);
    struct rlimit little = before_;
    little.rlim_cur = in_use() + (rlim_t{512} << 20);
    ::setrlimit(RLIMIT_AS, &little);
  }
  ~LittleMemory() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  static rlim_t in_use() {
    std::ifstream file("/proc/self/statm");
    rlim_t pages = rlim_t{1} << 20;
    file >> pages;
    return pages * 4096;
  }
  struct rlimit before_ {};
};

std::string safetensors_with(const std::string& header, const std::string& data = "") {
  return little(header.size(), 8) + header + data;
}

void refused(const std::string& bytes, const std::string& sentence = "") {
  const TemporaryFolder folder;
  put(folder / "file", bytes);
  Result<TensorFile> file = LoadError{"", ""};
  Result<Inspection> found = LoadError{"", ""};
  {
    const LittleMemory limit;
    file = try_open_tensors(folder / "file");
    if (file) found = try_inspect(*file, {.activation = Activation::gelu, .image_heads = 1, .text_heads = 1});
  }
  REQUIRE(!found);
  const std::string message = file ? found.error().message() : file.error().message();
  CAPTURE(message);
  CHECK(message.find(sentence) != message.npos);
}

}  // namespace

TEST_CASE("hostile: safetensors whose header exceeds the data") {
  refused(little(99'999'999, 8) + "{");
  refused(little(~std::uint64_t{0}, 8) + "{}");
  refused(safetensors_with(R"({"a":{"dtype":"F32","shape":[4000000000],"data_offsets":[0,16000000000]}})"));
  refused(safetensors_with(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})"));
  refused(safetensors_with(R"({"a":{"dtype":"F32","shape":[9223372036854775807,2],"data_offsets":[0,4]}})", "1234"));
  refused(safetensors_with(R"({"a":{"dtype":"F4","shape":[18446744073709551615],"data_offsets":[0,4]}})", "1234"));
}

TEST_CASE("hostile: empty tensors of huge shapes are not a model") {
  std::string header = R"({"token_embedding.weight":{"dtype":"F32","shape":[2,64],"data_offsets":[0,512]})";
  const auto add = [&](const std::string& name, const std::string& shape) {
    header += ",\"" + name + R"(":{"dtype":"F32","shape":[)" + shape + R"(],"data_offsets":[512,512]})";
  };
  add("visual.positional_embedding", "1000001,0");
  add("visual.proj", "0,1000000");
  add("visual.conv1.weight", "1000000,3,0,1000");
  add("visual.transformer.resblocks.0.attn.in_proj_weight", "0");
  add("visual.transformer.resblocks.0.mlp.c_fc.weight", "1000000,0");
  add("positional_embedding", "100000000,0");
  add("text_projection", "0,1000000");
  add("transformer.resblocks.0.attn.in_proj_weight", "0");
  add("transformer.resblocks.0.mlp.c_fc.weight", "1000000,0");
  refused(safetensors_with(header + "}", std::string(512, '\0')), "too small for its own shapes");
}

TEST_CASE("hostile: lengths, counts and strides of a pickle out of range") {
  const auto archive = [](const std::string& pickle) {
    return ZipWriter{{{"a/data.pkl", pickle}, {"a/data/0", std::string(16, '\0')}}}.file();
  };
  const std::string global = "ctorch._utils\n_rebuild_tensor_v2\n",
                    storage = "((X\x07" + std::string(3, '\0') + "storagectorch\nFloatStorage\nX\x01" +
                              std::string(3, '\0') + "0X\x03" + std::string(3, '\0') + "cpuK\x04tQ";
  refused(archive(std::string("\x80\x02X", 3) + little(0xFFFFFFFF, 4)));
  refused(archive(std::string("\x80\x02\x8B", 3) + little(0x7FFFFFFF, 4)));
  refused(archive(std::string("\x80\x04\x8E", 3) + little(std::uint64_t{1} << 40, 8)));
  // A tensor of 10^12 elements over four stored ones: strides of zero, an offset beyond the end, overflowing strides.
  const auto number = [](std::uint64_t n) { return "\x8A\x08" + little(n, 8); };
  const auto tensor = [&](const std::string& offset, const std::string& shape, const std::string& strides) {
    return archive(std::string("\x80\x02}X\x01", 5) + std::string(3, '\0') + "w" + global + storage + offset + "(" +
                   shape + "t(" + strides + "t\x89}tRs.");
  };
  refused(tensor(std::string("K\0", 2), number(1'000'000) + number(1'000'000), number(0) + number(0)),
          "w: more elements than its storage has");
  refused(tensor(number(std::uint64_t{1} << 62), number(4), number(1)), "w: reaches beyond its storage");
  refused(tensor(std::string("K\0", 2), number(2) + number(2),
                 number(std::uint64_t{1} << 62) + number(std::uint64_t{1} << 62)),
          "w: reaches beyond its storage");
  refused(tensor(std::string("K\0", 2), number(2) + number(2), number(2) + number(1)),
          "not a CLIP");  // a valid pickle is read
}

TEST_CASE("hostile: zip entries that inflate to huge sizes or claim to") {
  using Entry = ZipWriter::Entry;
  const std::string zeros(1000, '\0');
  for (const long long size : {0xFFFFFFF0LL, 1'000'000LL, 100LL}) {
    refused(ZipWriter{{Entry{.name = "a/data.pkl", .content = zeros, .size = size}}}.file());
    refused(ZipWriter{{Entry{.name = "a/data.pkl", .content = zeros, .deflate = true, .size = size}}}.file());
    refused(
        ZipWriter{{Entry{.name = "a/data.pkl", .content = zeros, .deflate = true, .size = size << 10, .wide = true}}}
            .file());
    refused(ZipWriter{{Entry{.name = "a/data.pkl", .content = zeros, .packed = size}}}.file());
  }
  refused(ZipWriter{.entries = {{"a/data.pkl", zeros}}, .wide = true, .count = 1LL << 60}.file());
}
