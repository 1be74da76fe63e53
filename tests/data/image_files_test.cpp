#include <clip/data/image_files.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace clip;

TEST_CASE("images of a folder: by extension in any case, without hidden files, sorted") {
  const TemporaryFolder folder;
  for (const char* name :
       {"b.JPG", "a.jfif", "c.Jpe", "d.dib", "e.pbm", "f.webp", "._b.jpg", ".hidden.png", "g.txt", "png", ".png"})
    put(folder / name, "");
  const std::vector<std::string> expected{folder / "a.jfif", folder / "b.JPG", folder / "c.Jpe",
                                          folder / "d.dib",  folder / "e.pbm", folder / "f.webp"};
  CHECK(image_files(folder.path) == expected);
}

TEST_CASE("image extensions are in order, lower case, with their dot") {
  CHECK(std::is_sorted(image_extensions.begin(), image_extensions.end()));
  for (const std::string_view extension : image_extensions) {
    CHECK(extension.front() == '.');
    CHECK(has_image_extension("a" + std::string(extension)));
    CHECK(!has_image_extension(extension));
  }
}
