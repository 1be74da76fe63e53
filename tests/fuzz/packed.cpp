// Fuzzes compressed bytes and IDX files; the first byte selects. Both inflaters of a build agree on what they accept of
// a gzip file, which has a checksum.
#include <clip/data/idx.hpp>
#include <clip/io/inflate.hpp>
#include <clip/io/inflate_stb.hpp>

#include "input.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (size == 0) return 0;
  const auto input = testing::as_input(data, size).subspan(1);
  switch (data[0] % 3) {
    case 0: {
      const auto bytes = try_gunzip(input, "x", 1U << 20U);
      const auto by_stb = try_gunzip<detail::StbInflate>(input, "x", 1U << 20U);
      testing::must(!bytes || !by_stb || *bytes == *by_stb);
      break;
    }
    case 1: {
      const auto bytes = try_inflate(input, 64, "x");
      testing::must(!bytes || bytes->size() == 64);
      const auto by_stb = try_inflate<detail::StbInflate>(input, 64, "x");
      testing::must(!by_stb || by_stb->size() == 64);
      break;
    }
    case 2:
      if (const auto array = try_parse_idx(input, "x")) {
        std::size_t n = 1;
        for (const Index extent : array->shape) n *= static_cast<std::size_t>(extent);
        testing::must(n == array->bytes.size());
      }
      break;
  }
  return 0;
}
