#include <clip/core/error.hpp>
#include <clip/core/view.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace clip;

namespace {

enum class Colour { red, green };

}  // namespace

TEST_CASE("an error says where, what, expected and found in one sentence") {
  const ShapeError error{"linear", "input width", 768, 640};
  CHECK(error.message() == "linear: input width: expected 768, found 640");
  CHECK(std::string(error.what()) == error.message());
  CHECK(error.place() == "linear");
  CHECK(error.kind() == ErrorKind::shape);
}

TEST_CASE("an error without expected and found is place and message") {
  const LoadError error{"x.safetensors", "truncated header"};
  CHECK(error.message() == "x.safetensors: truncated header");
  CHECK(error.kind() == ErrorKind::load);
}

TEST_CASE("expected and found may be texts, numbers, enumerators and shapes") {
  CHECK(OptionError{"a", "b", "c", std::string("d")}.message() == "a: b: expected c, found d");
  CHECK(OptionError{"a", "b", 0.5, 1e-5f}.message() == "a: b: expected 0.5, found 1e-05");
  CHECK(OptionError{"a", "b", Colour::red, Colour::green}.message() == "a: b: expected 0, found 1");
  CHECK(OptionError{"a", "b", Shape{2, 3}, Shape{}}.message() == "a: b: expected (2, 3), found ()");
}

TEST_CASE_TEMPLATE("raise throws the type of the error's kind", Kind, ShapeError, LoadError, InputError, OptionError,
                   NumericError, SystemError) {
  const Kind error{"here", "this"};
  bool caught = false;
  try {
    raise(error);
  } catch (const Kind& e) { caught = e.message() == "here: this" && e.kind() == error.kind(); } catch (const Error&) {
  }
  CHECK(caught);
}

TEST_CASE("an error has the identifier of its kind until it is given its own") {
  CHECK(ShapeError{"a", "b"}.id() == "clip.shape");
  CHECK(LoadError{"a", "b"}.id() == "clip.load");
  CHECK(InputError{"a", "b"}.id() == "clip.input");
  CHECK(OptionError{"a", "b"}.id() == "clip.option");
  CHECK(NumericError{"a", "b"}.id() == "clip.numeric");
  CHECK(SystemError{"a", "b"}.id() == "clip.system");

  const Error own = LoadError{"a", "b", 1, 2}.with_id("clip.load.names");
  CHECK(own.id() == "clip.load.names");
  CHECK(own.kind() == ErrorKind::load);
  CHECK(std::string(own.what()) == "a: b: expected 1, found 2");
}

TEST_CASE("an identifier survives copies and the throw") {
  const Error error = SystemError{"a", "b"}.with_id("clip.system.write");
  const Error copy = error;
  CHECK(copy.id() == "clip.system.write");
  std::string_view caught;
  try {
    raise(copy);
  } catch (const SystemError& e) { caught = e.id(); }
  CHECK(caught == "clip.system.write");
}
