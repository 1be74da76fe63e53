// clip/core/result.hpp: Result<T>, a value or an error.
#pragma once

#include <clip/core/error.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI {

/// Return type of functions that can fail: `if (auto r = try_load(…)) use(*r); else report(r.error());`.
/// `value()` raises the error; the throwing functions of the library call it.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_{std::in_place_index<0>, std::move(value)} {}
  Result(Error error) : held_{std::in_place_index<1>, std::move(error)} {}

  bool has_value() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & {
    check();
    return *std::get_if<0>(&held_);
  }
  const T& value() const& {
    check();
    return *std::get_if<0>(&held_);
  }
  T value() && {
    check();
    return std::move(*std::get_if<0>(&held_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// Requires !has_value().
  const Error& error() const& { return *std::get_if<1>(&held_); }
  Error error() && { return std::move(*std::get_if<1>(&held_)); }

 private:
  void check() const {
    if (!has_value()) raise(error());
  }
  std::variant<T, Error> held_;
};

/// Success, or an error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_{std::move(error)} {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) raise(*error_);
  }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace clip::inline CLIP_ABI
