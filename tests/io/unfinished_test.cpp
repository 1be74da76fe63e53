#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/unfinished.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <vector>

using namespace clip;

TEST_CASE("unfinished files and the folders made for them are removed; complete files are not, nor the old ones") {
  const TemporaryFolder folder;
  put(folder / "old", "old");
  AtomicFile::create(folder / "complete").commit();
  detail::NewFolder made;
  made.try_make(folder / "made").value();
  AtomicFile old = AtomicFile::create(folder / "old"), inside = AtomicFile::create(folder / "made/inside");
  old.write(as_byte_span("new"));
  CHECK(folder.entries() == 4);
  remove_unfinished();
  CHECK(folder.entries() == 2);
  CHECK(get(folder / "old") == "old");
  CHECK(std::filesystem::exists(folder / "complete"));
  CHECK_FALSE(old.try_commit().has_value());
  CHECK(get(folder / "old") == "old");
}

TEST_CASE("a file that was committed, abandoned or moved is not removed under the name it had") {
  const TemporaryFolder folder;
  std::optional<AtomicFile> first = AtomicFile::create(folder / "a");
  AtomicFile moved = std::move(*first);
  first.reset();
  CHECK(std::filesystem::exists(folder / ".a.partial"));
  moved.commit();
  { const AtomicFile abandoned = AtomicFile::create(folder / "b"); }
  put(folder / ".a.partial", "of another program");
  put(folder / ".b.partial", "of another program");
  remove_unfinished();
  CHECK(std::filesystem::exists(folder / ".a.partial"));
  CHECK(std::filesystem::exists(folder / ".b.partial"));
}

TEST_CASE("with more unfinished files than the table has, those in the table are removed, and all can be committed") {
  const TemporaryFolder folder;
  std::vector<AtomicFile> files;
  for (int i = 0; i < 70; ++i) files.push_back(AtomicFile::create(folder / std::to_string(i)));
  remove_unfinished();
  CHECK(folder.entries() == 6);
  for (std::size_t i = 64; i < 70; ++i) files[i].commit();
  CHECK(std::filesystem::exists(folder / "69"));
}
