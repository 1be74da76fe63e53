// clip/backend/cuda/cuda.hpp: the backend of a CUDA device: the core, convolving and fusing lists of primitives.
//
// Header-only C++ for any compiler: the primitives run in an object that nvcc compiled (launch.hpp).
#pragma once

#include <clip/backend/arithmetic.hpp>
#include <clip/backend/composed.hpp>
#include <clip/backend/cuda/crossing.hpp>
#include <clip/core/scalar.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

namespace clip::inline CLIP_ABI {

struct CudaOptions {
  int device = 0;
  Arithmetic arithmetic = Arithmetic::full;  // of products of float, and of attention where it takes tensor cores
  bool wait = false;                         // for debugging: waits after every launch; an error names its primitive
};

/// A handle: copies share the device's memory and its queue of work. Several host threads may call primitives at once;
/// they are queued one after the other. The same shapes on the same device give the same bits.
/// SystemError: no driver, no such device, out of memory; none of them is made good elsewhere.
template <class T = float>
class Cuda {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "clip::Cuda: float or double");

 public:
  using Scalar = T;
  static constexpr bool host_memory = false;
  static constexpr Index rows_at_once = 65536;  // enough to fill a device; not measured yet
  static constexpr bool grouping_keeps_bits = false;

  Cuda() : Cuda{CudaOptions{}} {}
  explicit Cuda(CudaOptions options) : arithmetic_{options.arithmetic} {
    clip_cuda::Failure failure;
    clip_cuda::Options wanted;
    wanted.device = options.device;
    wanted.wait = options.wait;
    device_ = {clip_cuda::open(wanted, failure), clip_cuda::close};
    detail::check("cuda", failure);
  }

  /// The same device with products in full precision, as losses need them.
  Cuda in_full() const {
    Cuda other{*this};
    other.arithmetic_ = Arithmetic::full;
    return other;
  }
  std::string numbers() const {
    return std::string(ScalarTraits<T>::name) + (reduced() ? ", products in bfloat16" : "");
  }
  /// "cuda float32, NVIDIA H200, compute capability 9.0"
  std::string describe() const { return "cuda " + numbers() + ", " + clip_cuda::describe(device_.get()); }
  /// What the device was asked to do so far.
  clip_cuda::Counts counts() const { return clip_cuda::counts(device_.get()); }

  void* allocate(std::size_t bytes) { return run("memory", clip_cuda::allocate, bytes); }
  void deallocate(void* p, std::size_t bytes) {
    clip_cuda::Call call{device_.get()};
    clip_cuda::deallocate(call, p, bytes);
  }
  template <class S>
  void upload(std::span<const S> host, View<T> y) {
    if (y.count() == 0) return;
    clip_cuda::Call call{device_.get()};
    clip_cuda::upload(call, host.data(), detail::cuda_type<S>, detail::cuda_value(y));
    detail::check("upload", call.failure);
  }
  template <class S>
  void download(In<T> x, std::span<S> host) {
    if (x.count() == 0) return;
    clip_cuda::Call call{device_.get()};
    clip_cuda::download(call, detail::cuda_value(x), host.data(), detail::cuda_type<S>);
    detail::check("download", call.failure);
  }

