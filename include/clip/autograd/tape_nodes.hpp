// clip/autograd/tape_nodes.hpp: nodes of a tape in execution order, and the backward pass over them.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/autograd/gradient_pool.hpp>
#include <clip/autograd/parameters.hpp>
#include <clip/autograd/tape_node.hpp>
#include <clip/backend/packing.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The nodes of a Tape, the targets of their gradients, and the memory of these.
template <Backend B>
class TapeNodes {
 protected:
  using T = typename B::Scalar;
  using Node = TapeNode<B>;
  using Input = typename Node::Input;

  explicit TapeNodes(Parameters<B>& parameters) : parameters_{&parameters}, backend_{parameters.backend()} {}
  explicit TapeNodes(B backend) : backend_{std::move(backend)} {}

  Node& at(Index node) { return nodes_[static_cast<std::size_t>(node)]; }

  void add_input(Node& node, Absent) { node.inputs[static_cast<std::size_t>(node.count++)] = {}; }
  void add_input(Node& node, const Parameter<T>& p) { add_weight(node, p.weights(), p.data); }
  void add_input(Node& node, const ParameterSlice<T>& p) { add_weight(node, p.weights(), p.parameter->data); }
  void add_weight(Node& node, Weights<T> value, const T* base) {
    Trainable<T>* weight = parameters_ ? parameters_->find(base) : nullptr;
    node.inputs[static_cast<std::size_t>(node.count++)] = {value, -1, weight};
    node.wanted = node.wanted || weight;
  }
  static void check_layouts(const Node& node) {
    for (const Input& input : node.inputs)
      if (!differentiable<B>(input.value.layout, input.value.use))
        raise(OptionError{std::string(node.op),
                          "no gradient passes through weights packed in this way: unpack() the model"});
  }

  template <class Cx, Index W>
  void add_input(Node& node, const Rows<Cx, W>& x) {
    node.inputs[static_cast<std::size_t>(node.count++)] = {detail::value_of<T>(x), x.node, nullptr};
    node.wanted = node.wanted || (x.node >= 0 && at(x.node).wanted);
  }

  /// Where the gradient of input i of a node goes.
  Acc<T> target(const Node& node, std::size_t i) {
    const Input& input = node.inputs[i];
    bool twice = false;  // the same rows are two inputs: neither may store its gradient, both add
    for (std::size_t k = i + 1; k < static_cast<std::size_t>(node.count); ++k)
      twice = twice || (input.value.data && node.inputs[k].value.data == input.value.data);
    if (input.weight) {
      Trainable<T>& e = *input.weight;
      const Index offset = input.value.data - e.value.data;
      const bool whole = input.value.count() == e.value.count();
      if (e.fresh && (!whole || twice)) {
        backend_.fill(e.gradient, T(0));
        e.fresh = false;
      }
      return {View<T>{e.gradient.data + offset, input.value.rows, input.value.cols, e.gradient.stride},
              std::exchange(e.fresh, false)};
    }
    if (input.node < 0 || !at(input.node).wanted) return {};
    Node& source = at(input.node);
    if (!source.gradient) source.gradient = pool_.allocate(backend_, source.value.rows, source.value.cols);
    if (source.fresh && twice) {
      backend_.fill(source.gradient, T(0));
      source.fresh = false;
    }
    return {source.gradient, std::exchange(source.fresh, false)};
  }

  /// Releases the memory of a temporary result, and of what its op saved if that is temporary too.
  void release(Node& node) {
    if (!node.recompute) return;
    release(node.value);
    if (node.again) release(node.saved);
  }
  void release(View<T>& temporary) {
    if (!temporary) return;
    pool_.release(temporary);
    temporary.data = nullptr;
  }

  /// Recomputes a result that was released, and the rows it depends on.
  void restore(Node& node) {
    if (node.value || !node.recompute) return;
    restore_inputs(node);
    node.value = pool_.allocate(backend_, node.value.rows, node.value.cols);
    restore_saved(node);
    node.recompute(*this, node);
  }
  /// Memory for what an op saves where that is temporary.
  void restore_saved(Node& node) {
    if (node.again && node.saved.rows > 0 && !node.saved)
      node.saved = pool_.allocate(backend_, node.saved.rows, node.saved.cols);
  }
  void restore_inputs(Node& node, unsigned unread = 0) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(node.count); ++i) {
      Input& input = node.inputs[i];
      if (input.node < 0 || !at(input.node).recompute || (unread >> i & 1u) != 0) continue;
      restore(at(input.node));
      input.value.data = at(input.node).value.data;
    }
  }
  /// Restores what the derivative of a node reads.
  void restore_for_backward(Node& node) {
    if (node.again && node.reads_value) restore(node);
    restore_inputs(node, node.unread);
    if (!node.again || node.saved.rows == 0 || node.saved) return;
    restore_inputs(node);
    restore_saved(node);
    node.recompute(*this, node);
  }

  template <class Op, std::size_t... I>
  static void run_recompute(TapeNodes& tape, Node& node, std::index_sequence<I...>) {
    node.template held<Op>().recompute(tape.backend_, node.inputs[I].value..., node.saved, Out<T>{node.value});
  }

  template <class Op, std::size_t... I>
  static void run_again(TapeNodes& tape, Node& node, std::index_sequence<I...>) {
    node.template held<Op>().again(tape.backend_, node.inputs[I].value..., node.saved, Out<T>{node.value});
  }

  template <class Op, std::size_t... I>
  static void run_backward(TapeNodes& tape, Node& node, std::index_sequence<I...>) {
    const Op& op = node.template held<Op>();
    const std::array<Acc<T>, sizeof...(I)> d{tape.target(node, I)...};
    if constexpr (detail::wants_output<Op>)
      op.backward(tape.backend_, node.inputs[I].value..., In<T>{node.value}, node.saved, In<T>{node.gradient}, d[I]...);
    else op.backward(tape.backend_, node.inputs[I].value..., node.saved, In<T>{node.gradient}, d[I]...);
  }

  void seed(Index node) {
    Node& n = at(node);
    if (!n.gradient) n.gradient = pool_.allocate(backend_, n.value.rows, n.value.cols);
    n.fresh = false;
  }

  /// Backward through the nodes from the last to `first`.
  void run(std::size_t first) {
    for (std::size_t i = nodes_.size(); i-- > first;) {
      if (!nodes_[i].backward || nodes_[i].fresh) {  // no gradient reached it
        release(nodes_[i]);
        continue;
      }
      if (nodes_[i].spent)
        raise(OptionError{"backward",
                          "this pass has had its backward pass: add the losses, or clear the tape and record again"});
      nodes_[i].spent = true;
      restore_for_backward(nodes_[i]);
      nodes_[i].backward(*this, nodes_[i]);
      release(nodes_[i]);
      if (nodes_[i].retained) continue;
      pool_.release(nodes_[i].gradient);
      nodes_[i].gradient = {};
      nodes_[i].fresh = true;
    }
  }

  Parameters<B>* parameters_ = nullptr;  // null: every weight is constant
  B backend_;
  GradientPool<B> pool_;
  std::vector<Node> nodes_;
};

}  // namespace clip::inline CLIP_ABI
