// cuda/fusing.cu: launch functions of the fusing list, and of memory.
#include <clip/backend/cuda/kernels/attention.cuh>
#include <clip/backend/cuda/kernels/dispatch.cuh>
#include <clip/backend/cuda/kernels/feed_forward.cuh>
#include <clip/backend/cuda/kernels/pointwise.cuh>
#include <clip/backend/cuda/kernels/pooling.cuh>

namespace clip_cuda {
namespace primitive_types {

#define CLIP_PRIMITIVE CLIP_CUDA_PRIMITIVE
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

}  // namespace primitive_types

void* allocate(Call& call, std::size_t bytes) noexcept {
  Work work{call, "allocate"};
  ++call.device->counts.allocations;
  return call.device->allocate(bytes, call.failure);
}

void deallocate(Call& call, void* data, std::size_t bytes) noexcept {
  Work work{call, "deallocate"};
  call.device->deallocate(data, bytes);
}

void upload(Call& call, const void* host, Type type, Matrix y) noexcept {
  Work work{call, "upload"};
  kernels::with_type(type, [&]<class S>(S) {
    const S* const raw = work.copy(static_cast<const S*>(host), y.rows * y.cols);
    kernels::with_type(y.type, [&]<class T>(T) {
      kernels::convert<T, S>(work, {raw, y.rows, y.cols, y.cols}, kernels::typed<T>(y));
    });
  });
}

void download(Call& call, Matrix x, void* host, Type type) noexcept {
  Work work{call, "download"};
  kernels::with_type(type, [&]<class S>(S) {
    const kernels::View<S> raw = work.room<S>(x.rows, x.cols);
    kernels::with_type(x.type, [&]<class T>(T) { kernels::convert<S, T>(work, kernels::typed<T>(x), raw); });
    work.read(raw.data, static_cast<S*>(host), x.rows * x.cols);
  });
}

StepNumbers read(Call& call, const StepNumbers* numbers) noexcept {
  Work work{call, "read"};
  StepNumbers host{};
  work.read(numbers, &host, 1);
  return host;
}

void close(Device* device) noexcept { delete device; }
const char* describe(const Device* device) noexcept { return device->describe(); }
Counts counts(const Device* device) noexcept { return device->counts; }

}  // namespace clip_cuda
