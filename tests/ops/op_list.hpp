// tests/ops/op_list.hpp: list of all ops, each with attributes and inputs that depend on its name alone.
#pragma once

#include <clip/autograd/tape_node.hpp>
#include <clip/ops/attention.hpp>
#include <clip/ops/batch_norm.hpp>
#include <clip/ops/block_diagonal.hpp>
#include <clip/ops/convolution.hpp>
#include <clip/ops/depthwise.hpp>
#include <clip/ops/feed_forward.hpp>
#include <clip/ops/fold_batch_norm.hpp>
#include <clip/ops/folded_convolution.hpp>
#include <clip/ops/gates.hpp>
#include <clip/ops/linear.hpp>
#include <clip/ops/losses.hpp>
#include <clip/ops/norms.hpp>
#include <clip/ops/pairs.hpp>
#include <clip/ops/patches.hpp>
#include <clip/ops/pointwise.hpp>
#include <clip/ops/pooling.hpp>
#include <clip/ops/query_attention.hpp>
#include <clip/ops/segment_mean.hpp>
#include <clip/ops/sigmoid_loss.hpp>
#include <clip/ops/tables.hpp>
#include <clip/ops/tokens.hpp>

#include "../support/matrix.hpp"

#include <array>
#include <cmath>
#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::testing {

/// A user's activation: value and slope take plain numbers only.
struct Softplus {
  static constexpr std::string_view name = "softplus";
  template <std::floating_point T>
  CLIP_HOST_DEVICE T operator()(T x) const {
    return std::log1p(std::exp(x));
  }
  template <std::floating_point T>
  CLIP_HOST_DEVICE T slope(T x) const {
    return 1 / (1 + std::exp(-x));
  }
};

/// An input of an op; without rows it is absent.
struct Operand {
  Index rows = 0, cols = 0;
  double scale = 1;
};

/// The struct of an op and its name in messages.
struct OpType {
  std::string type;  // "LinearOp"
  std::string_view name;
};

/// "LinearOp" for clip::LinearOp<clip::fn::Gelu>.
template <class Op>
std::string name_of_type() {
  std::string_view text = __PRETTY_FUNCTION__;  // "… [with Op = clip::…::LinearOp<…>; …]", "… [Op = …]"
  text.remove_prefix(text.find("Op = ") + 5);
  text = text.substr(0, text.find_first_of("<;]"));
  return std::string(text.substr(text.rfind(':') + 1));
}

/// An op with its attributes and the shapes of its test, on one backend. Without `backward` it is for inference only.
template <class B>
struct OpCase {
  using T = typename B::Scalar;

  std::string name;
  OpType type;
  std::vector<Operand> inputs;
  Index rows, cols;  // of the result
  std::function<Extents(const std::vector<Weights<T>>&)> saved;
  std::function<void(B&, const std::vector<Weights<T>>&, Out<T>, Saved<T>)> forward;
  std::function<void(B&, const std::vector<Weights<T>>&, In<T>, Saved<T>, In<T>, const std::vector<Acc<T>>&)> backward;

  Values values_of_input(std::size_t i) const {
    return random_values(Rng{23}.fork(name).fork(i), inputs[i].rows * inputs[i].cols, inputs[i].scale);
  }
  Values values_of_dy() const { return random_values(Rng{23}.fork(name).fork("dy"), rows * cols); }
};

template <class B>
class OpList {
 public:
  using T = typename B::Scalar;

  std::vector<OpCase<B>> cases;

  /// Views that an op holds point into the memory of this backend: the op runs on the same one.
  explicit OpList(B backend = {}) : backend_{backend} {
    linear_ops();
    convolution_ops();
    pointwise_ops();
    norm_ops();
    table_ops();
    attention_ops();
    loss_ops();
    inference_ops();
  }

 private:
  template <std::size_t N, class Op>
  void add(std::string name, Op op, const std::array<Operand, N>& inputs, Index rows, Index cols) {
    add_case(std::move(name), op, inputs, rows, cols, std::make_index_sequence<N>{});
  }

