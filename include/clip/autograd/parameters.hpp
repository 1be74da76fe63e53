// clip/autograd/parameters.hpp: table of trained parameters, their gradients and optimiser states.
#pragma once

#include <clip/autograd/pattern.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/tensor/buffer.hpp>

#include <deque>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// One trained weight, or statistics of a batch norm: its name, its values (in the model) and its gradient (here).
template <class T>
struct Trainable {
  std::string name;
  Shape shape;
  Range range;
  View<T> value;
  View<T> gradient;
  bool fresh = true;  // no gradient has arrived since the last step
  Index offset = 0;   // of this entry in every state of the table
  double rate = 1;    // factor on the learning rate (optim/depth.hpp)
};

/// Gradients and optimiser states of the parameters that a pattern selects. The model itself has neither: a weight
/// whose name is left out is frozen. The model must outlive the table and keep its weights in rows. Weights in a mapped
/// file are copied into the model's memory. Statistics of batch norms are listed beside, and have no gradient.
template <Backend B>
class Parameters {
 public:
  using T = typename B::Scalar;

  /// Parameters of a model (anything with `members` and `backend()`), optionally only those a pattern selects.
  /// Frozen weights are left out. OptionError: a pattern that fits none of them or asks for a frozen one, nothing
  /// selected, or a parameter that is packed.
  template <class M>
  explicit Parameters(M& model, const Selection& selection = {})
      : Parameters{named_parameters<T>(model), model.backend(), selection} {
    static_assert(!std::is_const_v<M>, "Parameters: training changes the model, but it is const");
  }

  /// The same from a flat list.
  Parameters(const std::vector<NamedParameter<Parameter<T>>>& parameters, B backend, const Selection& selection = {})
      : backend_{std::move(backend)} {
    std::vector<std::string_view> names, frozen;
    for (const auto& [name, parameter] : parameters) {
      if (parameter->kind == ParameterKind::parameter) names.push_back(name);
      if (parameter->kind == ParameterKind::frozen) frozen.push_back(name);
    }
    selection.check(names, frozen);
    Index total = 0;
    for (const auto& [name, parameter] : parameters) {
      Parameter<T>& p = *parameter;
      if (p.kind != ParameterKind::parameter || !selection(name)) continue;
      if (p.layout != Layout::rows)
        raise(OptionError{name, "this model is packed for inference; unpack() it before it is trained"}.with_id(
            "clip.option.packed"));
      if (p.data == nullptr) raise(OptionError{name, "this parameter has no memory"});
      copy_in(p);
      index_.emplace(p.data, entries_.size());
      entries_.push_back({name, p.shape, p.range, p.view(), {}, true, total, 1});
      total += aligned_count<T>(p.count());
    }
    if (entries_.empty()) raise(OptionError{"parameters", "the selection names no parameter of the model"});
    total_ = total;
    for (const auto& [name, parameter] : parameters) {
      if (is_weight(parameter->kind) || parameter->data == nullptr) continue;
      copy_in(*parameter);
      statistics_.push_back({name, parameter->shape, parameter->range, parameter->view(), {}, true, total, 1});
      total += aligned_count<T>(parameter->count());
    }
    total_with_statistics_ = total;
    gradients_ = state_buffer(total_);
    for (auto& e : entries_) e.gradient = {gradients_.data() + e.offset, e.value.rows, e.value.cols};
  }

  B& backend() { return backend_; }
  std::vector<Trainable<T>>& entries() { return entries_; }
  const std::vector<Trainable<T>>& entries() const { return entries_; }
  /// The statistics of batch norms and their counters: no entries of the table.
  std::vector<Trainable<T>>& statistics() { return statistics_; }
  Index count() const {
    Index n = 0;
    for (const auto& e : entries_) n += e.shape.count();
    return n;
  }

  /// The entry of the parameter whose values begin at `data`, or null.
  Trainable<T>* find(const T* data) {
    const auto found = index_.find(data);
    return found == index_.end() ? nullptr : &entries_[found->second];
  }
  Trainable<T>* find(std::string_view name) {
    for (auto& e : entries_)
      if (e.name == name) return &e;
    return nullptr;
  }

  /// State of an optimiser for every parameter, zero at first, by name ("exp_avg"): part of a checkpoint.
  struct State {
    std::string name;
    Buffer<B> values;
    bool of_statistics = false;  // has values for statistics() too
    View<T> of(const Trainable<T>& e) const { return {values.data() + e.offset, e.value.rows, e.value.cols}; }
  };
  State& state(std::string_view name, bool of_statistics = false) {
    for (State& s : states_)
      if (s.name == name) return s;
    states_.push_back(
        {std::string(name), state_buffer(of_statistics ? total_with_statistics_ : total_), of_statistics});
    return states_.back();
  }
  const std::deque<State>& states() const { return states_; }
  /// Calls f(state, entry) for all values of all states.
  template <class F>
  void visit_states(F&& f) const {
    for (const State& state : states_) {
      for (const auto& e : entries_) f(state, e);
      if (state.of_statistics)
        for (const auto& e : statistics_) f(state, e);
    }
  }

  /// Marks all gradients as fresh: the next ones are stored, not added.
  void clear_gradients() {
    for (auto& e : entries_) e.fresh = true;
  }

 private:
  Buffer<B> state_buffer(Index count) {
    Buffer<B> buffer{backend_, count};
    backend_.fill(buffer.view(), T(0));
    return buffer;
  }

  B backend_;
  std::vector<Trainable<T>> entries_, statistics_;
  std::unordered_map<const T*, std::size_t> index_;
  Index total_ = 0, total_with_statistics_ = 0;
  Buffer<B> gradients_;
  std::deque<State> states_;  // references to states stay valid
};

template <class M, class... Selected>
Parameters(M& model, const Selected&...) -> Parameters<std::remove_cvref_t<decltype(model.backend())>>;

}  // namespace clip::inline CLIP_ABI
