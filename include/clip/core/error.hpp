// clip/core/error.hpp: error types with place, message, expected and found values.
#pragma once

#include <clip/core/abi.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

/// What the caller has to change: the shape, the file, the input (image, text), the option, the numbers, or the
/// machine.
enum class ErrorKind { shape, load, input, option, numeric, system };

/// The identifier of errors of a kind that have none of their own.
constexpr std::string_view id_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::shape: return "clip.shape";
    case ErrorKind::load: return "clip.load";
    case ErrorKind::input: return "clip.input";
    case ErrorKind::option: return "clip.option";
    case ErrorKind::numeric: return "clip.numeric";
    case ErrorKind::system: return "clip.system";
  }
  return "clip";
}

/// One sentence: "place: what: expected E, found F". A program can read kind, identifier and place separately.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string place, std::string what)
      : kind_{kind}, place_{std::move(place)}, message_{place_ + ": " + std::move(what)} {}

  ErrorKind kind() const noexcept { return kind_; }
  /// The file, layer or argument that the error is about.
  const std::string& place() const noexcept { return place_; }
  const std::string& message() const noexcept { return message_; }
  const char* what() const noexcept override { return message_.c_str(); }

  /// Stable code for programs, "clip.load.names": never changes, whatever the message says. docs/errors.md lists all.
  std::string_view id() const noexcept { return id_; }
  /// The same error with its own identifier, which begins with that of its kind: a string literal.
  Error with_id(const char* literal) && {
    id_ = literal;
    return std::move(*this);
  }

 private:
  ErrorKind kind_;
  std::string_view id_ = id_of(kind_);
  std::string place_;
  std::string message_;
};

namespace detail {
template <class V>
std::string in_words(const V& value) {
  if constexpr (std::is_convertible_v<const V&, std::string>) return std::string(value);
  else if constexpr (std::is_convertible_v<const V&, std::string_view>) return std::string(std::string_view(value));
  else if constexpr (std::is_enum_v<V>) return std::to_string(static_cast<long long>(value));
  else if constexpr (std::is_floating_point_v<V>) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
    return text;
  } else if constexpr (std::is_arithmetic_v<V>) return std::to_string(value);
  else return value.in_words();
}
}  // namespace detail

/// An error type per kind, so that `catch` can distinguish them.
///   ShapeError{"linear", "input width", 768, 640}   linear: input width: expected 768, found 640
///   LoadError{file, "truncated header"}             x.safetensors: truncated header
template <ErrorKind Kind>
class KindOfError : public Error {
 public:
  KindOfError(std::string place, std::string what) : Error{Kind, std::move(place), std::move(what)} {}

  template <class Expected, class Found>
  KindOfError(std::string place, const std::string& what, const Expected& expected, const Found& found)
      : Error{Kind, std::move(place),
              what + ": expected " + detail::in_words(expected) + ", found " + detail::in_words(found)} {}

  explicit KindOfError(Error error) : Error{std::move(error)} {}
};

using ShapeError = KindOfError<ErrorKind::shape>;      // extents that do not match
using LoadError = KindOfError<ErrorKind::load>;        // the content of a file
using InputError = KindOfError<ErrorKind::input>;      // an image, a text, a batch
using OptionError = KindOfError<ErrorKind::option>;    // a setting
using NumericError = KindOfError<ErrorKind::numeric>;  // NaN or infinity
using SystemError = KindOfError<ErrorKind::system>;    // a failed system call

/// Throws the error as its own type. Without exceptions: prints it and aborts (call the functions that return Result
/// instead).
[[noreturn]] inline void raise(Error error) {
#if CLIP_EXCEPTIONS
  switch (error.kind()) {
    case ErrorKind::shape: throw ShapeError{std::move(error)};
    case ErrorKind::load: throw LoadError{std::move(error)};
    case ErrorKind::input: throw InputError{std::move(error)};
    case ErrorKind::option: throw OptionError{std::move(error)};
    case ErrorKind::numeric: throw NumericError{std::move(error)};
    case ErrorKind::system: throw SystemError{std::move(error)};
  }
#endif
  std::fprintf(stderr, "clip: %s\n", error.what());
  std::abort();
}

}  // namespace clip::inline CLIP_ABI
