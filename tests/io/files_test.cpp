#include "temporary_folder.hpp"

#include <clip/io/files.hpp>

#include <doctest/doctest.h>

using namespace clip;

TEST_CASE("a new folder is removed again unless it is kept") {
  const TemporaryFolder folder;
  const std::string path = folder / "new";
  {
    detail::NewFolder made;
    REQUIRE(made.try_make(path));
    CHECK(detail::is_folder(path));
  }
  CHECK_FALSE(detail::is_there(path));
  {
    detail::NewFolder made;
    REQUIRE(made.try_make(path));
    made.keep();
  }
  CHECK(detail::is_folder(path));
}

TEST_CASE("a folder that exists is not made and not removed; a file in its place is an error") {
  const TemporaryFolder folder;
  {
    detail::NewFolder made;
    CHECK(made.try_make(folder / "."));
  }
  CHECK(detail::is_folder(folder / "."));

  put(folder / "file", "x");
  detail::NewFolder made;
  const auto done = made.try_make(folder / "file");
  REQUIRE_FALSE(done);
  CHECK(done.error().kind() == ErrorKind::system);
}

TEST_CASE("removing a file that is not there is no error, removing a folder is one") {
  const TemporaryFolder folder;
  put(folder / "file", "x");
  CHECK(detail::try_remove_file(folder / "file"));
  CHECK_FALSE(detail::is_there(folder / "file"));
  CHECK(detail::try_remove_file(folder / "file"));
  CHECK_FALSE(detail::try_remove_file(folder / "."));
}

TEST_CASE("a path may be there unless the system says that nothing is") {
  const TemporaryFolder folder;
  put(folder / "file", "x");
  CHECK(detail::may_be_there(folder / "file"));
  CHECK_FALSE(detail::may_be_there(folder / "other"));
  CHECK(detail::may_be_there(folder / "file" + "/below"));  // a file on the way to it: not examined
}
