#include <clip/data/augmented_reader.hpp>

#include "../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

using namespace clip;

TEST_CASE("batches of augmented files depend on the draws and on the name of each file alone") {
  const TemporaryFolder folder;
  std::vector<std::string> names;
  for (int i = 0; i < 5; ++i) {
    names.push_back(folder / (std::to_string(i) + ".ppm"));
    std::ofstream file{names.back(), std::ios::binary};
    file << "P6 9 8 255\n";
    for (int k = 0; k < 9 * 8 * 3; ++k) file.put(static_cast<char>((k * (7 + i)) % 251));
  }
  const ImageInput input{.image_size = 6};
  const auto read = [&](std::vector<std::string> list, Rng rng, int readers) {
    ReadAhead batches{
        std::move(list), input, {.batch = 8, .readers = readers, .reader = augmented_reader(input, {}, rng)}};
    return batches.next()->images;
  };
  const Images first = read(names, Rng{1}, 1), again = read(names, Rng{1}, 3), other = read(names, Rng{2}, 1);
  CHECK(std::ranges::equal(first.values(), again.values()));
  CHECK_FALSE(std::ranges::equal(first.values(), other.values()));
  const Images reversed = read({names.rbegin(), names.rend()}, Rng{1}, 2);
  CHECK(std::ranges::equal(first.image(0), reversed.image(4)));

  CHECK(augmented_reader(input, {}, Rng{1})(folder / "none.png").error().id() == "clip.load.no_file");
  CHECK_THROWS_AS((void)augmented_reader(input, {.flip = 2}, Rng{1}), OptionError);
  const ImageInput larger{.image_size = 6, .preprocessing = {.resize_to = 8}};
  CHECK_THROWS_AS((void)augmented_reader(larger, {}, Rng{1}), OptionError);
}
