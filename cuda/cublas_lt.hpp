// cuda/cublas_lt.hpp: products by cuBLASLt: its descriptors, and the algorithm of each shape.
//
// The library's matrices are column-major, ours row-major, which is the transpose: y = a b is yᵀ = bᵀ aᵀ there, with
// the same memory. So its A is our b, its B our a, and its D our y, whose leading dimensions are our strides.
#pragma once

#include <clip/backend/cuda/library_product.hpp>

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>

namespace clip_cuda {

/// What decides about an algorithm: sizes, leading dimensions, types, the epilogue, and how pointers are aligned.
struct ProductShape {
  std::array<std::int64_t, 18> numbers;
  auto operator<=>(const ProductShape&) const = default;
};

/// The largest power of two that divides an address, at most 256.
inline std::uint32_t alignment_of(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data) | 256;
  return static_cast<std::uint32_t>(address & (~address + 1));
}

inline ProductShape shape_of(const LibraryProduct& p) {
  const auto side = [](const Matrix& m) { return static_cast<std::int64_t>(alignment_of(m.data)); };
  const Matrix &a = p.a.matrix, &b = p.b.matrix, &c = p.added.data ? p.added : p.y;
  return {{p.y.rows, p.y.cols, p.terms(), a.stride, b.stride, c.stride, p.y.stride, static_cast<int>(a.type),
           static_cast<int>(p.y.type), p.a.transposed, p.b.transposed, p.relu, p.added.data != nullptr,
           p.bias.data ? side(p.bias) : 0, side(a), side(b), side(c), side(p.y)}};
}

