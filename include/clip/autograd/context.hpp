// clip/autograd/context.hpp: contexts of a forward pass, their modes and inputs.
//
// The mode is part of the context's type: `Inference` keeps nothing and carries no backward code, `Tape` records.
// Modules are written once, as templates that deduce the context Cx.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/tensor/parameter.hpp>
#include <clip/tensor/rows.hpp>
#include <clip/tensor/workspace.hpp>

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

enum class Mode { inference, training };

/// An absent input: no bias, no residual.
struct Absent {};
inline constexpr Absent absent{};

/// The backend of a context.
template <class Cx>
using BackendOf = std::remove_cvref_t<decltype(std::declval<Cx&>().backend())>;

/// Rows and columns an op keeps from forward to backward.
struct Extents {
  Index rows = 0, cols = 0;
};

namespace detail {
/// The inputs of an op as its views.
template <class T>
constexpr Weights<T> value_of(Absent) {
  return {};
}
template <class T>
constexpr Weights<T> value_of(const Parameter<T>& p) {
  return p.weights();
}
template <class T>
constexpr Weights<T> value_of(const ParameterSlice<T>& p) {
  return p.weights();
}
template <class T, class Cx, Index W>
constexpr Weights<T> value_of(const Rows<Cx, W>& x) {
  return Weights<T>{View<const T>{x.view}};
}
}  // namespace detail

/// Objects on the host that must outlive a pass (the sequences of a batch, its token ids), reused from pass to pass.
class Kept {
 public:
  template <class T>
  T& take() {
    for (Slot& slot : slots_)
      if (!slot.used && slot.type == &tag<T>) {
        slot.used = true;
        return *static_cast<T*>(slot.object.get());
      }
    slots_.push_back({&tag<T>, true, std::make_shared<T>()});
    return *static_cast<T*>(slots_.back().object.get());
  }
  void clear() {
    for (Slot& slot : slots_) slot.used = false;
  }

 private:
  template <class T>
  static constexpr char tag = 0;
  struct Slot {
    const char* type;
    bool used;
    std::shared_ptr<void> object;
  };
  std::vector<Slot> slots_;
};

/// The part common to both contexts: their types, and the host objects of a pass.
template <Backend B, Mode M>
class ContextBase {
 public:
  using Scalar = typename B::Scalar;
  static constexpr Mode mode = M;
  static constexpr bool recording = M == Mode::training;

  /// A host object that lives as long as this pass (until clear()).
  template <class T>
  T& keep() {
    return kept_.template take<T>();
  }

 protected:
  Kept kept_;
};

}  // namespace clip::inline CLIP_ABI
