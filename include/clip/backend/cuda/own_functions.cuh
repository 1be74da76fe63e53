// clip/backend/cuda/own_functions.cuh: kernels of a user's pointwise function, for a device object of the program.
//
//   #include <clip/backend/cuda/own_functions.cuh>
//   CLIP_CUDA_FUNCTION(my::Softplus)
//
// The function and its slope are CLIP_HOST_DEVICE. It does not belong to namespace clip, whose names differ between
// compilers.
#pragma once

#include <clip/backend/cuda/kernels/dispatch.cuh>

namespace clip_cuda {

template <class F>
struct OwnKernels {
  template <class T>
  static void map(Work& work, F f, kernels::In<T> x, kernels::In<T> residual, kernels::Out<T> y) {
    work.each(y.rows, y.cols, [=] __device__(Index i, Index j) {
      const T value = static_cast<T>(f(x(i, j)));
      y(i, j) = residual ? residual(i, j) + value : value;
    });
  }
  template <class T>
  static void map_slope(Work& work, F f, kernels::In<T> x, kernels::In<T> dy, kernels::Acc<T> d) {
    work.each(d.rows, d.cols,
              [=] __device__(Index i, Index j) { d.add(i, j, dy(i, j) * static_cast<T>(f.slope(x(i, j)))); });
  }
};

template <class F>
void map_own(Call& call, F f, Matrix x, Matrix residual, Matrix y) noexcept {
  Work work{call, "map"};
  kernels::with_type(x.type, [&]<class T>(T) {
    using kernels::typed;
    OwnKernels<F>::template map<T>(work, f, typed<T>(x), typed<T>(residual), typed<T>(y));
  });
}

template <class F>
void map_slope_own(Call& call, F f, Matrix x, Matrix dy, Sum d) noexcept {
  Work work{call, "map_slope"};
  kernels::with_type(x.type, [&]<class T>(T) {
    using kernels::typed;
    OwnKernels<F>::template map_slope<T>(work, f, typed<T>(x), typed<T>(dy), typed<T>(d));
  });
}

}  // namespace clip_cuda

/// Kernels of a function; CLIP_CUDA_FUNCTION_WITHOUT_SLOPE: of one that has no slope.
#define CLIP_CUDA_FUNCTION_WITHOUT_SLOPE(F)                                                      \
  template void clip_cuda::map_own<F>(clip_cuda::Call&, F, clip_cuda::Matrix, clip_cuda::Matrix, \
                                      clip_cuda::Matrix) noexcept;
#define CLIP_CUDA_FUNCTION(F)                                                                          \
  CLIP_CUDA_FUNCTION_WITHOUT_SLOPE(F)                                                                  \
  template void clip_cuda::map_slope_own<F>(clip_cuda::Call&, F, clip_cuda::Matrix, clip_cuda::Matrix, \
                                            clip_cuda::Sum) noexcept;