/// The descriptors of a shape, and the algorithm that was found for it.
class ProductPlan {
 public:
  ProductPlan(cublasLtHandle_t handle, const LibraryProduct& p, std::size_t workspace) {
    const bool in_double = p.y.type == Type::f64;
    const Matrix &a = p.a.matrix, &b = p.b.matrix, &c = p.added.data ? p.added : p.y;
    made_ = made(cublasLtMatmulDescCreate(out(product_), in_double ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                          in_double ? CUDA_R_64F : CUDA_R_32F)) &&
            layout(a_, b) && layout(b_, a) && layout(c_, c) && layout(d_, p.y);
    if (!made_) return;
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue(p));
    set_bias(p);
    find(handle, p, c, workspace);
  }

  /// Whether the library has an algorithm for the shape.
  explicit operator bool() const { return made_; }

  cublasStatus_t run(cublasLtHandle_t handle, const LibraryProduct& p, void* workspace, std::size_t bytes,
                     cudaStream_t stream) {
    set_bias(p);
    const bool in_double = p.y.type == Type::f64, add = p.added.data != nullptr;
    const float one = 1, beta = add ? 1 : 0;
    const double one_in_double = 1, beta_in_double = add ? 1 : 0;
    const auto number = [&](const float& f, const double& d) {
      return in_double ? static_cast<const void*>(&d) : static_cast<const void*>(&f);
    };
    return cublasLtMatmul(handle, product_.get(), number(one, one_in_double), p.b.matrix.data, a_.get(),
                          p.a.matrix.data, b_.get(), number(beta, beta_in_double), add ? p.added.data : p.y.data,
                          c_.get(), p.y.data, d_.get(), &algorithm_, workspace, bytes, stream);
  }

 private:
  template <class X, cublasStatus_t (*destroy)(X*)>
  struct Destroy {
    void operator()(X* x) const { destroy(x); }
  };
  using Product =
      std::unique_ptr<cublasLtMatmulDescOpaque_t, Destroy<cublasLtMatmulDescOpaque_t, cublasLtMatmulDescDestroy>>;
  using Layout =
      std::unique_ptr<cublasLtMatrixLayoutOpaque_t, Destroy<cublasLtMatrixLayoutOpaque_t, cublasLtMatrixLayoutDestroy>>;
  using Preference = std::unique_ptr<cublasLtMatmulPreferenceOpaque_t,
                                     Destroy<cublasLtMatmulPreferenceOpaque_t, cublasLtMatmulPreferenceDestroy>>;

  /// A place for a creating function to write to.
  template <class Owner>
  class Made {
   public:
    explicit Made(Owner& owner) : owner_{owner} {}
    ~Made() { owner_.reset(raw_); }
    operator typename Owner::pointer *() { return &raw_; }

   private:
    Owner& owner_;
    typename Owner::pointer raw_ = nullptr;
  };
  template <class Owner>
  static Made<Owner> out(Owner& owner) {
    return Made<Owner>{owner};
  }
  static bool made(cublasStatus_t status) { return status == CUBLAS_STATUS_SUCCESS; }

  static bool layout(Layout& owner, const Matrix& m) {
    const cudaDataType_t type = m.type == Type::f64 ? CUDA_R_64F : m.type == Type::bf16 ? CUDA_R_16BF : CUDA_R_32F;
    return made(cublasLtMatrixLayoutCreate(out(owner), type, static_cast<std::uint64_t>(m.cols),
                                           static_cast<std::uint64_t>(m.rows), std::max(m.stride, m.cols)));
  }
  static cublasLtEpilogue_t epilogue(const LibraryProduct& p) {
    if (p.relu) return p.bias.data ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    return p.bias.data ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  }
  template <class V>
  void set(cublasLtMatmulDescAttributes_t attribute, const V& value) {
    made_ = made_ && made(cublasLtMatmulDescSetAttribute(product_.get(), attribute, &value, sizeof value));
  }
  void set_bias(const LibraryProduct& p) {
    if (p.bias.data) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias.data);
  }

  void find(cublasLtHandle_t handle, const LibraryProduct& p, const Matrix& c, std::size_t workspace) {
    Preference preference;
    made_ = made_ && made(cublasLtMatmulPreferenceCreate(out(preference)));
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
      made_ = made_ && made(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof value));
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace));
    // Parts of a sum are added in a step of their own, in the type of the sum.
    prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(p.b.matrix.data));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(p.a.matrix.data));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(c.data));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(p.y.data));
    cublasLtMatmulHeuristicResult_t best{};
    int found = 0;
    made_ = made_ &&
            made(cublasLtMatmulAlgoGetHeuristic(handle, product_.get(), a_.get(), b_.get(), c_.get(), d_.get(),
                                                preference.get(), 1, &best, &found)) &&
            found == 1 && made(best.state);
    algorithm_ = best.algo;
  }

  Product product_;
  Layout a_, b_, c_, d_;
  cublasLtMatmulAlgo_t algorithm_{};
  bool made_ = false;
};

/// The library on one device. An algorithm is looked for once per shape; what it has none for is refused.
class CublasLt {
 public:
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;
  static constexpr std::size_t most_plans = 4096;

  CublasLt() = default;
  ~CublasLt() { close(); }
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;

  bool open() { return cublasLtCreate(&handle_) == CUBLAS_STATUS_SUCCESS; }
  void close() {
    plans_.clear();
    if (handle_ != nullptr) cublasLtDestroy(std::exchange(handle_, nullptr));
  }

  /// Whether the product was queued.   workspace : workspace_bytes, of the device
  bool multiply(const LibraryProduct& product, void* workspace, cudaStream_t stream, Failure& failure) {
    const ProductShape shape = shape_of(product);
    auto at = plans_.find(shape);
    if (at == plans_.end()) {
      if (plans_.size() == most_plans) plans_.clear();  // texts of other lengths have ever other shapes
      at = plans_.try_emplace(shape, handle_, product, workspace_bytes).first;
    }
    if (!at->second) return false;
    const cublasStatus_t status = at->second.run(handle_, product, workspace, workspace_bytes, stream);
    if (status == CUBLAS_STATUS_SUCCESS) return true;
    failure.code = Failure::launch;
    std::snprintf(failure.text, sizeof failure.text, "cuBLASLt: %s", cublasLtGetStatusString(status));
    return false;
  }

 private:
  cublasLtHandle_t handle_ = nullptr;
  std::map<ProductShape, ProductPlan> plans_;
};

}  // namespace clip_cuda
