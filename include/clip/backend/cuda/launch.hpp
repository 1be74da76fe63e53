// clip/backend/cuda/launch.hpp: what the host calls on a CUDA device: plain values and one function per primitive.
//
// Both sides of these functions are compiled by different compilers for different instruction sets, so nothing of
// namespace clip, whose names carry them, crosses: only the types below, by value. A failure is a value, too. The
// functions come from the list of primitives: the parameter types of the list mean the types of this namespace.
#pragma once

#include <cstddef>
#include <cstdint>

namespace clip_cuda {

/// Version of these declarations: open() refuses a program that was compiled with others.
inline constexpr int launch_version = 2;

using Index = std::int64_t;

/// Type of the values of a matrix; bf16: of the sides of a library's product only.
enum class Type : unsigned char { f32, f64, bf16 };

/// A matrix in device memory: rows of `cols` consecutive values, `stride` values apart. Null where it is absent.
struct Matrix {
  void* data;
  Index rows, cols, stride;
  Type type;
};

/// A matrix that is added to; while it is fresh it is written in full.
struct Sum {
  Matrix target;
  bool fresh;
};

/// A pointwise function: its number, and up to two attributes.
struct Function {
  enum class Name : unsigned char {
    identity,
    relu,
    quick_gelu,
    gelu,
    gelu_tanh,
    logistic,
    tanh,
    exponential,
    reciprocal,
    inverse_length,
    weighted_softplus,           // a: weight, b: 1 where negated
    slope_of_weighted_softplus,  // the same
    times,                       // a: factor
    affinity,                    // a: beta
    hinge,                       // a: margin
    squared_shortfall,           // a: margin
    half_square,
  };
  Name name;
  double a = 0, b = 0;
};

/// y = residual + f(scale ⊙ z + bias + shortcut); `before` receives the argument of f.
struct ProductEpilogue {
  Matrix bias;
  Function activation;
  Matrix before, residual, scale, shortcut;
};

/// y = residual + scale ⊙ (w2 f(w1 x̂ + b1)) + b2
struct FeedForwardBlock {
  Matrix gain, bias;
  double epsilon;
  Matrix w1, b1, w2, b2, scale, residual;
};

struct Segment {
  Index begin, end, parent, position;
};

/// Segments and pooled rows in host memory.
struct Sequences {
  const void* segments;  // of type Segment
  Index count;
  const std::int32_t* pooled;
  Index pooled_count;
};

/// Row numbers, token ids or group numbers in host memory.
struct Ids {
  const std::int32_t* data;
  Index count;
};

struct AttentionPattern {
  Index heads;
  bool causal, pooled;
};

struct Grid {
  Index images, height, width;
};
struct Window {
  Index size, stride, padding;
};
struct CentredWindow {
  Index height, width, stride;
};

enum class Axis : int { rows, columns };

/// One weight of an optimiser step, and the states of the optimiser. No gaps between rows.
struct WeightUpdate {
  struct Values {
    void* data;
    Index rows, cols, stride;
  };
  Values value, gradient, first, second;
  double rate, weight_decay, low, high;
};
/// The weights of a step, in host memory.
struct WeightUpdates {
  const void* weights;  // of type WeightUpdate
  Index count;
  Type type;
};
/// Loss, norm of the gradients, and factor on them, in device memory.
struct StepNumbers {
  double loss, norm, factor;
};
struct AdamwStep {
  double learning_rate, beta1, beta2, epsilon, correction1, correction2;
};
struct SgdStep {
  double learning_rate, momentum;
  bool first;
};

/// What went wrong, in words; none: code 0.
struct Failure {
  enum Code : int { none, driver, device, version, memory, launch };
  int code = none;
  char text[240] = {};
  explicit operator bool() const { return code != none; }
};

class Device;  // runtime.hpp

/// One call of a primitive: where it runs, and how it went.
struct Call {
  Device* device;
  bool reduced = false;  // products of float in bfloat16, summed in float
  Failure failure{};
};

struct Options {
  int device = 0;
  bool wait = false;  // for debugging: waits after every launch, so that a failure names its primitive
  int version = launch_version;
};

/// What a device was asked to do so far.
struct Counts {
  Index launches = 0, allocations = 0, uploads = 0, downloads = 0;
};

/// The number of devices; 0 without a driver.
int devices() noexcept;
Device* open(const Options& options, Failure& failure) noexcept;
void close(Device* device) noexcept;
/// "NVIDIA H200, compute capability 9.0"; belongs to the device.
const char* describe(const Device* device) noexcept;
Counts counts(const Device* device) noexcept;

void* allocate(Call& call, std::size_t bytes) noexcept;  // zeros
void deallocate(Call& call, void* data, std::size_t bytes) noexcept;
/// Values of `type`, row by row, from and to host memory. They convert to the type of the matrix on the device.
void upload(Call& call, const void* host, Type type, Matrix y) noexcept;
void download(Call& call, Matrix x, void* host, Type type) noexcept;
StepNumbers read(Call& call, const StepNumbers* numbers) noexcept;

// The lists of backend/primitives.def.hpp.
namespace primitive_types {
using T = double;
using F = Function;
template <class>
using In = Matrix;
template <class>
using Out = Matrix;
template <class>
using Saved = Matrix;
template <class>
using Weights = Matrix;
template <class>
using Acc = Sum;
template <class>
using UpdateTable = WeightUpdates;
template <class, class>
using Epilogue = ProductEpilogue;
template <class>
using FeedForward = FeedForwardBlock;

// The parameters of a primitive after the call.
#define CLIP_CUDA_CALL(...) (Call & call __VA_OPT__(, ) __VA_ARGS__) noexcept
#define CLIP_PRIMITIVE(result, name, parameters, arguments) result name CLIP_CUDA_CALL parameters;
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>
}  // namespace primitive_types
using namespace primitive_types;

/// A function of the user's own, compiled into a device object of the program (own_functions.cuh):
///   y = residual + f(x);   d += dy f'(x).          F: the same name for both compilers, so not of namespace clip
template <class F>
void map_own(Call& call, F f, Matrix x, Matrix residual, Matrix y) noexcept;
template <class F>
void map_slope_own(Call& call, F f, Matrix x, Matrix dy, Sum d) noexcept;

}  // namespace clip_cuda
