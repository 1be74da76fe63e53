// A cuBLASLt that computes on the host what descriptors say: the real library makes and reads the descriptors, and these
// functions stand in front of those that need a device.
#include "fake_cublas_lt.hpp"

#include <clip/core/half.hpp>

#include <cublasLt.h>

#include <cstdint>
#include <cstring>

namespace {

clip::testing::FakeCublasLt& state() { return clip::testing::fake_cublas_lt(); }

template <class V>
V get(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t attribute) {
  V value{};
  std::size_t written = 0;
  state().good &= cublasLtMatmulDescGetAttribute(d, attribute, &value, sizeof value, &written) == CUBLAS_STATUS_SUCCESS;
  return value;
}
template <class V>
V get(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t attribute) {
  V value{};
  std::size_t written = 0;
  state().good &=
      cublasLtMatmulPreferenceGetAttribute(p, attribute, &value, sizeof value, &written) == CUBLAS_STATUS_SUCCESS;
  return value;
}
template <class V>
V get(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t attribute) {
  V value{};
  std::size_t written = 0;
  state().good &=
      cublasLtMatrixLayoutGetAttribute(l, attribute, &value, sizeof value, &written) == CUBLAS_STATUS_SUCCESS;
  return value;
}

/// A column-major matrix as a layout describes it.
struct Described {
  std::uint64_t rows, cols;
  std::int64_t leading;
  cudaDataType_t type;
  const void* data;

  Described(cublasLtMatrixLayout_t l, const void* data_)
      : rows{get<std::uint64_t>(l, CUBLASLT_MATRIX_LAYOUT_ROWS)},
        cols{get<std::uint64_t>(l, CUBLASLT_MATRIX_LAYOUT_COLS)}, leading{get<std::int64_t>(l,
                                                                                            CUBLASLT_MATRIX_LAYOUT_LD)},
        type{static_cast<cudaDataType_t>(get<std::uint32_t>(l, CUBLASLT_MATRIX_LAYOUT_TYPE))}, data{data_} {
    state().good &= leading >= static_cast<std::int64_t>(rows);
  }
  std::size_t at(std::uint64_t i, std::uint64_t j) const { return i + j * static_cast<std::size_t>(leading); }
  double value(std::uint64_t i, std::uint64_t j) const {
    const std::size_t at_ = at(i, j);
    if (type == CUDA_R_64F) return static_cast<const double*>(data)[at_];
    if (type == CUDA_R_32F) return double{static_cast<const float*>(data)[at_]};
    return double{clip::bfloat16_to_float(static_cast<const std::uint16_t*>(data)[at_])};
  }
};

/// What the heuristic was promised, kept in the algorithm.
struct Promise {
  std::uint32_t a, b, c, d;
};
bool keeps(std::uint32_t bytes, const void* data) { return reinterpret_cast<std::uintptr_t>(data) % bytes == 0; }

template <class T>
void multiply(cublasLtMatmulDesc_t d, const void* alpha, const Described& a, const Described& b, const void* beta,
              const Described& c, const Described& y) {
  const bool ta = get<std::int32_t>(d, CUBLASLT_MATMUL_DESC_TRANSA) == CUBLAS_OP_T,
             tb = get<std::int32_t>(d, CUBLASLT_MATMUL_DESC_TRANSB) == CUBLAS_OP_T;
  const auto epilogue = get<std::uint32_t>(d, CUBLASLT_MATMUL_DESC_EPILOGUE);
  const auto* const bias = static_cast<const T*>(get<const void*>(d, CUBLASLT_MATMUL_DESC_BIAS_POINTER));
  const T factor = *static_cast<const T*>(alpha), keep = *static_cast<const T*>(beta);
  const std::uint64_t terms = ta ? a.rows : a.cols;
  state().good &= (ta ? a.cols : a.rows) == y.rows && (tb ? b.rows : b.cols) == y.cols &&
                  (tb ? b.cols : b.rows) == terms && c.rows == y.rows && c.cols == y.cols && c.type == y.type &&
                  a.type == b.type;
  for (std::uint64_t j = 0; j < y.cols; ++j)
    for (std::uint64_t i = 0; i < y.rows; ++i) {
      T sum = 0;
      for (std::uint64_t k = 0; k < terms; ++k)
        sum += static_cast<T>((ta ? a.value(k, i) : a.value(i, k)) * (tb ? b.value(j, k) : b.value(k, j)));
      sum *= factor;
      if (keep != 0) sum += keep * static_cast<T>(c.value(i, j));
      if (epilogue & CUBLASLT_EPILOGUE_BIAS) sum += bias[i];
      if (epilogue & CUBLASLT_EPILOGUE_RELU) sum = sum > 0 ? sum : 0;
      static_cast<T*>(const_cast<void*>(y.data))[y.at(i, j)] = sum;
    }
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static int any;
  *handle = reinterpret_cast<cublasLtHandle_t>(&any);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t) { return CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t d, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t, cublasLtMatrixLayout_t, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t p, int wanted,
                                              cublasLtMatmulHeuristicResult_t* results, int* found) {
  ++state().searches;
  const auto epilogue = get<std::uint32_t>(d, CUBLASLT_MATMUL_DESC_EPILOGUE);
  const auto type = get<std::uint32_t>(a, CUBLASLT_MATRIX_LAYOUT_TYPE);
  *found = 0;
  if (wanted < 1 || state().refuses_all) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (state().refuses_epilogues && epilogue != CUBLASLT_EPILOGUE_DEFAULT) return CUBLAS_STATUS_NOT_SUPPORTED;
  state().reduced += type == CUDA_R_16BF;
  const Promise promise{get<std::uint32_t>(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES),
                        get<std::uint32_t>(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES),
                        get<std::uint32_t>(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES),
                        get<std::uint32_t>(p, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES)};
  results[0] = {};
  std::memcpy(results[0].algo.data, &promise, sizeof promise);
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t d, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t la, const void* b, cublasLtMatrixLayout_t lb, const void* beta,
                              const void* c, cublasLtMatrixLayout_t lc, void* y, cublasLtMatrixLayout_t ly,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t bytes, cudaStream_t) {
  ++state().products;
  Promise promise;
  std::memcpy(&promise, algorithm->data, sizeof promise);
  state().good &= keeps(promise.a, a) && keeps(promise.b, b) && keeps(promise.c, c) && keeps(promise.d, y) &&
                  workspace != nullptr && bytes > 0;
  state().good &=
      c != y || get<std::int64_t>(lc, CUBLASLT_MATRIX_LAYOUT_LD) == get<std::int64_t>(ly, CUBLASLT_MATRIX_LAYOUT_LD);
  const auto compute = get<std::uint32_t>(d, CUBLASLT_MATMUL_DESC_COMPUTE_TYPE);
  const Described of_a{la, a}, of_b{lb, b}, of_c{lc, c}, of_y{ly, y};
  if (of_y.type == CUDA_R_64F && compute == CUBLAS_COMPUTE_64F)
    multiply<double>(d, alpha, of_a, of_b, beta, of_c, of_y);
  else if (of_y.type == CUDA_R_32F && compute == CUBLAS_COMPUTE_32F)
    multiply<float>(d, alpha, of_a, of_b, beta, of_c, of_y);
  else return CUBLAS_STATUS_NOT_SUPPORTED;
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"
