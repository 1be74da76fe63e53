#include <clip/core/rng.hpp>
#include <clip/io/npy.hpp>
#include <clip/io/npy_write.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "temporary_folder.hpp"

using namespace clip;

namespace {

/// A file with the given version, header text and bytes of values.
std::string npy_file(int version, std::string line, const std::string& values) {
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (std::size_t i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(line.size() >> 8 * i & 0xFF);
  return file + line + values;
}

template <class T = double>
Result<NpyArray<T>> parsed(const std::string& file) {
  return try_parse_npy<T>(as_byte_span(file), "x.npy");
}

std::string error_of(const std::string& file) {
  const auto array = parsed(file);
  return array ? "no error" : array.error().message();
}

const std::string two_by_three = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";

}  // namespace

TEST_CASE("a written array is read back with its shape, values and type") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  const auto comes_back = [&]<class T>(const std::vector<Index>& shape, const std::vector<T>& values) {
    write_npy<T>(path, shape, values);
    const auto array = read_npy<T>(path);
    CHECK(array.shape == shape);
    CHECK(array.values == values);
  };
  comes_back({2, 3}, std::vector<float>{1, -2.5f, 3e-40f, INFINITY, 0, 6});
  comes_back({3, 1, 1}, std::vector<double>{1e-300, 0.1, -7});
  comes_back({2}, std::vector<std::int32_t>{-2147483647 - 1, 5});
  comes_back({1, 2}, std::vector<std::int64_t>{std::int64_t{1} << 62, -1});
  comes_back({4}, std::vector<std::uint8_t>{0, 1, 128, 255});
  comes_back({2}, std::vector<std::int8_t>{-128, 127});
  comes_back({}, std::vector<float>{42});
  comes_back({0, 512}, std::vector<float>{});
  comes_back({4, 0}, std::vector<float>{});
}

TEST_CASE("the bytes are equal to those of numpy.save") {
  const std::int64_t values[]{1, 2};
  const Index shape[]{2};
  const TemporaryFolder folder;
  write_npy<std::int64_t>(folder / "x.npy", shape, values);
  // numpy.save("x.npy", numpy.array([1, 2])), numpy 2
  std::string expected{"\x93NUMPY\x01\x00\x76\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", 67};
  expected.resize(127, ' ');
  expected += '\n';
  expected += std::string{"\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0", 16};
  CHECK(get(folder / "x.npy") == expected);
}

TEST_CASE("values begin at a multiple of 64 bytes for every shape") {
  for (const std::vector<Index>& shape :
       {std::vector<Index>{}, {1}, {123456789, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {1000000, 1000000, 1000000}})
    CHECK(npy_start(NpyType::f4, shape).size() % 64 == 0);
}

TEST_CASE("floats stored as halves are rounded to nearest, and can be read as float or double") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  const Index shape[]{6};
  const float values[]{1, -0.1f, 65504, 1e-7f, INFINITY, -0.0f};
  write_npy<float>(path, shape, values, NpyType::f2);
  CHECK(get(path).size() == 128 + 12);
  const auto floats = read_npy<float>(path).values;
  CHECK(floats == std::vector<float>{1, -0.0999755859375f, 65504, 0x1p-23f, INFINITY, 0});
  CHECK(std::signbit(floats[5]));
  CHECK(read_npy<double>(path).values[1] == -0.0999755859375);
}

TEST_CASE("every type can be read as float and double; an integer type only as itself") {
  const std::string file = npy_file(1, two_by_three, "\x01\x02\x03\x04\x05\xFF");
  CHECK(parsed<float>(file)->values == std::vector<float>{1, 2, 3, 4, 5, 255});
  CHECK(parsed<double>(file)->shape == std::vector<Index>{2, 3});
  CHECK(parsed<std::uint8_t>(file)->values.back() == 255);
  CHECK(parsed<std::int32_t>(file).error().message() == "x.npy: npy: element type: expected <i4, found |u1");
}

