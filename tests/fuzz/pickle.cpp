// Fuzzes the pickles of checkpoints, with the list of allowed names.
#include <clip/formats/torch_pickle.hpp>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (const auto pickle = try_unpickle(testing::as_input(data, size), "x", allowed_in_torch_files))
    static_cast<void>(try_find_torch_tensors(*pickle, "x"));
  return 0;
}