  StepNumbers read(const StepNumbers* numbers) {
    const auto [loss, norm, factor] = run("read", clip_cuda::read, numbers);
    return {loss, norm, factor};
  }

// A primitive is a launch; with a function of the user's own it is composed of launches.
#define CLIP_CUDA_ARGUMENTS(...) __VA_OPT__(, ) __VA_ARGS__
#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters { return run(#name, clip_cuda::name CLIP_CUDA_ARGUMENTS arguments); }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments)                                             \
  template <class F>                                                                                 \
  void name parameters {                                                                             \
    if constexpr (detail::KnownToCuda<F>) run(#name, clip_cuda::name CLIP_CUDA_ARGUMENTS arguments); \
    else own_##name arguments;                                                                       \
  }
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>
#undef CLIP_CUDA_ARGUMENTS

 private:
  bool reduced() const { return std::is_same_v<T, float> && arithmetic_ == Arithmetic::bfloat16; }

  template <class Result, class... Parameters, class... Arguments>
  Result run(const char* name, Result (*launch)(clip_cuda::Call&, Parameters...) noexcept,
             const Arguments&... arguments) {
    clip_cuda::Call call{device_.get(), reduced()};
    if constexpr (std::is_void_v<Result>) {
      launch(call, detail::cuda_value(arguments)...);
      detail::check(name, call.failure);
    } else {
      const Result result = launch(call, detail::cuda_value(arguments)...);
      detail::check(name, call.failure);
      return result;
    }
  }

  template <class F>
  void own_map(F f, In<T> x, Out<T> y) {
    onto(f, x, {}, y);
  }
  template <class F>
  void own_map_slope(F f, In<T> x, In<T> dy, Acc<T> d) {
    clip_cuda::Call call{device_.get()};
    clip_cuda::map_slope_own(call, f, detail::cuda_value(x), detail::cuda_value(dy), detail::cuda_value(d));
    detail::check("map_slope", call.failure);
  }
  template <class F>
  void own_linear(In<T> x, Weights<T> w, const Epilogue<T, F>& e, Out<T> y) {
    in_two_passes(e, y, [&](const Epilogue<T>& first, Out<T> z) { linear(x, w, first, z); });
  }
  template <class F>
  void own_project(In<T> x, Weights<T> p, const Epilogue<T, F>& e, Out<T> y) {
    in_two_passes(e, y, [&](const Epilogue<T>& first, Out<T> z) { project(x, p, first, z); });
  }
  template <class F>
  void own_convolve(In<T> x, Weights<T> w, Grid grid, Window window, const Epilogue<T, F>& e, Out<T> y) {
    in_two_passes(e, y, [&](const Epilogue<T>& first, Out<T> z) { convolve(x, w, grid, window, first, z); });
  }
  template <class F>
  void own_depthwise(In<T> x, In<T> w, Grid grid, CentredWindow window, const Epilogue<T, F>& e, Out<T> y) {
    in_two_passes(e, y, [&](const Epilogue<T>& first, Out<T> z) { depthwise(x, w, grid, window, first, z); });
  }
  template <class F>
  void own_feed_forward(In<T> x, const FeedForward<T>& mlp, F f, Out<T> normed, Out<T> hidden, Out<T> y) {
    composed::feed_forward(*this, x, mlp, f, normed, hidden, y);
  }

  /// y = residual + f(x)
  template <class F>
  void onto(const F& f, In<T> x, In<T> residual, Out<T> y) {
    clip_cuda::Call call{device_.get()};
    clip_cuda::map_own(call, f, detail::cuda_value(x), detail::cuda_value(residual), detail::cuda_value(y));
    detail::check("map", call.failure);
  }

  /// A product without its function, then the function: the first pass writes where nothing is lost.
  template <class F, class Product>
  void in_two_passes(const Epilogue<T, F>& e, Out<T> y, const Product& product) {
    const Epilogue<T> first{.bias = e.bias, .scale = e.scale, .shortcut = e.shortcut};
    const auto both = [&](Out<T> z) {
      product(first, z);
      onto(e.activation, z, e.residual, y);
    };
    if (e.before) return both(e.before);
    if (e.residual.data != y.data) return both(y);
    const std::size_t bytes = static_cast<std::size_t>(y.count()) * sizeof(T);
    const auto release = [&](T* p) { deallocate(p, bytes); };
    const std::unique_ptr<T, decltype(release)> room{static_cast<T*>(allocate(bytes)), release};
    both(Out<T>{room.get(), y.rows, y.cols});
  }

  std::shared_ptr<clip_cuda::Device> device_;
  Arithmetic arithmetic_;
};

static_assert(ConvolvingBackend<Cuda<float>> && FusingBackend<Cuda<float>> && ReducingBackend<Cuda<float>>);
static_assert(ConvolvingBackend<Cuda<double>> && FusingBackend<Cuda<double>>);

}  // namespace clip::inline CLIP_ABI
