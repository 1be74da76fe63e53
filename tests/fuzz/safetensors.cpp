// Fuzzes safetensors files: every tensor of an accepted file is within its bytes; its model is inferred.
#include <clip/checkpoint/infer.hpp>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  const auto input = testing::as_input(data, size);
  const auto file = try_parse_safetensors(input, "x");
  if (!file) return 0;
  for (const StoredTensor& t : file->tensors()) {
    testing::must(t.bytes.empty() ||
                  (t.bytes.data() >= input.data() && t.bytes.data() + t.bytes.size() <= input.data() + input.size()));
    testing::must(stored_size(t.dtype, t.shape) == t.bytes.size());
  }
  static_cast<void>(try_inspect(TensorFile{*file}));
  return 0;
}
