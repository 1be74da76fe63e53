// clip/autograd/tape.hpp: recorded forward pass, and its backward pass.
//
// The tape is the list of ops in execution order; backward reads it from the end. Each node holds an op (a small
// value), views of its inputs and of its output, and what the op saved. Gradients of weights go to the `Parameters`
// table; gradients of rows live from the last use of the rows to the op that computed them. Within a stage a result
// that is cheap to recompute (of a layer norm, of an activation) is temporary: it is released when the stage ends and
// recomputed when backward reads it.
#pragma once

#include <clip/autograd/context.hpp>
#include <clip/autograd/parameters.hpp>
#include <clip/autograd/statistics.hpp>
#include <clip/autograd/tape_nodes.hpp>
#include <clip/core/rng.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct TapeOptions {
  bool recompute = false;  // keep only the rows between blocks, and recompute each block in the backward pass
  // Keep the rows between blocks and the inputs of attention: recompute the attention, the sum after it and the hidden
  // rows. Less memory is saved than by `recompute`, at less cost.
  bool recompute_inside = false;
  bool evaluation = false;   // batch norms use their running statistics, as in inference; gradients flow all the same
  bool every_row = false;    // the gradient of every result is wanted, whatever it depends on
  double patch_dropout = 0;  // share of an image's patches that a vision transformer leaves out
};

template <Backend B>
class Tape : public ContextBase<B, Mode::training>, private TapeNodes<B> {
 public:
  using T = typename B::Scalar;

