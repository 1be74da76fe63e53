// clip/core/abi.hpp: inline ABI namespace of every symbol of the library.
//
// Its name encodes the version, the instruction set, whether exceptions are enabled and whether kernels are linked.
// Objects compiled with different settings therefore never share an inline function: they link into one program, or
// fail to link where they would exchange values.
#pragma once

#include <clip/version.hpp>

#ifdef __FAST_MATH__
#error "clip: -ffast-math changes the order of sums and the meaning of NaN; build without it"
#endif

#if defined(__AVX512F__)
#define CLIP_ABI_SET avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define CLIP_ABI_SET avx2
#elif defined(__ARM_NEON)
#define CLIP_ABI_SET neon
#else
#define CLIP_ABI_SET generic
#endif

#if defined(__cpp_exceptions)
#define CLIP_EXCEPTIONS 1
#define CLIP_ABI_THROW throwing
#else
#define CLIP_EXCEPTIONS 0
#define CLIP_ABI_THROW nothrow
#endif

// Cpu<float> has another definition in programs that link clip::precompiled.
#if defined(CLIP_WITH_PRECOMPILED)
#define CLIP_ABI_KERNELS _linked
#else
#define CLIP_ABI_KERNELS
#endif

#define CLIP_ABI_JOIN_(a, b, c, d, e, f) v##a##_##b##_##c##_##d##_##e##f
#define CLIP_ABI_JOIN(a, b, c, d, e, f) CLIP_ABI_JOIN_(a, b, c, d, e, f)

/// Usage: `namespace clip::inline CLIP_ABI { … }`.
#define CLIP_ABI                                                                                          \
  CLIP_ABI_JOIN(CLIP_VERSION_MAJOR, CLIP_VERSION_MINOR, CLIP_VERSION_PATCH, CLIP_ABI_SET, CLIP_ABI_THROW, \
                CLIP_ABI_KERNELS)

// The host half: functions that depend neither on a model's type nor on its backend, such as readers of files,
// tokenizers and image decoders. A header x.hpp declares them with CLIP_HOST, and x.inl.hpp beside it defines them.
// clip::precompiled holds their objects, compiled with exceptions for the baseline of the platform; a program with the
// same settings that links it sees declarations only. Every other program includes the definitions.
#if !defined(CLIP_WITH_PRECOMPILED) || !CLIP_EXCEPTIONS || defined(__AVX512F__) || \
    (defined(__AVX2__) && defined(__FMA__))
#define CLIP_HOST_LINKED 0
#define CLIP_HOST inline
#elif defined(CLIP_BUILDS_PRECOMPILED)
#define CLIP_HOST_LINKED 0
#define CLIP_HOST
#else
#define CLIP_HOST_LINKED 1
#define CLIP_HOST
#endif

#define CLIP_STRING_(x) #x
#define CLIP_STRING(x) CLIP_STRING_(x)

/// Marks functions that a device compiler compiles for host and device.
#ifdef __CUDACC__
#define CLIP_HOST_DEVICE __host__ __device__
#else
#define CLIP_HOST_DEVICE
#endif

namespace clip::inline CLIP_ABI {

/// The settings of this translation unit, for example "v0_1_0_avx512_throwing".
inline constexpr const char* abi_name = CLIP_STRING(CLIP_ABI);

}  // namespace clip::inline CLIP_ABI