  template <class Op, std::size_t N, std::size_t... I>
  void add_case(std::string name, Op op, const std::array<Operand, N>& inputs, Index rows, Index cols,
                std::index_sequence<I...>) {
    OpCase<B> c{
        std::move(name), {name_of_type<Op>(), Op::name}, {inputs.begin(), inputs.end()}, rows, cols, {}, {}, {}};
    c.saved = [op](const std::vector<Weights<T>>& in) -> Extents {
      if constexpr (requires { op.saved(in[I]...); }) {
        return op.saved(in[I]...);
      } else {
        static_cast<void>(op);
        static_cast<void>(in);
        return Extents{};
      }
    };
    c.forward = [op](B& b, const std::vector<Weights<T>>& in, Out<T> y, Saved<T> kept) {
      op.forward(b, in[I]..., y, kept);
    };
    if constexpr (detail::has_backward<Op, B, T, decltype(inputs[I])...>)
      c.backward = [op](B& b, const std::vector<Weights<T>>& in, In<T> y, Saved<T> kept, In<T> dy,
                        const std::vector<Acc<T>>& d) {
        if constexpr (requires { requires Op::wants_output; }) op.backward(b, in[I]..., y, kept, dy, d[I]...);
        else static_cast<void>(y), op.backward(b, in[I]..., kept, dy, d[I]...);
      };
    cases.push_back(std::move(c));
  }

  void linear_ops() {
    linear_op<fn::Identity>();
    linear_op<fn::QuickGelu>();
    linear_op<fn::Gelu>();
    linear_op<fn::GeluTanh>();
    linear_op<Softplus>();
    add<2>("project", ProjectOp{}, {{{5, 7}, {7, 6}}}, 5, 6);
    add<2>("matmul_nt", MatmulNtOp{}, {{{5, 7}, {4, 7}}}, 5, 4);
  }

  template <class F>
  void linear_op() {
    const std::string name = "linear, " + std::string(F::name);
    add<4>(name, LinearOp<F>{}, {{{5, 7}, {6, 7}, {1, 6}, {5, 6}}}, 5, 6);
    add<4>(name + ", no residual", LinearOp<F>{}, {{{5, 7}, {6, 7}, {1, 6}, {}}}, 5, 6);
    add<4>(name + ", no bias", LinearOp<F>{}, {{{5, 7}, {6, 7}, {}, {5, 6}}}, 5, 6);
    add<4>(name + ", neither", LinearOp<F>{}, {{{5, 7}, {6, 7}, {}, {}}}, 5, 6);
    add<4>(name + ", larger than a tile", LinearOp<F>{}, {{{13, 19}, {35, 19}, {1, 35}, {13, 35}}}, 13, 35);
  }