TEST_CASE("versions 1, 2 and 3 are read, with keys in any order and either quotation mark") {
  for (const int version : {1, 2, 3}) CHECK(parsed(npy_file(version, two_by_three, "abcdef"))->values.size() == 6);
  CHECK(parsed(npy_file(1, "{\"shape\":(6,),\"descr\":\"|u1\",\"fortran_order\":False}\n", "abcdef"))->shape ==
        std::vector<Index>{6});
  CHECK(error_of(npy_file(4, two_by_three, "abcdef")) == "x.npy: npy: version: expected 1 to 3, found 4");
}

TEST_CASE("Fortran order is accepted for a vector, where it has no meaning, and refused for a matrix") {
  CHECK(parsed(npy_file(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (6,), }", "abcdef"))->values.size() == 6);
  CHECK(error_of(npy_file(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "abcdef")) ==
        "x.npy: npy: column-major (Fortran order): expected row-major");
}

TEST_CASE("a malformed file is one error that states the reason") {
  CHECK(error_of("") == "x.npy: not a .npy file");
  CHECK(error_of("PK\x03\x04 and more") == "x.npy: not a .npy file");
  CHECK(error_of(npy_file(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "abcd")) ==
        "x.npy: npy: element type: expected <f2, <f4, <f8, |i1, <i4, <i8, |u1, <V2, found >f4");
  CHECK(error_of(npy_file(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "abcd")) ==
        "x.npy: npy: a record of several types: expected one type of number");
  CHECK(error_of(npy_file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "abcd")) ==
        "x.npy: npy: the shape is not a list of extents");
  CHECK(error_of(npy_file(1, "{'descr': '<f4', 'fortran_order': False, }", "abcd"))
            .starts_with("x.npy: npy: the header is not"));
  CHECK(error_of(npy_file(1, two_by_three, "abcdefg")) == "x.npy: npy: bytes of values: expected 6, found 7");
  CHECK(error_of(npy_file(1, two_by_three, "abcde")).starts_with("x.npy: npy: truncated"));
}

TEST_CASE("the sizes in a header are checked against the number of bytes") {
  for (const char* shape :
       {"(9223372036854775807,)", "(4294967296, 4294967296)", "(3037000500, 3037000500)", "(1000000000000,)"})
    CHECK(error_of(npy_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': " + std::string(shape) + ", }",
                            "abcdefgh"))
              .starts_with("x.npy: npy: truncated"));
  CHECK(error_of(npy_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775808,), }", "")) ==
        "x.npy: npy: the shape is not a list of extents");
  CHECK(parsed(npy_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 0), }", ""))
            ->values.empty());
}

TEST_CASE("every truncated file is an error, and a changed header byte causes at most an error") {
  const std::string file = npy_file(1, two_by_three, "abcdef");
  for (std::size_t n = 0; n < file.size(); ++n) CHECK_FALSE(parsed(file.substr(0, n)).has_value());
  Rng rng{7};
  for (int round = 0; round < 5000; ++round) {
    std::string damaged = file;
    for (std::uint64_t k = 0; k <= rng.below(3); ++k)
      damaged[static_cast<std::size_t>(rng.below(damaged.size()))] = static_cast<char>(rng.below(256));
    const auto array = parsed(damaged);
    if (array) CHECK(array->values.size() == 6);
    else CHECK(array.error().message().starts_with("x.npy: "));
  }
}

TEST_CASE("a writer accepts exactly as many values as its shape has, otherwise it leaves no file") {
  const TemporaryFolder folder;
  const std::string path = folder / "x.npy";
  const Index shape[]{2, 2}, wrong[]{-1};
  const float values[]{1, 2, 3};
  {
    auto writer = NpyWriter<float>::try_create(path, shape);
    REQUIRE(writer);
    CHECK(writer->try_write(values).has_value());
    CHECK(writer->try_commit().error().message() == path + ": npy: values missing for the shape: expected 0, found 1");
    CHECK(writer->try_write(values).error().message() == path + ": npy: values: expected at most 1 more, found 3");
  }
  CHECK(folder.entries() == 0);
  CHECK(NpyWriter<float>::try_create(path, wrong).error().kind() == ErrorKind::option);
  CHECK(NpyWriter<double>::try_create(path, shape, NpyType::f4).error().kind() == ErrorKind::option);
  CHECK(try_write_npy<float>(folder / "none/x.npy", shape, values).error().kind() == ErrorKind::system);
}
