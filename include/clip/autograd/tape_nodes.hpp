// clip/autograd/tape_nodes.hpp: the list of what ran, and the walk over it from its end.
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

/// What a Tape is made of: its entries, where their gradients go, and the memory of those.
template <Backend B>
class TapeNodes {
 protected:
  using T = typename B::Scalar;
  using Node = TapeNode<B>;
  using Input = typename Node::Input;

  explicit TapeNodes(Parameters<B>& parameters) : parameters_{&parameters}, backend_{parameters.backend()} {}

  Node& at(Index node) { return nodes_[static_cast<std::size_t>(node)]; }

  void add_input(Node& node, Absent) { node.inputs[static_cast<std::size_t>(node.count++)] = {}; }
  void add_input(Node& node, const Parameter<T>& p) { add_weight(node, p.weights(), p.data); }
  void add_input(Node& node, const ParameterSlice<T>& p) { add_weight(node, p.weights(), p.parameter->data); }
  void add_weight(Node& node, Weights<T> value, const T* base) {
    Trainable<T>* weight = parameters_->find(base);
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
    bool again = false;  // the same rows come in twice: neither may store, both add
    for (std::size_t k = i + 1; k < static_cast<std::size_t>(node.count); ++k)
      again = again || (input.value.data && node.inputs[k].value.data == input.value.data);
    if (input.weight) {
      Trainable<T>& e = *input.weight;
      const Index offset = input.value.data - e.value.data;
      const bool whole = input.value.count() == e.value.count();
      if (e.fresh && (!whole || again)) {
        backend_.fill(e.gradient, T(0));
        e.fresh = false;
      }
      return {View<T>{e.gradient.data + offset, input.value.rows, input.value.cols, e.gradient.stride},
              std::exchange(e.fresh, false)};
    }
    if (input.node < 0 || !at(input.node).wanted) return {};
    Node& source = at(input.node);
    if (!source.gradient) source.gradient = pool_.lend(backend_, source.value.rows, source.value.cols);
    if (source.fresh && again) {
      backend_.fill(source.gradient, T(0));
      source.fresh = false;
    }
    return {source.gradient, std::exchange(source.fresh, false)};
  }

  /// Gives the memory of a lent result back.
  void forget(Node& node) {
    if (!node.again || !node.value) return;
    pool_.give_back(node.value);
    node.value.data = nullptr;
  }

  /// Makes sure that a result is there, and the rows a node reads.
  void remember(Node& node) {
    if (node.value || !node.again) return;
    node.value = pool_.lend(backend_, node.value.rows, node.value.cols);
    remember_inputs(node);
    node.again(*this, node);
  }
  void remember_inputs(Node& node) {
    for (Input& input : std::span{node.inputs}.first(static_cast<std::size_t>(node.count)))
      if (input.node >= 0 && at(input.node).again) {
        remember(at(input.node));
        input.value.data = at(input.node).value.data;
      }
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
    if (!n.gradient) n.gradient = pool_.lend(backend_, n.value.rows, n.value.cols);
    n.fresh = false;
  }

  /// Backward through the nodes from the last to `first`.
  void run(std::size_t first) {
    for (std::size_t i = nodes_.size(); i-- > first;) {
      if (!nodes_[i].backward || nodes_[i].fresh) {  // nothing that was asked for depends on it
        forget(nodes_[i]);
        continue;
      }
      if (nodes_[i].spent)
        raise(OptionError{"backward",
                          "this pass was walked back before: add the losses, or clear the tape and record again"});
      nodes_[i].spent = true;
      remember_inputs(nodes_[i]);
      nodes_[i].backward(*this, nodes_[i]);
      forget(nodes_[i]);
      pool_.give_back(nodes_[i].gradient);
      nodes_[i].gradient = {};
      nodes_[i].fresh = true;
    }
  }

  Parameters<B>* parameters_;
  B backend_;
  GradientPool<B> pool_;
  std::vector<Node> nodes_;
};

}  // namespace clip::inline CLIP_ABI
