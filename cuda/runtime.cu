// cuda/runtime.cu: a CUDA device: its stream, its memory, copies, and what can be wrong with it.
#include <clip/backend/cuda/kernels/work.cuh>
#include <clip/backend/cuda/runtime.hpp>
#include <clip/backend/cuda/staging_ring.hpp>

#include <cuda_runtime.h>

#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>

#include "cublas_lt.hpp"

namespace clip_cuda {
namespace {

[[gnu::format(printf, 3, 4)]] void fail(Failure& failure, Failure::Code code, const char* format, ...) {
  if (failure) return;  // the first one says what happened
  failure.code = code;
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(failure.text, sizeof failure.text, format, arguments);
  va_end(arguments);
}

/// Whether a call succeeded.
bool good(cudaError_t status, const char* what, Failure& failure) {
  if (status == cudaSuccess) return true;
  static_cast<void>(cudaGetLastError());  // it is reported here
  fail(failure, Failure::launch, "%s: %s", what, cudaGetErrorString(status));
  return false;
}

__global__ void nothing() {}

/// "13.1.0" of 130100
std::string in_words(std::size_t version) {
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}
/// "13.0" of 13000
std::string version_of_cuda(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

class CudaDevice : public Device {
 public:
  CudaDevice(const Options& options, Failure& failure) : options_{options} {
    cudaDeviceProp properties{};
    if (!good(cudaSetDevice(options.device), "device", failure) ||
        !good(cudaGetDeviceProperties(&properties, options.device), "device", failure))
      return;
    describe_ = std::string(properties.name) + ", compute capability " + std::to_string(properties.major) + "." +
                std::to_string(properties.minor);
    int driver = 0;
    cudaDriverGetVersion(&driver);
    describe_ += ", CUDA " + version_of_cuda(CUDART_VERSION) + " (driver " + version_of_cuda(driver) + "), cuBLASLt " +
                 in_words(cublasLtGetVersion());
    cudaFuncAttributes attributes{};
    if (cudaFuncGetAttributes(&attributes, nothing) != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
      fail(failure, Failure::device, "device %d: this build has no code for %s", options.device, describe_.c_str());
      return;
    }
    cudaMemPoolProps pool{};
    pool.allocType = cudaMemAllocationTypePinned;
    pool.location.type = cudaMemLocationTypeDevice;
    pool.location.id = options.device;
    std::uint64_t keep = UINT64_MAX;  // what is released stays for the next allocation
    if (!good(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream", failure) ||
        !good(cudaMemPoolCreate(&pool_, &pool), "memory pool", failure) ||
        !good(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep), "memory pool", failure) ||
        !good(cudaHostAlloc(&pinned_, parts * part_bytes, cudaHostAllocDefault), "host memory", failure))
      return;
    for (cudaEvent_t& event : read_)
      if (!good(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "event", failure)) return;
    ring_ = StagingRing{static_cast<std::byte*>(pinned_), parts, part_bytes};
    workspace_ = allocate(CublasLt::workspace_bytes, failure);
    if (!failure && !products_.open()) fail(failure, Failure::launch, "cuBLASLt does not start");
  }

  ~CudaDevice() override {
    if (stream_ != nullptr) cudaStreamSynchronize(stream_);
    products_.close();
    deallocate(workspace_, CublasLt::workspace_bytes);
    scratch.clear([&](void* data, std::size_t bytes) { deallocate(data, bytes); });
    for (const TreeOnDevice& tree : trees) deallocate(tree.copy.data, tree.copy.bytes);
    for (const TableOnDevice& table : tables) deallocate(table.copy.data, table.copy.bytes);
    for (const cudaEvent_t event : read_)
      if (event != nullptr) cudaEventDestroy(event);
    if (pinned_ != nullptr) cudaFreeHost(pinned_);
    if (stream_ != nullptr) cudaStreamSynchronize(stream_), cudaStreamDestroy(stream_);
    if (pool_ != nullptr) cudaMemPoolDestroy(pool_);
  }

  void* allocate(std::size_t bytes, Failure& failure) override {
    void* data = nullptr;
    const cudaError_t status = cudaMallocFromPoolAsync(&data, bytes, pool_, stream_);
    if (status == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t left = 0, all = 0;
      cudaMemGetInfo(&left, &all);
      fail(failure, Failure::memory, "out of memory: %zu bytes asked for, %zu free", bytes, left);
      return nullptr;
    }
    if (!good(status, "memory", failure) || !good(cudaMemsetAsync(data, 0, bytes, stream_), "memory", failure))
      return nullptr;
    return data;
  }
  void deallocate(void* data, std::size_t) override {
    if (data != nullptr) cudaFreeAsync(data, stream_);
  }

  void to_device(const void* host, void* device, std::size_t bytes, Failure& failure) override {
    ring_.copy(
        host, bytes, [&](std::size_t part) { return good(cudaEventSynchronize(read_[part]), "upload", failure); },
        [&](std::size_t part, const void* data, std::size_t offset, std::size_t n) {
          return good(cudaMemcpyAsync(static_cast<std::byte*>(device) + offset, data, n, cudaMemcpyHostToDevice,
                                      stream_),
                      "upload", failure) &&
                 good(cudaEventRecord(read_[part], stream_), "upload", failure);
        });
  }
  void to_host(const void* device, void* host, std::size_t bytes, Failure& failure) override {
    if (good(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, stream_), "download", failure))
      good(cudaStreamSynchronize(stream_), "download", failure);
  }

  void launched(const char* primitive, Failure& failure) override {
    if (good(cudaGetLastError(), primitive, failure) && options_.wait)
      good(cudaStreamSynchronize(stream_), primitive, failure);
  }
  void* stream() const override { return stream_; }
  const char* describe() const override { return describe_.c_str(); }
  bool has_products() const override { return true; }
  bool multiply(const LibraryProduct& product, Failure& failure) override {
    return products_.multiply(product, workspace_, stream_, failure);
  }
  void begin() override { cudaSetDevice(options_.device); }

 private:
  static constexpr std::size_t parts = 4, part_bytes = std::size_t{4} << 20;

  Options options_;
  std::string describe_;
  cudaStream_t stream_ = nullptr;
  cudaMemPool_t pool_ = nullptr;
  void* pinned_ = nullptr;
  cudaEvent_t read_[parts] = {};
  StagingRing ring_;
  CublasLt products_;
  void* workspace_ = nullptr;
};

}  // namespace

int devices() noexcept {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) return count;
  static_cast<void>(cudaGetLastError());
  return 0;
}

Device* open(const Options& options, Failure& failure) noexcept {
  const std::string needed = version_of_cuda(CUDART_VERSION);
  if (options.version != launch_version) {
    fail(failure, Failure::version, "clip::cuda has version %d of its launch functions, this program version %d",
         launch_version, options.version);
    return nullptr;
  }
  int driver = 0, count = 0;
  cudaDriverGetVersion(&driver);
  const cudaError_t status = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  if (driver == 0) fail(failure, Failure::driver, "no driver: CUDA %s or newer is needed", needed.c_str());
  else if (status == cudaErrorInsufficientDriver)
    fail(failure, Failure::driver, "the driver has CUDA %s: %s or newer is needed", version_of_cuda(driver).c_str(),
         needed.c_str());
  else if (status != cudaSuccess && status != cudaErrorNoDevice)
    fail(failure, Failure::driver, "the driver does not answer: %s", cudaGetErrorString(status));
  else if (options.device < 0 || options.device >= count)
    fail(failure, Failure::device, "device %d: this machine has %d", options.device, count);
  if (failure) return nullptr;

  auto* const device = new CudaDevice{options, failure};
  if (!failure) return device;
  delete device;
  return nullptr;
}

}  // namespace clip_cuda
