// clip/autograd/walk.hpp: walk over the named parameters of a model.
#pragma once

#include <clip/tensor/parameter.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The name under construction: "visual.transformer.resblocks.0.ln_1.weight".
class Path {
 public:
  constexpr std::string_view view() const { return {text_, length_}; }
  /// Appends ".name" (nothing for an empty name) and returns the length to go back to.
  constexpr std::size_t push(std::string_view name) {
    const std::size_t before = length_;
    if (!name.empty() && length_ > 0) put('.');
    for (char c : name) put(c);
    return before;
  }
  constexpr void pop(std::size_t length) { length_ = length; }

 private:
  constexpr void put(char c) {
    if (length_ == sizeof text_) raise(OptionError{"walk", "parameter name", "at most 255 characters", "more"});
    text_[length_++] = c;
  }
  char text_[255] = {};
  std::size_t length_ = 0;
};

namespace detail {
template <class M>
inline constexpr bool is_parameter = false;
template <class T>
inline constexpr bool is_parameter<Parameter<T>> = true;

template <class M, class F>
constexpr void walk(M& module, Path& path, F& visit) {
  if constexpr (is_parameter<std::remove_const_t<M>>) {
    visit(path.view(), module);
  } else {
    std::remove_const_t<M>::members(module, [&](std::string_view name, auto& member) {
      const std::size_t length = path.push(name);
      walk(member, path, visit);
      path.pop(length);
    });
  }
}
}  // namespace detail

/// visit(name, parameter) for every parameter below a module, in the order of its `members` lists.
template <class M, class F>
constexpr void visit_parameters(M& module, F&& visit) {
  Path path;
  detail::walk(module, path, visit);
}

/// A parameter and its full name.
template <class P>
struct NamedParameter {
  std::string name;
  P* parameter;
};

namespace detail {
/// walk() for lists: compiled once for a module, whatever model it is in.
template <class M, class P>
void list_parameters(M& module, Path& path, std::vector<NamedParameter<P>>& list) {
  if constexpr (is_parameter<std::remove_const_t<M>>) {
    list.push_back({std::string(path.view()), &module});
  } else {
    std::remove_const_t<M>::members(module, [&](std::string_view name, auto& member) {
      const std::size_t length = path.push(name);
      list_parameters(member, path, list);
      path.pop(length);
    });
  }
}
}  // namespace detail

/// The parameters below a module in the order of visit_parameters, as a flat list. Loading, comparing, saving, packing
/// and training tables loop over it: such a loop is compiled once per arithmetic type, not once per model.
template <class T, class M>
auto named_parameters(M& module) {
  using P = std::conditional_t<std::is_const_v<M>, const Parameter<T>, Parameter<T>>;
  std::vector<NamedParameter<P>> list;
  Path path;
  detail::list_parameters(module, path, list);
  return list;
}

/// Number of values in weights, trained or frozen.
template <class M>
constexpr Index count_parameters(const M& module) {
  if constexpr (detail::is_parameter<M>) {
    return is_weight(module.kind) ? module.count() : 0;
  } else {
    Index n = 0;
    M::members(module, [&](std::string_view, const auto& member) { n += count_parameters(member); });
    return n;
  }
}

}  // namespace clip::inline CLIP_ABI
