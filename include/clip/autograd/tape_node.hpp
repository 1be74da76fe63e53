// clip/autograd/tape_node.hpp: node of a tape: an op, its inputs, its result and its derivative.
#pragma once

#include <clip/autograd/parameters.hpp>
#include <clip/core/weights.hpp>

#include <array>
#include <cstddef>
#include <new>
#include <string_view>
#include <type_traits>

namespace clip::inline CLIP_ABI {

template <Backend B>
class TapeNodes;

namespace detail {
template <class U, class>
using For = U;  // one U for every input

/// Whether Op has a derivative for these inputs: backward(b, inputs…, saved, dy, dinputs…), or with its own result y
/// before `saved` where it says `wants_output`.
// clang-format off
template <class Op, class B, class T, class... Inputs>
inline constexpr bool has_backward =
    requires(const Op& op, B& b, For<Weights<T>, Inputs>... in, In<T> y, Saved<T> saved, For<Acc<T>, Inputs>... d) {
      op.backward(b, in..., saved, y, d...);
    } ||
    requires(const Op& op, B& b, For<Weights<T>, Inputs>... in, In<T> y, Saved<T> saved, For<Acc<T>, Inputs>... d) {
      op.backward(b, in..., y, saved, y, d...);
    };

/// True for an op whose derivative reads its own result.
template <class Op>
inline constexpr bool wants_output = requires { requires Op::wants_output; };

/// Whether Op can recompute its result cheaply from its inputs and what it saved: recompute(b, inputs…, saved, y).
template <class Op, class B, class T, class... Inputs>
inline constexpr bool has_recompute =
    requires(const Op& op, B& b, For<Weights<T>, Inputs>... in, Saved<T> saved, Out<T> y) {
      op.recompute(b, in..., saved, y);
    };

/// Whether Op can run a second time, with the same bits, in a tape that recomputes inside of blocks:
/// again(b, inputs…, saved, y), where y is absent if only `saved` is wanted.
template <class Op, class B, class T, class... Inputs>
inline constexpr bool has_again =
    requires(const Op& op, B& b, For<Weights<T>, Inputs>... in, Saved<T> saved, Out<T> y) {
      op.again(b, in..., saved, y);
    };

/// Whether Op says which inputs its derivative does not read: bit i of unread(input 1 is trained) for input i.
template <class Op>
inline constexpr bool has_unread = requires(bool trained) { Op::unread(trained); };
// clang-format on
}  // namespace detail

/// The op is held by value, so that a step allocates nothing.
template <Backend B>
struct TapeNode {
  using T = typename B::Scalar;
  static constexpr std::size_t max_inputs = 6;
  static constexpr std::size_t state_bytes = 64;

  struct Input {
    Weights<T> value{};
    Index node = -1;                 // the node that computed it; -1: none
    Trainable<T>* weight = nullptr;  // its entry in the table, if it is a weight there
  };

  std::string_view op;
  void (*backward)(TapeNodes<B>&, TapeNode&) = nullptr;  // null where no gradient is wanted
  // Where `value` is temporary: its data is null after the stage, and recomputed when it is read.
  void (*recompute)(TapeNodes<B>&, TapeNode&) = nullptr;
  bool again = false;        // `saved` is temporary as well, and `recompute` runs the op anew
  bool reads_value = false;  // the derivative reads the op's own result
  unsigned unread = 0;       // the inputs whose values the derivative does not read, by bit
  alignas(std::max_align_t) std::byte state[state_bytes] = {};
  std::array<Input, max_inputs> inputs{};
  int count = 0;
  bool wanted = false;
  bool fresh = true;      // no gradient has arrived yet
  bool spent = false;     // its backward has run, and may have overwritten what was saved
  bool retained = false;  // its gradient stays after backward, until clear()
  View<T> value{}, saved{}, gradient{};

  /// Small, trivially copyable values can be held.
  template <class Op>
  static constexpr bool holds = std::is_trivially_copyable_v<Op> && sizeof(Op) <= state_bytes;

  template <class Op>
  void hold(const Op& held_op) {
    ::new (static_cast<void*>(state)) Op(held_op);
  }
  template <class Op>
  const Op& held() const {
    return *std::launder(reinterpret_cast<const Op*>(state));
  }
};

}  // namespace clip::inline CLIP_ABI
