#include <clip/formats/file_tensor.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace clip;

namespace {
const std::vector<float> values{0, 1, 2, 3, 4, 5};
StoredTensor stored(std::vector<Index> shape, std::size_t begin, std::size_t count) {
  return {"w", Dtype::f32, std::move(shape), std::as_bytes(std::span{values}.subspan(begin, count))};
}
std::vector<double> read(const FileTensor& t) {
  std::vector<double> out(static_cast<std::size_t>(t.count()));
  convert(t, std::span<double>(out));
  return out;
}
}  // namespace

TEST_CASE("file tensor: a single part converts as stored") {
  const FileTensor t{stored({2, 3}, 0, 6)};
  CHECK(t.name == "w");
  CHECK(t.shape == std::vector<Index>{2, 3});
  CHECK(read(t) == std::vector<double>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("file tensor: a transposed matrix is read column-major") {
  FileTensor t{stored({2, 3}, 0, 6)};
  t.shape = {3, 2};
  t.transposed = true;
  CHECK(read(t) == std::vector<double>{0, 3, 1, 4, 2, 5});
}

TEST_CASE("file tensor: parts are concatenated along the rows") {
  FileTensor t{stored({1, 2}, 4, 2)};
  t.shape = {3, 2};
  t.parts.push_back(stored({2, 2}, 0, 4));
  CHECK(read(t) == std::vector<double>{4, 5, 0, 1, 2, 3});
}

TEST_CASE("file tensor: a wrong length is an error") {
  std::vector<float> out(5);
  CHECK(try_convert(FileTensor{stored({2, 3}, 0, 6)}, std::span<float>(out)).error().message() ==
        "w: values: expected 6, found 5");
}
