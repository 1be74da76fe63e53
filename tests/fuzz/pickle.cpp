// The pickle of a checkpoint: nothing outside the list of allowed names is ever part of a result.
#include <clip/formats/torch_pickle.hpp>

#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clip;
  if (const auto pickle = try_unpickle(testing::as_input(data, size), "x", allowed_in_torch_files))
    static_cast<void>(try_find_torch_tensors(*pickle, "x"));
  return 0;
}
