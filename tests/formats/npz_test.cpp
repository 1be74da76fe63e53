#include <clip/formats/npz.hpp>

#include <clip/formats/npz_write.hpp>
#include <clip/io/npy_write.hpp>

#include "../io/temporary_folder.hpp"
#include "../io/zip_writer.hpp"
#include "tensors.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

const std::string golden = CLIP_SOURCE_DIR "/tests/golden/siglip/";

/// A .npy file of halves without values, or with as many bytes as it says.
std::string npy(const std::string& shape, std::size_t bytes, const std::string& type = "<f2",
                const std::string& fortran = "False") {
  std::string line = "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + "}\n";
  return std::string("\x93NUMPY\x01\x00", 8) + little(line.size(), 2) + line + std::string(bytes, '\1');
}

std::string message(const std::vector<ZipWriter::Entry>& entries, std::string_view below = {}) {
  const std::string file = ZipWriter{entries}.file();
  const auto result = try_parse_npz(as_byte_span(file), "x.npz", below);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind() == ErrorKind::load);
  return result.error().message();
}

}  // namespace

TEST_CASE("npz: arrays have numpy's names, types and shapes; deflated and column-major ones are copied") {
  const std::string file = get(golden + "siglip_big_vision_scanned.npz");
  REQUIRE(is_npz(as_byte_span(file)));
  const NpzFile npz = try_parse_npz(as_byte_span(file), "x").value();
  CHECK(npz.arrays.size() == 60);  // those below params/, without the state of the optimiser
  for (const StoredTensor& array : npz.arrays) {
    CHECK(array.dtype == Dtype::bf16);
    CHECK(stored_size(array.dtype, array.shape) == array.bytes.size());
  }
  const NpzFile state = try_parse_npz(as_byte_span(file), "x", "opt.0").value();
  REQUIRE(state.arrays.size() == 2);
  CHECK(state.arrays[0].name == "count");
  CHECK(state.arrays[0].dtype == Dtype::i32);
  CHECK(state.arrays[0].shape.empty());
  CHECK(state.arrays[1].name == "mu/t");
  for (const StoredTensor& array : try_parse_npz(as_byte_span(file), "x", {}, TensorContent::shapes)->arrays)
    CHECK(array.bytes.empty());

  // (2, 3), the first extent varies fastest: 0 2 4 / 1 3 5
  std::string columns = npy("(2, 3)", 0, "<f4", "True");
  for (const float x : {0.f, 1.f, 2.f, 3.f, 4.f, 5.f}) columns.append(reinterpret_cast<const char*>(&x), sizeof x);
  const std::string small = ZipWriter{{{"w.npy", columns}}}.file();
  const NpzFile one = try_parse_npz(as_byte_span(small), "x").value();
  std::vector<float> values(6);
  convert(one.arrays[0], std::span<float>(values));
  CHECK(values == std::vector<float>{0, 2, 4, 1, 3, 5});
}

TEST_CASE("npz: what is written is what numpy writes of the same arrays") {
  const TemporaryFolder folder;
  const std::string file = get(golden + "siglip_big_vision.npz");
  const NpzFile npz = try_parse_npz(as_byte_span(file), "x").value();
  std::vector<TensorToWrite> tensors;
  for (const StoredTensor& array : npz.arrays) tensors.push_back({array.name, array.dtype, array.shape, array.bytes});
  try_write_npz(folder / "out.npz", tensors).value();
  const std::string written = get(folder / "out.npz");
  const ZipDirectory ours = try_parse_zip(as_byte_span(written), "out").value(),
                     theirs = try_parse_zip(as_byte_span(file), "in").value();
  REQUIRE(ours.entries().size() == theirs.entries().size());
  for (std::size_t i = 0; i < ours.entries().size(); ++i) {
    CHECK(ours.entries()[i].name == theirs.entries()[i].name);
    CHECK(ours.entries()[i].checksum == theirs.entries()[i].checksum);
    CHECK(as_text(ours.entries()[i].bytes) == as_text(theirs.entries()[i].bytes));
  }
  const std::vector<std::uint16_t> bits{0x3F80};
  const TensorToWrite brain = tensor("b", Dtype::bf16, {1}, bits);
  try_write_npz(folder / "b.npz", std::vector{brain}).value();
  const std::string bfloat16 = get(folder / "b.npz");
  CHECK(try_parse_npz(as_byte_span(bfloat16), "x")->arrays[0].dtype == Dtype::bf16);
}

TEST_CASE("npz: what cannot be written leaves no file") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> bits{1, 2};
  const std::string path = folder / "x.npz";
  const TensorToWrite a = tensor("a", Dtype::f16, {2}, bits);
  CHECK(try_write_npz(path, std::vector{a, a}).error().message() == path + ": two tensors are named a");
  CHECK(try_write_npz(path, std::vector{tensor("a", Dtype::f16, {3}, bits)}).error().kind() == ErrorKind::input);
  CHECK(try_write_npz(path, std::vector{tensor("a", Dtype::u16, {2}, bits)}).error().kind() == ErrorKind::option);
  CHECK(folder.entries() == 0);
}

TEST_CASE("npz: hostile and damaged files are one error") {
  const std::string half = npy("(2,)", 4);
  CHECK(message({{"a.npy", half}, {"readme", "text"}}) ==
        "x.npz: entry of an archive of arrays: expected a name that ends in .npy, found readme");
  CHECK(message({{"a.npy", npy("(2,)", 4, ">f2")}}) ==
        "x.npz: a.npy: npy: element type: expected <f2, <f4, <f8, |i1, <i4, <i8, |u1, <V2, found >f2");
  CHECK(message({{"a.npy", npy("(3,)", 4)}}).find("x.npz: a.npy: npy: truncated: 4 bytes") == 0);
  CHECK(message({{"a.npy", "\x93NUM"}}) == "x.npz: a.npy: not a .npy file");
  CHECK(message({{"a.npy", npy("(0, 4611686018427387904, 4611686018427387904)", 0)}}) ==
        "x.npz: a.npy: its shape has impossible extents");
  CHECK(message({{"a.npy", half}}, "model") == "x.npz: no state dict \"model\": no name begins so");
  set_file_budget({.factor = 0, .least = 100});
  const std::string inflating = message({{"a.npy", half, true}, {"b.npy", half, true}, {"c.npy", half, true}});
  set_file_budget({});
  CHECK_MESSAGE(inflating.find("x.npz: the inflated content up to ") == 0, inflating);
  const std::string file = ZipWriter{{{"a.npy", half}}}.file();
  for (std::size_t size = 0; size < file.size(); ++size)
    CHECK_FALSE(try_parse_npz(as_byte_span(std::string_view(file).substr(0, size)), "x"));
}
