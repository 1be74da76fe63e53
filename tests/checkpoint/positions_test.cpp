#include <clip/checkpoint/positions.hpp>

#include <clip/formats/safetensors.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace clip;

namespace {

double x(Index i) { return static_cast<double>((3 * i * i + 5 * i) % 11) / 10; }

/// A class row of 7 and the grid 2 x[r] - x[c].
std::vector<double> grid(Index n) {
  std::vector<double> table{7};
  for (Index r = 0; r < n; ++r)
    for (Index c = 0; c < n; ++c) table.push_back(2 * x(r) - x(c));
  return table;
}

void check_first_row(Index from, Index to, Interpolate how, const std::vector<double>& expected) {
  const auto found = try_interpolate_grid(grid(from), 1, to * to + 1, how).value();
  CHECK(static_cast<Index>(found.size()) == to * to + 1);
  CHECK(found[0] == 7);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found[i + 1] - expected[i]) <= 1e-6);
}

void check_line(Index from, Index to, const std::vector<double>& expected) {
  std::vector<double> table;
  for (Index i = 0; i < from; ++i) table.push_back(x(i));
  const auto found = try_interpolate_line(table, 1, to, Interpolate::openclip).value();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(found[i] - expected[i]) <= 1e-6);
}

std::vector<double> values(const Safetensors& file, const std::string& name) {
  const StoredTensor* const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor != nullptr, name);
  std::vector<double> all(static_cast<std::size_t>(tensor->count()));
  convert(*tensor, std::span<double>(all));
  return all;
}

}  // namespace

TEST_CASE("positions: Long-CLIP's stretch of a text's table, bit for bit") {
  const Safetensors file = open_safetensors(CLIP_SOURCE_DIR "/tests/golden/longclip/small_expected.safetensors");
  const std::vector<double> table = values(file, "table77"), expected = values(file, "table248");
  const auto found = stretch_positions(std::vector<float>(table.begin(), table.end()), 4);
  CHECK(std::vector<double>(found.begin(), found.end()) == expected);
  CHECK(try_interpolate_line(table, 4, 248, Interpolate::longclip).value() == expected);
  const auto first = try_interpolate_line(table, 4, 30, Interpolate::longclip).value();
  CHECK(first == std::vector<double>(table.begin(), table.begin() + 30 * 4));
  CHECK(try_interpolate_line(table, 4, 128, Interpolate::longclip).error().message() ==
        "positions: rows requested: expected 248, or at most 77, by Long-CLIP's rule, found 128");
  CHECK(try_stretch_positions(std::vector<float>(20 * 4), 4).error().kind() == ErrorKind::shape);
  CHECK(stretch_positions(std::vector<float>(21), 1).size() == 24);
  CHECK_FALSE(try_interpolate_grid(grid(4), 1, 37, Interpolate::longclip));
}

TEST_CASE("positions: the published vectors, 4 to 6") {
  check_first_row(4, 6, Interpolate::openclip, {-0.052631, -0.528792, -0.844846, -0.158735, -0.534675, -1.064474});
  check_first_row(4, 6, Interpolate::huggingface, {-0.069444, -0.613889, -0.877894, -0.189468, -0.513889, -1.117014});
  check_first_row(4, 6, Interpolate::tinyclip, {0, -0.576, -0.7144, -0.0736, -0.2628, -0.9});
  check_line(4, 6, {0, 0.4, 0.666667, 0.133333, 0.45, 0.9});
}

TEST_CASE("positions: the published vectors, 6 to 4") {
  check_first_row(6, 4, Interpolate::openclip, {0.307281, 0.246569, 0.018851, 0.506796});
  check_first_row(6, 4, Interpolate::huggingface, {0.209375, 0.304297, -0.421094, 0.320703});
  check_first_row(6, 4, Interpolate::tinyclip, {0, -0.196296, -0.785185, -0.1});
  check_line(6, 4, {0.2, 0.2, 0.725, 0.125});
}

TEST_CASE("positions: the published vectors, 7 to 12") {
  check_first_row(7, 12, Interpolate::openclip,
                  {-0.062193, -0.414832, -0.920339, -0.467779, -0.166476, -0.827739, -0.919215, -0.394113, -0.204074,
                   -0.234563, -0.559236, -0.763257});
  check_first_row(7, 12, Interpolate::huggingface,
                  {-0.078342, -0.4977, -0.953631, -0.496714, -0.200483, -0.854226, -0.970881, -0.446235, -0.198098,
                   -0.270072, -0.569916, -0.805648});
  check_first_row(7, 12, Interpolate::tinyclip,
                  {0, -0.522014, -0.780804, -0.229376, -0.083509, -0.718107, -0.826296, -0.338092, -0.056349, -0.075282,
                   -0.314313, -0.6});
  check_line(7, 12, {0, 0.3, 0.766667, 0.366667, 0.1125, 0.6375, 0.695833, 0.2875, 0.154167, 0.120833, 0.4125, 0.6});
}

TEST_CASE("positions: every method equals PyTorch's, on larger, smaller and equal grids") {
  const Safetensors file = open_safetensors(CLIP_SOURCE_DIR "/tests/checkpoint/files/positions.safetensors");
  int compared = 0;
  for (const StoredTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(".out")) continue;
    CAPTURE(tensor.name);
    const auto in = values(file, tensor.name.substr(0, tensor.name.size() - 3) + "in"),
               expected = values(file, tensor.name);
    const auto is = [&](const char* text) { return tensor.name.find(text) != std::string::npos; };
    const Interpolate how = is("huggingface") ? Interpolate::huggingface
                            : is("tinyclip")  ? Interpolate::tinyclip
                                              : Interpolate::openclip;
    const auto found = (is("grid") ? try_interpolate_grid(in, 3, tensor.shape[0], how)
                                   : try_interpolate_line(in, 3, tensor.shape[0], how))
                           .value();
    REQUIRE(found.size() == expected.size());
    double most = 0;
    for (std::size_t i = 0; i < found.size(); ++i) most = std::max(most, std::abs(found[i] - expected[i]));
    CHECK(most <= 1e-12);
    ++compared;
  }
  CHECK(compared == 29);
}

TEST_CASE("positions: a table interpolated to its own size is unchanged, and a constant stays constant") {
  for (const Interpolate how : {Interpolate::openclip, Interpolate::huggingface, Interpolate::tinyclip}) {
    const auto same = try_interpolate_grid(grid(5), 1, 26, how).value();
    for (std::size_t i = 0; i < same.size(); ++i) CHECK(std::abs(same[i] - grid(5)[i]) <= 1e-14);
    for (const Index n : {1, 2, 3, 8, 20}) {
      const auto flat = try_interpolate_grid(std::vector<double>(17, 0.3), 1, n * n + 1, how).value();
      for (const double v : flat) CHECK(std::abs(v - 0.3) <= 1e-14);
    }
  }
}

TEST_CASE("positions: a size or a method without a rule is an error") {
  CHECK(try_interpolate_grid(grid(4), 1, 27, Interpolate::openclip).error().message() ==
        "positions: rows requested: expected a square plus one, found 27");
  CHECK(try_interpolate_grid(std::vector<double>(6), 1, 26, Interpolate::openclip).error().kind() == ErrorKind::shape);
  CHECK(try_interpolate_grid(grid(4), 1, 26, Interpolate::none).error().kind() == ErrorKind::option);
  CHECK(try_interpolate_line(grid(4), 1, 26, Interpolate::huggingface).error().kind() == ErrorKind::option);
  CHECK(try_interpolate_line(std::vector<double>(7), 2, 3, Interpolate::openclip).error().kind() == ErrorKind::shape);
}
