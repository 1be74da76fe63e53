// Every damage of a journal of `embed --resume` is an error that names it, or costs rows that are computed again: no
// other rows than those that were written are ever read.
#include "../../examples/clip/journal.hpp"

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

using namespace tool;

namespace {

const clip::JsonTree& job() {
  static const clip::JsonTree tree = clip::json_object("model", "a small one", "inputs", "4 texts", "truncate", true);
  return tree;
}

std::vector<Done> rows() {
  return {{{1.5f, -2, 3e-9f}, ""}, {{}, "b.png: truncated image"}, {{0, 0, 7}, "", true}, {{10, 10, 10}, ""}};
}

bool same(const Done& a, const Done& b) { return a.row == b.row && a.failure == b.failure && a.cut == b.cut; }

/// Opens a journal of these bytes. Either an error, or the first rows of rows(); then it takes the others, and has all.
/// The number of rows found; -1: an error.
int resume(const TemporaryFolder& folder, const std::string& bytes) {
  put(folder / "rows.npy.resume", bytes);
  const auto all = rows();
  std::size_t found = 0;
  try {
    Journal journal{folder / "rows.npy", job(), 3};
    found = journal.done().size();
    REQUIRE(found <= all.size());
    for (std::size_t i = 0; i < found; ++i) CHECK(same(journal.done()[i], all[i]));
    journal.add(std::span{all}.subspan(found));
  } catch (const clip::Error& error) {
    CHECK(error.kind() == clip::ErrorKind::load);
    CHECK(error.place() == folder / "rows.npy.resume");
    CHECK(error.message().find("remove it to begin anew") != std::string::npos);
    CHECK(get(folder / "rows.npy.resume") == bytes);
    return -1;
  }
  const Journal again{folder / "rows.npy", job(), 3};
  REQUIRE(again.done().size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(same(again.done()[i], all[i]));
  return static_cast<int>(found);
}

std::string whole(const TemporaryFolder& folder) {
  std::filesystem::remove(folder / "rows.npy.resume");
  const auto all = rows();
  Journal{folder / "rows.npy", job(), 3}.add(all);
  return get(folder / "rows.npy.resume");
}

}  // namespace

TEST_CASE("a journal gives back what was added") {
  const TemporaryFolder folder;
  CHECK(resume(folder, whole(folder)) == 4);
}

TEST_CASE("a journal that is cut at any byte goes on from its last whole record") {
  const TemporaryFolder folder;
  const std::string bytes = whole(folder);
  int last = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    const int found = resume(folder, bytes.substr(0, length));
    CHECK(found >= last);
    CHECK(found < 4);
    last = found;
  }
  CHECK(last == 3);
}

TEST_CASE("a journal in which any byte is another is an error, or goes on from the record before") {
  const TemporaryFolder folder;
  const std::string bytes = whole(folder);
  const std::size_t header = bytes.find('\n') + 1;
  int errors = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int changed : {bytes[at] ^ 1, bytes[at] ^ 0x80, bytes[at] ^ 0xFF, int{'\n'}, 0, int{'"'}, int{'c'}}) {
      if (static_cast<char>(changed) == bytes[at]) continue;
      CAPTURE(at);
      CAPTURE(changed);
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(changed);
      const int found = resume(folder, damaged);
      CHECK(found < 4);
      if (at < header) CHECK(found == -1);
      errors += found == -1 ? 1 : 0;
    }
  CHECK(errors > 100);
}

TEST_CASE("a byte too many or too few in a journal never shifts rows") {
  const TemporaryFolder folder;
  const std::string bytes = whole(folder);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    CAPTURE(at);
    static_cast<void>(resume(folder, bytes.substr(0, at) + bytes.substr(at + 1)));
    static_cast<void>(resume(folder, bytes.substr(0, at) + 'x' + bytes.substr(at)));
  }
}

TEST_CASE("a journal of another job, of another width, of another program") {
  const TemporaryFolder folder;
  const std::string bytes = whole(folder);
  const auto refused = [&](const clip::Json& other) -> std::string {
    put(folder / "rows.npy.resume", bytes);
    try {
      Journal{folder / "rows.npy", other, 3};
    } catch (const clip::Error& error) { return error.message(); }
    return "";
  };
  CHECK(refused(clip::json_object("model", "a small one", "inputs", "5 texts", "truncate", true))
            .find("is of another job (inputs differs)") != std::string::npos);
  CHECK(refused(clip::json_object("more", 1)).find("is of another job (more differs)") != std::string::npos);
  put(folder / "rows.npy.resume", bytes);
  CHECK(Journal{folder / "rows.npy", job(), 4}.done().empty());  // rows of three numbers
  CHECK(resume(folder, "an article\nwith lines") == -1);
  CHECK(resume(folder, "[]\n") == -1);
}
