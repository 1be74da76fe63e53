// The op list is complete: it names every struct with a `forward` of include/clip/ops, and no other.
#include <clip/backend/naive.hpp>

#include "op_list.hpp"

#include <doctest/doctest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

using namespace clip;
using namespace clip::testing;

namespace {

/// The structs of a header whose body declares `forward(`.
std::set<std::string> ops_in(std::string_view header) {
  std::set<std::string> ops;
  constexpr std::string_view word = "\nstruct ";
  for (std::size_t at = header.find(word); at != std::string_view::npos; at = header.find(word, at + 1)) {
    const std::string_view rest = header.substr(at + word.size());
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    const auto end_of_name = std::find_if_not(rest.begin(), rest.end(), is_letter);
    const std::string_view body = rest.substr(0, rest.find("\n};"));
    if (body.find(" forward(") != std::string_view::npos) ops.emplace(rest.begin(), end_of_name);
  }
  return ops;
}

std::set<std::string> ops_in_folder(const std::filesystem::path& folder) {
  std::set<std::string> ops;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    std::ifstream file{entry.path()};
    const std::string header{std::istreambuf_iterator<char>{file}, {}};
    ops.merge(ops_in(header));
  }
  return ops;
}

std::set<std::string> ops_in_list() {
  std::set<std::string> ops;
  for (const auto& op : OpList<Naive<double>>{}.cases) ops.insert(op.type.type);
  return ops;
}

}  // namespace

TEST_CASE("every op of include/clip/ops is in the op list") {
  CHECK(ops_in_folder(CLIP_SOURCE_DIR "/include/clip/ops") == ops_in_list());
}

TEST_CASE("the search for ops finds a planted op, a template, and no other struct") {
  const std::string_view header = R"(
/// y = 2 x
struct TwiceOp {
  template <class T>
  void forward(auto& b, In<T> x, Out<T> y, Saved<T>) const {}
};
template <class F>
struct Applied {
  void forward(auto& b) const {}
};
struct Numbers {
  std::vector<int> values;
};
void use(struct Numbers) { forward(1); }
)";
  CHECK(ops_in(header) == std::set<std::string>{"Applied", "TwiceOp"});
  CHECK_FALSE(ops_in_list().contains("TwiceOp"));
}

TEST_CASE("two ops never have one name") {
  std::map<std::string_view, std::string> types;
  for (const auto& op : OpList<Naive<double>>{}.cases) {
    INFO(op.type.name);
    CHECK(types.emplace(op.type.name, op.type.type).first->second == op.type.type);
  }
}
