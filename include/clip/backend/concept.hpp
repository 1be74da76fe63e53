// clip/backend/concept.hpp: concept of a backend: memory, and the core list of primitives.
//
// The core list is what a new backend has to implement: both transformer towers, their losses and their training run on
// it. What some backends have in addition is in optional lists of their own: convolving.hpp, fusing.hpp, packing.hpp.
// Names, signatures and formulas of all of them are in primitives.def.hpp.
//
// Every primitive takes borrowed matrices whose memory the backend allocated and whose sizes are known at run time, so
// a kernel exists once per scalar type. `Naive` implements the lists in plain loops: it documents each formula, and
// every other backend is compared with it. Guarantees of every backend:
//   - the same calls with the same shapes and values give the same bits on one machine, whatever the threads;
//   - with `grouping_keeps_bits` the order of additions of a result depends on the length of its sum alone: never on the
//     number of rows, on the neighbours in the batch or on sharing (the same bits however work is grouped);
//   - a target `Acc` is added to; while it is fresh it is written in full;
//   - `Ids`, `Sequences`, tables, functors and values to upload are in host memory, and read before the call returns: a
//     device copies them to memory of its own first, and the caller may change them after. They come as they are: what
//     `upload` converts, it converts where that is fastest. Sequences and tables with equal stamps are equal, so that a
//     backend can keep its copy of them.
#pragma once

#include <clip/backend/update_table.hpp>
#include <clip/core/pointwise.hpp>
#include <clip/core/sequences.hpp>
#include <clip/core/weights.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

namespace clip::inline CLIP_ABI {

/// What happens to x wᵀ before it is stored:   y = residual + f(scale ⊙ (x wᵀ) + bias + shortcut).
/// `before` receives the argument of f where backward will need it. Absent parts are null. `residual` or `shortcut` may
/// be y itself.
template <class T, class F = fn::Identity>
struct Epilogue {
  In<T> bias{};  // (1, n)
  F activation{};
  Out<T> before{};   // (m, n)
  In<T> residual{};  // (m, n)
  In<T> scale{};     // (1, n)
  In<T> shortcut{};  // (m, n)
};

/// Which rows attend to which: heads of consecutive columns; `causal` restricts a row to itself and the rows before it;
/// `pooled` restricts the queries to the rows of Sequences::pooled().
struct AttentionPattern {
  Index heads = 1;
  bool causal = false;
  bool pooled = false;
};

/// Cross-entropy over the rows of a matrix of logits, or over its columns.
enum class Axis { rows, columns };

// clang-format off
namespace detail {
/// The core list for the scalar type T; F is any pointwise function.
template <class B, class T, class F>
concept CorePrimitives = requires(B& backend) {
#define CLIP_PRIMITIVES_CORE
#include <clip/backend/primitives.def.hpp>
};
}  // namespace detail

/// Memory is zeros when it is allocated, aligned to 64 bytes; `host_memory` says that the host may access it outside
/// primitives.
template <class B>
concept Backend = std::copyable<B> && requires(B& b, typename B::Scalar* p, View<typename B::Scalar> y,
                                               View<const typename B::Scalar> x) {
  { B::host_memory } -> std::convertible_to<bool>;
  { B::rows_at_once } -> std::convertible_to<Index>;  // of a transformer, in one inference pass
  { B::grouping_keeps_bits } -> std::convertible_to<bool>;
  { b.allocate(std::size_t{}) } -> std::same_as<void*>;
  b.deallocate(p, std::size_t{});
  b.upload(std::span<const float>{}, y);    // y = host values, converted
  b.upload(std::span<const double>{}, y);
  b.download(x, std::span<float>{});        // host = x, converted
  b.download(x, std::span<double>{});
  { b.read(static_cast<const StepNumbers*>(nullptr)) } -> std::same_as<StepNumbers>;  // to the host
  { b.describe() } -> std::same_as<std::string>;
} && detail::CorePrimitives<B, typename B::Scalar, fn::QuickGelu>;
// clang-format on

}  // namespace clip::inline CLIP_ABI
