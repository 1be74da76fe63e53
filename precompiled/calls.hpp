// How an entry of a table of kernels runs: errors become their parts, functions that are known become types.
#pragma once

#include <clip/backend/precompiled/kernels.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace clip::inline CLIP_ABI::detail {
namespace {

using T = float;
using F = FunctionCall;

/// f(); an error becomes its parts.
template <class F>
auto guarded(Failure& failure, F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (const Error& e) {
    failure = {static_cast<int>(e.kind()), e.id().data(), e.place(), e.message().substr(e.place().size() + 2)};
    return decltype(f())();
  }
}

/// The function an argument of a primitive is or holds; null where it has none.
inline const FunctionCall* function_in(const FunctionCall& call) { return &call; }
inline const FunctionCall* function_in(const Epilogue<T, FunctionCall>& epilogue) { return &epilogue.activation; }
template <class X>
std::nullptr_t function_in(const X&) {
  return nullptr;
}

/// The argument with f as its function.
template <class F>
const F& with(const FunctionCall&, const F& f) {
  return f;
}
template <class F>
Epilogue<T, F> with(const Epilogue<T, FunctionCall>& epilogue, const F& f) {
  return with_function(epilogue, f);
}
template <class X, class F>
const X& with(const X& x, const F&) {
  return x;
}

/// primitive(arguments…) with the known function that the call stands for, or with the call itself.
template <std::size_t known = 0, class P, class... X>
void run_with(const FunctionCall& call, const P& primitive, const X&... arguments) {
  if constexpr (known == std::tuple_size_v<KnownFunctions>) primitive(arguments...);
  else if (call.known == known) primitive(with(arguments, std::tuple_element_t<known, KnownFunctions>{})...);
  else run_with<known + 1>(call, primitive, arguments...);
}

/// primitive(arguments…), compiled once for every known function where one of them is or holds a function.
template <class P, class... X>
decltype(auto) run(const P& primitive, const X&... arguments) {
  if constexpr ((std::is_same_v<decltype(function_in(arguments)), const FunctionCall*> || ...)) {
    const FunctionCall* call = nullptr;
    const auto look = [&](const FunctionCall* found) { call = found ? found : call; };
    (look(function_in(arguments)), ...);
    run_with(*call, primitive, arguments...);
  } else {
    return primitive(arguments...);
  }
}

}  // namespace
}  // namespace clip::inline CLIP_ABI::detail
