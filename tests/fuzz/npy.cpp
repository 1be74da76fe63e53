// Fuzzes .npy files: an accepted one has as many values as its shape states.
#include <clip/io/npy.hpp>

#include "input.hpp"

#include <cstddef>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (const auto array = try_parse_npy<float>(testing::as_input(data, size), "x")) {
    Index n = 1;
    for (const Index extent : array->shape) n *= extent;
    testing::must(n >= 0 && static_cast<std::size_t>(n) == array->values.size());
    testing::must_be_written(std::as_bytes(std::span{array->values}));
  }
  return 0;
}