  /// Records for these parameters; everything else is constant.
  explicit Tape(Parameters<B>& parameters, TapeOptions options = {})
      : TapeNodes<B>{parameters}, options_{options}, workspace_{parameters.backend()}, statistics_{
                                                                                           parameters.backend()} {}
  /// Records without a table: every weight is constant. Gradients reach leaves, or with `every_row` all rows.
  explicit Tape(B backend, TapeOptions options = {})
      : TapeNodes<B>{backend}, options_{options}, workspace_{backend}, statistics_{backend} {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  B& backend() { return workspace_.backend(); }
  std::size_t bytes() const { return workspace_.bytes(); }

  /// Whether batch norms use their running statistics.
  bool evaluating() const { return options_.evaluation; }

  /// The share of patches to leave out.
  double patch_dropout() const { return options_.patch_dropout; }
  /// The random choices of the passes from now on depend on this stream: on the same one, the same ones.
  void draw_from(Rng rng) { rng_ = rng; }
  Rng rng() const { return rng_; }
  /// The stream, for a layer that makes random choices.
  Rng draw() {
    drew_ = true;
    return rng_;
  }
  /// Whether any layer made random choices.
  bool drew() const { return drew_; }

  /// Begins a new step. Rows of the last one are gone, and statistics that were not committed; gradients in the table
  /// stay until an optimiser used them.
  void clear() {
    nodes_.clear();
    stages_ = 0;
    recomputing_ = false;
    statistics_.clear();
    workspace_.clear();
    pool_.clear();
    this->kept_.clear();
  }

  template <Index W>
  Rows<Tape, W> allocate(Index rows, Size<W> width) {
    return {workspace_.allocate(rows, width)};
  }

  /// Rows that no op computed but whose gradient is wanted; read it with gradient_of after backward.
  template <Index W>
  Rows<Tape, W> leaf(Rows<Tape, W> x) {
    Node node{};
    node.op = "leaf";
    node.wanted = true;
    return push(node, x.view, Size<W>{x.cols()});
  }

  /// y = op(inputs…) : (rows, width), recorded where the gradient of some input is wanted.
  template <class Op, Index W, class... In>
  Rows<Tape, W> apply(const Op& op, Index rows, Size<W> width, const In&... inputs) {
    static_assert(detail::has_backward<Op, B, T, In...>,
                  "tape: this op has no derivative: it can be used in inference, not in training");
    static_assert(sizeof...(In) <= Node::max_inputs && Node::template holds<Op>, "tape: an op is a small, plain value");
    if constexpr (detail::has_backward<Op, B, T, In...>) {
      constexpr bool cheap = detail::has_recompute<Op, B, T, In...>;
      bool again = false;
      if constexpr (detail::has_again<Op, B, T, In...>)
        again = stages_ > 0 && options_.recompute_inside && !options_.recompute &&
                op.worth_again(detail::value_of<T>(inputs)...);
      const bool temporary = again || (cheap && stages_ > 0);
      const View<T> y = temporary ? pool_.allocate(backend(), rows, width) : workspace_.allocate(rows, width);
      Node node{};
      node.wanted = options_.every_row;
      if constexpr (requires { op.saved(detail::value_of<T>(inputs)...); }) {
        const Extents kept = op.saved(detail::value_of<T>(inputs)...);
        if (kept.rows > 0 && again) node.saved = {nullptr, kept.rows, kept.cols};
        else if (kept.rows > 0) node.saved = workspace_.allocate(kept.rows, kept.cols);
      }
      op.forward(backend(), detail::value_of<T>(inputs)..., y, node.saved);
      node.op = Op::name;
      node.hold(op);
      node.again = again;
      node.reads_value = detail::wants_output<Op>;
      (add_input(node, inputs), ...);
      if constexpr (detail::has_unread<Op>) node.unread = Op::unread(node.inputs[1].weight != nullptr);
      if (node.wanted) check_layouts(node);
      if (node.wanted)
        node.backward = [](Nodes& tape, Node& n) {
          Nodes::template run_backward<Op>(tape, n, std::index_sequence_for<In...>{});
        };
      if constexpr (detail::has_again<Op, B, T, In...>)
        if (again)
          node.recompute = [](Nodes& tape, Node& n) {
            Nodes::template run_again<Op>(tape, n, std::index_sequence_for<In...>{});
          };
      if constexpr (cheap)
        if (temporary && !again)
          node.recompute = [](Nodes& tape, Node& n) {
            Nodes::template run_recompute<Op>(tape, n, std::index_sequence_for<In...>{});
          };
      return push(node, y, width);
    } else {
      return {};
    }
  }

  /// The same in memory of its own: the backward pass may read the old rows.
  template <class Op, Index W, class... In>
  Rows<Tape, W> apply_onto(const Op& op, Rows<Tape, W> y, const In&... inputs) {
    return apply(op, y.rows(), Size<W>{y.cols()}, inputs...);
  }

  /// One residual block: x ↦ f(x) of the same shape; temporary rows of f are released when it ends. With `recompute`
  /// only the result is kept, and the backward pass runs f a second time.
  template <Index W, class F>
  Rows<Tape, W> stage(Rows<Tape, W> x, F&& f) {
    using Stage = Recompute<std::remove_cvref_t<F>, W>;
    if constexpr (Node::template holds<Stage>) {
      if (options_.recompute) return recomputed(x, Stage{f});
    }
    const std::size_t first = nodes_.size();
    ++stages_;
    Rows<Tape, W> y = f(x);
    --stages_;
    if (y.node >= static_cast<Index>(first) && at(y.node).again) keep_result(at(y.node), y.view);
    for (std::size_t i = first; i < nodes_.size(); ++i)
      if (static_cast<Index>(i) != y.node) release(nodes_[i]);
    return y;
  }

  /// Collects the statistics of the batch, (mean, variance) : (2, n), which the op that computed y saved; not while a
  /// block is recomputed.
  template <Index W>
  void collect(Rows<Tape, W> y, const RunningStatistics<T>& running) {
    if (!recomputing_) statistics_.collect(View<const T>{at(y.node).saved}, y.rows(), running);
  }

  /// Applies the collected statistics to the running ones, once, in the order of the pass.
  void commit() { statistics_.commit(); }

  /// True where the gradient of these rows would reach a parameter of the table or a leaf.
  template <Index W>
  bool wants(Rows<Tape, W> y) {
    return y.node >= 0 && at(y.node).wanted;
  }

  /// Adds d loss / d weight to the table's gradients, for every weight in it.          loss : (1, 1)
  template <Index W>
  void backward(Rows<Tape, W> loss) {
    if (loss.view.count() != 1) raise(ShapeError{"backward", "values of the loss", 1, loss.view.count()});
    if (!wants(loss)) raise(OptionError{"backward", "the loss does not depend on any parameter of the table"});
    seed(loss.node);
    backend().fill(at(loss.node).gradient, T(1));
    run(0);
  }

  /// The same from any rows, given d something / d rows.
  template <Index W>
  void backward(Rows<Tape, W> y, View<const T> dy) {
    if (!wants(y)) raise(OptionError{"backward", "these rows do not depend on any parameter of the table"});
    if (dy.rows != y.rows() || dy.cols != y.cols())
      raise(ShapeError{"backward", "shape of the gradient", Shape{y.rows(), y.cols()}, Shape{dy.rows, dy.cols}});
    seed(y.node);
    backend().add(dy, Acc<T>{at(y.node).gradient, true});
    run(0);
  }

  /// Rows of an inference context, which recorded nothing, do not compile.
  template <class Cx, Index W, class... Gradient>
    requires(!std::same_as<Cx, Tape>)
  void backward(Rows<Cx, W>, const Gradient&...) {
    static_assert(
        sizeof(Cx) == 0,
        "backward: this tape did not record these rows: call the model and the loss with the tape as context");
  }

  /// After backward: the gradient of a leaf; null if nothing depended on it.
  template <Index W>
  View<const T> gradient_of(Rows<Tape, W> leaf) {
    if (leaf.node < 0)
      raise(OptionError{"gradient_of", "these rows are no leaf of this tape: make them one with leaf()"});
    return at(leaf.node).gradient;
  }

  /// Calls f(node) for every recorded op, in order of execution: what it read and its result (without data where it is
  /// temporary). A node that f marks as `retained` keeps its gradient in the next backward pass.
  template <class F>
  void visit_nodes(F&& f) {
    for (Node& node : nodes_) f(node);
  }

  /// The first op whose result is not finite, with the parameter it used or came after; empty if all is well.
  std::string first_not_finite() {
    std::string near;
    for (Node& node : nodes_) {
      for (int i = 0; i < node.count; ++i)
        if (const auto* weight = node.inputs[static_cast<std::size_t>(i)].weight) {
          near = weight->name;
          if (!backend().all_finite(weight->value)) return near + " (the weight itself)";
        }
      restore(node);
      const bool finite = backend().all_finite(node.value);
      release(node);
      if (!finite) return std::string(node.op) + (near.empty() ? "" : " at " + near);
    }
    return {};
  }

 private:
  using Nodes = TapeNodes<B>;
  using Nodes::at, Nodes::add_input, Nodes::check_layouts, Nodes::release, Nodes::restore, Nodes::seed, Nodes::run,
      Nodes::nodes_, Nodes::pool_;
  using typename Nodes::Node, typename Nodes::Input;

  template <Index W>
  Rows<Tape, W> push(Node& node, View<T> y, Size<W>) {
    node.value = y;
    nodes_.push_back(node);
    return {y, static_cast<Index>(nodes_.size()) - 1};
  }

  /// Moves the result of a stage, and what its op saved, from temporary memory.
  void keep_result(Node& node, View<T>& result) {
    if (node.saved.rows > 0) {  // not written yet
      node.saved = workspace_.allocate(node.saved.rows, node.saved.cols);
      node.recompute(*this, node);
    }
    const View<T> kept = workspace_.allocate(node.value.rows, node.value.cols);
    backend().add(View<const T>{node.value}, Acc<T>{kept, true});
    pool_.release(node.value);
    node.value = result = kept;
    node.again = false;
    node.recompute = nullptr;
  }

  template <class F, Index W>
  struct Recompute {
    F f;
  };

  template <class F, Index W>
  Rows<Tape, W> recomputed(Rows<Tape, W> x, const Recompute<F, W>& stage) {
    const View<T> kept = workspace_.allocate(x.rows(), x.cols());
    const std::size_t first = nodes_.size();
    const auto mark = workspace_.mark();
    ++stages_;
    const Rows<Tape, W> y = stage.f(x);
    --stages_;
    backend().add(y.view, Acc<T>{kept, true});
    Node node{};
    node.op = "block";
    node.wanted = y.node >= 0 && at(y.node).wanted;
    Trainable<T>* weight = nullptr;  // the first of the block, for first_not_finite
    for (std::size_t i = first; i < nodes_.size(); ++i)
      for (const Input& input : nodes_[i].inputs) weight = weight ? weight : input.weight;
    node.inputs[0] = {detail::value_of<T>(x), x.node, weight};
    node.count = 1;
    for (std::size_t i = first; i < nodes_.size(); ++i) release(nodes_[i]);
    nodes_.resize(first);
    workspace_.release(mark);
    node.hold(stage);
    if (node.wanted)
      node.backward = [](Nodes& nodes, Node& n) {
        Tape& tape = static_cast<Tape&>(nodes);
        const Recompute<F, W> block = n.template held<Recompute<F, W>>();
        const View<T> gradient = n.gradient;  // n moves when the tape grows
        const Input source = n.inputs[0];
        const std::size_t begin = tape.nodes_.size();
        const auto before = tape.workspace_.mark();
        const bool inside = std::exchange(tape.recomputing_, true);
        ++tape.stages_;
        const Rows<Tape, W> result = block.f(Rows<Tape, W>{
            View<T>{const_cast<T*>(source.value.data), source.value.rows, source.value.cols}, source.node});
        --tape.stages_;
        tape.recomputing_ = inside;
        tape.seed(result.node);
        tape.backend().add(gradient, Acc<T>{tape.at(result.node).gradient, true});
        tape.run(begin);
        tape.nodes_.resize(begin);
        tape.workspace_.release(before);
      };
    return push(node, kept, Size<W>{x.cols()});
  }

  TapeOptions options_;
  Workspace<B> workspace_;
  BatchStatistics<B> statistics_;
  Rng rng_{0};
  bool drew_ = false;
  int stages_ = 0;            // that are being recorded
  bool recomputing_ = false;  // in the backward pass of a block
};

template <Backend B>
Tape(Parameters<B>&) -> Tape<B>;
template <Backend B>
Tape(Parameters<B>&, TapeOptions) -> Tape<B>;
template <Backend B>
Tape(B, TapeOptions) -> Tape<B>;

}  // namespace clip::inline CLIP_ABI