  void convolution_ops() {
    const Grid grid{2, 5, 4};
    for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}, Window{2, 1, 0}, Window{2, 3, 0}}) {
      const Index places = window.over(grid).rows();
      add<2>("convolution " + std::to_string(window.size) + ", stride " + std::to_string(window.stride),
             ConvolutionOp{grid, window}, {{{grid.rows(), 3}, {4, 3 * window.area()}}}, places, 4);
    }
    add<3>("biased_convolution, even window", BiasedConvolutionOp<fn::Identity>{grid, {4, 2, 1}},
           {{{grid.rows(), 3}, {4, 48}, {1, 4}}}, Window{4, 2, 1}.over(grid).rows(), 4);
    add<2>("convolution, wider than a panel", ConvolutionOp{{1, 3, 4}, {3, 1, 1}}, {{{12, 35}, {37, 35 * 9, 0.2}}}, 12,
           37);
    for (const CentredWindow window : {CentredWindow{3, 3}, CentredWindow{7, 7, 2}, CentredWindow{1, 11}}) {
      const Index places = window.over(grid).rows();
      const std::string kind = " " + std::to_string(window.height) + " x " + std::to_string(window.width);
      add<3>("depthwise" + kind, DepthwiseOp{grid, window}, {{{grid.rows(), 19}, {19, window.area()}, {1, 19}}}, places,
             19);
      add<3>("depthwise, two outputs per channel, no bias" + kind, DepthwiseOp{grid, window},
             {{{grid.rows(), 3}, {6, window.area()}, {}}}, places, 6);
    }
    add<1>("block_diagonal", BlockDiagonalOp{3}, {{{6, 5}}}, 6, 15);
    add<2>("gate", GateOp{}, {{{6, 19}, {2, 19}}}, 6, 19);
    add<3>("layer_scale", LayerScaleOp{}, {{{3, 19}, {19, 1}, {3, 19}}}, 3, 19);
    add<1>("average_pool", AveragePoolOp{grid, 2}, {{{grid.rows(), 3}}}, 8, 3);  // the fifth line is not read
    add<1>("max_pool", MaxPoolOp{grid, {3, 2, 1}}, {{{grid.rows(), 3}}}, Window{3, 2, 1}.over(grid).rows(), 3);
    add<1>("channels_last", ChannelsLastOp{3}, {{{2, 3 * 20}}}, 40, 3);
  }

  void pointwise_ops() {
    add<1>("map relu", Pointwise<fn::Relu>{}, {{{3, 19}}}, 3, 19);
    add<1>("map identity", Pointwise<fn::Identity>{}, {{{3, 19}}}, 3, 19);
    add<1>("map quick_gelu", Pointwise<fn::QuickGelu>{}, {{{3, 19}}}, 3, 19);
    add<1>("map gelu", Pointwise<fn::Gelu>{}, {{{3, 19}}}, 3, 19);
    add<1>("map gelu_tanh", Pointwise<fn::GeluTanh>{}, {{{3, 19}}}, 3, 19);
    add<1>("map softplus", Pointwise<Softplus>{}, {{{3, 19}}}, 3, 19);
    add<1>("map hinge", Pointwise<fn::Hinge>{{0.3}}, {{{3, 19}}}, 3, 19);
    add<1>("map squared_shortfall", Pointwise<fn::SquaredShortfall>{{0.7}}, {{{3, 19}}}, 3, 19);
    add<1>("map half_square", Pointwise<fn::HalfSquare>{}, {{{3, 19}}}, 3, 19);
    add<1>("map times", Pointwise<fn::Times>{{-1.5}}, {{{3, 19}}}, 3, 19);
    add<1>("map tanh", Pointwise<fn::Tanh>{}, {{{3, 19}}}, 3, 19);
    add<1>("map logistic", Pointwise<fn::Logistic>{}, {{{3, 19}}}, 3, 19);
    add<2>("add", AddOp{}, {{{3, 19}, {3, 19}}}, 3, 19);
    add<2>("subtract", SubtractOp{}, {{{3, 19}, {3, 19}}}, 3, 19);
  }

  void norm_ops() {
    add<3>("layer_norm", LayerNormOp{1e-5}, {{{5, 19}, {1, 19}, {1, 19}}}, 5, 19);
    add<3>("layer_norm, large epsilon", LayerNormOp{0.5}, {{{4, 8}, {1, 8}, {1, 8}}}, 4, 8);
    add<1>("normalize", NormalizeOp{}, {{{5, 19}}}, 5, 19);
    add<3>("batch_norm", BatchNormOp{1e-5}, {{{7, 19}, {1, 19}, {1, 19}}}, 7, 19);
    add<3>("batch_norm, large epsilon", BatchNormOp{0.5}, {{{40, 3}, {1, 3}, {1, 3}}}, 40, 3);
    add<3>("batch_norm, running statistics", RunningBatchNormOp<T>{numbers(19, false), numbers(19, true), 1e-5},
           {{{7, 19}, {1, 19}, {1, 19}}}, 7, 19);
  }

  void table_ops() {
    add<1>("gather", GatherOp{ids({3, 0, 3, 3, 1, 6})}, {{{7, 5}}}, 6, 5);
    add<1>("segment_mean", SegmentMeanOp{ids({0, 0, 0, 1, 2, 2}), 3}, {{{6, 5}}}, 3, 5);
    add<2>("embedding", EmbeddingOp{ids({3, 0, 3, 2, 2}), ids({0, 1, 2, 0, 1})}, {{{5, 6}, {4, 6}}}, 5, 6);
    add<3>("learned_embedding",
           LearnedEmbeddingOp{ids({3, -1, 0, -2, -1}), ids({-4, 0, -1, 1, 0}), ids({0, 1, 2, 0, 1})},
           {{{5, 6}, {2, 6}, {4, 6}}}, 5, 6);
    add<1>("gather, some no rows", GatherOp{ids({-1, 3, -5, 0, 3})}, {{{7, 5}}}, 5, 5);
    add<1>("patches", PatchesOp{3, 6, 2}, {{{2, 108}}}, 18, 12);
    add<1>("patches as a gather", GatherPatchesOp{patch_ids_.of(2, 3, 6, 2), 2}, {{{2, 108}}}, 18, 12);
    add<1>("patches that do not cover the images", PatchesOp{3, 6, 4}, {{{2, 108}}}, 2, 48);
    add<1>("patches that do not cover the images, as a gather", GatherPatchesOp{uncovered_ids_.of(2, 3, 6, 4), 2},
           {{{2, 108}}}, 2, 48);
    add<3>("tokens", TokensOp{token_ids(2, 5, false)}, {{{8, 5}, {1, 5}, {5, 5}}}, 10, 5);
    add<3>("tokens, a first row without position", TokensOp{token_ids(2, 5, false, false)}, {{{8, 5}, {1, 5}, {4, 5}}},
           10, 5);
    add<3>("tokens, a first row for every image", TokensOp{token_ids(7, 3, true)}, {{{14, 5}, {7, 5}, {3, 5}}}, 21, 5);
  }

  void attention_ops() {
    for (const bool causal : {false, true})
      for (const bool tree : {false, true})
        for (const Index heads : {1, 3}) {
          const Sequences& s = sequences(tree);
          const Index rows = s.rows(), pooled = static_cast<Index>(s.pooled().size()), w = 6;
          const std::string kind =
              std::string(causal ? ", causal" : "") + (tree ? ", tree" : "") + ", heads " + std::to_string(heads);
          add<1>("attention" + kind, AttentionOp{{.heads = heads, .causal = causal}, &s}, {{{rows, 3 * w}}}, rows, w);
          const AttentionPattern pattern{.heads = heads, .causal = causal, .pooled = true};
          add<2>("pooled_attention" + kind, PooledAttentionOp{pattern, &s}, {{{pooled, w}, {rows, 2 * w}}}, pooled, w);
          add<3>("pooled_attention, separate" + kind, SeparatePooledAttentionOp{pattern, &s},
                 {{{pooled, w}, {rows, w}, {rows, w}}}, pooled, w);
        }
  }

  void loss_ops() {
    add<2>("exp_scale", ExpScaleOp{}, {{{4, 5}, {1, 1}}}, 4, 5);
    add<1>("cross_entropy, class labels",
           CrossEntropyOp{ids({2, 0, 2, 6, 1}), ids({0, 1, 2, 3, 4, 5, 6}), Axis::rows, 1}, {{{5, 7, 3}}}, 1, 1);
    for (const Axis axis : {Axis::rows, Axis::columns}) {
      const std::string kind = axis == Axis::rows ? ", rows" : ", columns";
      add<1>("cross_entropy" + kind, CrossEntropyOp{ids({0, 1, 2, 3}), ids({0, 1, 2, 3}), axis, 1}, {{{4, 4, 3}}}, 1,
             1);
      add<1>("cross_entropy, several positives" + kind,
             CrossEntropyOp{ids({0, 1, 1, 2, 0}), ids({1, 0, 2, 1}), axis, 0.5f}, {{{5, 4, 3}}}, 1, 1);
    }
    const auto scratch = [&](Index rows, Index cols) { return scratch_.emplace_back(backend_, rows, cols).view(); };
    add<1>("pick", PickOp{ids({7, 0, 7, 11, 3, 4})}, {{{3, 4}}}, 2, 3);
    add<2>("weighted_sum", WeightedSumOp{}, {{{5, 7}, {5, 7}}}, 1, 1);
    distance_scratch_ = {scratch(5, 7), scratch(5, 7), scratch(7, 1)};
    add<2>("row_distance", RowDistanceOp<T>{1e-6, &distance_scratch_}, {{{5, 7}, {5, 7}}}, 5, 1);
    sigmoid_pairs_.assign(ids({0, 1, 2, 1, 3}), ids({1, 0, 2, 1}));
    const Index most = sigmoid_pairs_.most();
    sigmoid_scratch_ = {scratch(5, 4), scratch(2, 4), scratch(most, 1), scratch(most, 1), scratch(9, 3)};
    add<3>("sigmoid_loss", SigmoidLossOp<T>{&sigmoid_pairs_, &sigmoid_scratch_}, {{{5, 3}, {4, 3}, {1, 1}}}, 1, 1);
  }

  void inference_ops() {
    const auto scratch = [&](Index rows, Index cols) { return scratch_.emplace_back(backend_, rows, cols).view(); };
    add<7>("feed_forward", FeedForwardOp<fn::QuickGelu, T>{1e-5, scratch(5, 7), scratch(5, 12)},
           {{{5, 7}, {1, 7}, {1, 7}, {12, 7}, {1, 12}, {7, 12}, {1, 7}}}, 5, 7);
    add<7>("scaled_mlp", ScaledMlpOp<fn::Gelu, T>{scratch(5, 12), scratch(1, 7)},
           {{{5, 7}, {12, 7}, {1, 12}, {7, 12}, {1, 7}, {1, 7}, {5, 7}}}, 5, 7);
    add<3>("query_attention", QueryAttentionOp{2}, {{{3, 6}, {12, 5}, {6, 5}}}, 3, 10);
    add<3>("head_values", HeadValuesOp{2}, {{{3, 10}, {6, 5}, {1, 6}}}, 3, 6);
    add<4>("fold_batch_norm", FoldBatchNormOp{2}, {{{1, 19}, {1, 19}, {1, 19}, {1, 19, 0.2}}}, 2, 19);
    const Grid grid{2, 5, 4};
    for (const Window window : {Window{1, 1, 0}, Window{3, 1, 1}, Window{3, 2, 1}}) {
      const Index places = window.over(grid).rows();
      const std::string kind = " " + std::to_string(window.size) + ", stride " + std::to_string(window.stride);
      add<4>("folded_convolution" + kind, FoldedConvolutionOp<fn::Relu>{grid, window},
             {{{grid.rows(), 3}, {4, 3 * window.area()}, {2, 4}, {places, 4}}}, places, 4);
      add<4>("folded_convolution, no shortcut" + kind, FoldedConvolutionOp<fn::Identity>{grid, window},
             {{{grid.rows(), 3}, {4, 3 * window.area()}, {2, 4}, {}}}, places, 4);
    }
    add<3>("biased_convolution", BiasedConvolutionOp<fn::Gelu>{grid, {3, 2, 1}}, {{{grid.rows(), 3}, {4, 27}, {1, 4}}},
           12, 4);
    add<5>("folded_depthwise", FoldedDepthwiseOp<fn::Gelu>{grid, {3, 3, 2}},
           {{{grid.rows(), 19}, {19, 9}, {1, 19}, {1, 19}, {12, 19}}}, 12, 19);
    add<5>("folded_depthwise, shift alone", FoldedDepthwiseOp<fn::Identity>{grid, {7, 7, 1}},
           {{{grid.rows(), 19}, {19, 49}, {}, {1, 19}, {}}}, grid.rows(), 19);
  }

  /// n numbers in the backend's memory; `positive`: their squares plus 0.1.
  const T* numbers(Index n, bool positive) {
    Values values = random_values(Rng{24}, n);
    if (positive)
      for (double& v : values) v = 0.1 + v * v;
    return numbers_.emplace_back(backend_, 1, n, values).view().data;
  }

  const TokenIds* token_ids(Index images, Index length, bool own_first, bool placed_first = true) {
    token_ids_.push_back(std::make_shared<TokenIds>());
    token_ids_.back()->assign(images, length, own_first, placed_first);
    return token_ids_.back().get();
  }

  Ids ids(std::vector<std::int32_t> values) {
    ids_.push_back(std::make_shared<std::vector<std::int32_t>>(std::move(values)));
    return *ids_.back();
  }

  /// Three independent sequences; or two trees, with pooled rows at ends and in the middle.
  const Sequences& sequences(bool tree) {
    sequences_.push_back(std::make_shared<Sequences>());
    Sequences& s = *sequences_.back();
    const auto end = [&] { s.pool(s.rows() - 1); };
    s.add(3);
    end();
    if (!tree) {
      s.add(1);
      end();
      s.add(5);
      s.pool(5);
      end();
    } else {
      s.add(2, 0);
      s.pool(3);
      end();
      s.add(1, 1);
      end();
      s.add(3, 1);
      end();
      s.add(2, 0);
      s.add(1, 4);
      end();
      s.add(2);
      s.add(2, 6);
      end();
    }
    return s;
  }

  B backend_;
  std::vector<Matrix<B>> numbers_, scratch_;
  composed::PatchIds patch_ids_, uncovered_ids_;
  SigmoidPairs sigmoid_pairs_;
  SigmoidScratch<T> sigmoid_scratch_;
  RowDistanceScratch<T> distance_scratch_;
  std::vector<std::shared_ptr<TokenIds>> token_ids_;
  std::vector<std::shared_ptr<std::vector<std::int32_t>>> ids_;
  std::vector<std::shared_ptr<Sequences>> sequences_;
};

