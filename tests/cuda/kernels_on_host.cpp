// The launch functions of a CUDA device, compiled for the host: the same source that nvcc compiles, under the shim.
#include "../support/cuda_shim.hpp"

#include "../../cuda/convolving.cu"
#include "../../cuda/core.cu"
#include "../../cuda/flash.cu"
#include "../../cuda/fusing.cu"

#include <clip/backend/cuda/own_functions.cuh>

#include "../ops/softplus.hpp"
#include "../support/cuda_controls.hpp"
#include "../support/cuda_on_host.hpp"
#include "../support/primitives/own_functions.hpp"

#include <cstddef>

CLIP_CUDA_FUNCTION(clip::testing::Softplus)
CLIP_CUDA_FUNCTION(clip::testing::Shrink)
CLIP_CUDA_FUNCTION_WITHOUT_SLOPE(clip::testing::Square)

void clip_cuda_on_host::run_backwards(bool wanted) { backwards = wanted; }
void clip_cuda_on_host::skip_barrier(int number) { skipped_barrier = number; }
std::ptrdiff_t& clip_cuda_on_host::free_bytes() { return clip::testing::HostDevice::free_bytes; }
clip_cuda_on_host::Products& clip_cuda_on_host::products() { return clip::testing::HostDevice::products; }

namespace clip_cuda {

int devices() noexcept { return 1; }

Device* open(const Options& options, Failure& failure) noexcept {
  if (options.version != launch_version) {
    failure.code = Failure::version;
    std::snprintf(failure.text, sizeof failure.text, "version %d of clip/backend/cuda/launch.hpp, version %d expected",
                  options.version, launch_version);
    return nullptr;
  }
  if (options.device != 0) {
    failure.code = Failure::device;
    std::snprintf(failure.text, sizeof failure.text, "device %d: this machine has 1", options.device);
    return nullptr;
  }
  return new clip::testing::HostDevice;
}

}  // namespace clip_cuda