/// One run of a case: inputs, result and gradients, in the backend's memory.
template <class B>
class OpRun {
 public:
  using T = typename B::Scalar;

  OpRun(B backend, const OpCase<B>& op)
      : b_{backend}, op_{&op}, y_{backend, op.rows, op.cols}, dy_{backend, op.rows, op.cols, op.values_of_dy()} {
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      inputs_.emplace_back(backend, op.inputs[i].rows, op.inputs[i].cols, op.values_of_input(i));
      gradients_.emplace_back(backend, op.inputs[i].rows, op.inputs[i].cols);
    }
    const Extents kept = op.saved(views());
    saved_ = Matrix<B>{backend, kept.rows, kept.cols};
  }

  bool present(std::size_t i) const { return op_->inputs[i].rows > 0; }
  std::size_t count() const { return inputs_.size(); }
  Matrix<B>& input(std::size_t i) { return inputs_[i]; }
  Matrix<B>& gradient(std::size_t i) { return gradients_[i]; }

  /// The result. Without `keep` nothing is saved, as in inference.
  Values forward(bool keep = true) {
    op_->forward(b_, views(), y_.view(), keep ? saved() : Saved<T>{});
    return y_.values();
  }

  /// Forward, then gradients of all inputs, or of input `wanted` alone; into fresh targets or added to them.
  void backward(bool fresh, int wanted = -1) {
    forward();
    std::vector<Acc<T>> targets;
    for (std::size_t i = 0; i < count(); ++i)
      targets.push_back(
          present(i) && (wanted < 0 || wanted == static_cast<int>(i)) ? Acc<T>{gradients_[i].view(), fresh} : Acc<T>{});
    op_->backward(b_, views(), y_.view(), saved(), dy_.view(), targets);
  }

 private:
  std::vector<Weights<T>> views() const {
    std::vector<Weights<T>> views;
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      views.push_back(present(i) ? Weights<T>{View<const T>{inputs_[i].view()}} : Weights<T>{});
    return views;
  }
  Saved<T> saved() const { return saved_.view().count() > 0 ? saved_.view() : Saved<T>{}; }

  B b_;
  const OpCase<B>* op_;
  Matrix<B> y_, dy_, saved_;
  std::vector<Matrix<B>> inputs_, gradients_;
};

/// The result and, where the op has a derivative, all gradients of a case, one after the other.
template <class B>
std::vector<Values> everything(B backend, const OpCase<B>& op, bool fresh) {
  OpRun<B> run{backend, op};
  std::vector<Values> all{run.forward()};
  if (!op.backward) return all;
  for (std::size_t i = 0; i < run.count(); ++i)
    if (!fresh) run.gradient(i).set(random_values(Rng{6}.fork(i), op.inputs[i].rows * op.inputs[i].cols));
  run.backward(fresh);
  for (std::size_t i = 0; i < run.count(); ++i)
    if (run.present(i)) all.push_back(run.gradient(i).values());
  return all;
}

}  // namespace clip::testing
