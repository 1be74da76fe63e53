// tests/nn/module_golden.hpp: a module with memory of its own, and a case of golden/modules.safetensors.
#pragma once

#include <clip/autograd/tape.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/model/storage.hpp>

#include "../support/matrix.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace clip::testing {

/// What golden/make_modules.py wrote of one case.
class ModuleCase {
 public:
  explicit ModuleCase(std::string name)
      : name_{std::move(name)}, file_{open_safetensors(CLIP_SOURCE_DIR "/tests/golden/modules.safetensors")} {}

  const StoredTensor& tensor(const std::string& what) const {
    const StoredTensor* const tensor = file_.find(name_ + "." + what);
    REQUIRE_MESSAGE(tensor != nullptr, name_ << "." << what);
    return *tensor;
  }
  Values operator()(const std::string& what) const {
    const StoredTensor& stored = tensor(what);
    Values values(static_cast<std::size_t>(stored.count()));
    convert(stored, std::span<double>(values));
    return values;
  }
  Index extent(const std::string& what, std::size_t axis) const { return tensor(what).shape[axis]; }
  int count(const std::string& kind) const {
    return static_cast<int>(std::ranges::count_if(
        file_.tensors(), [&](const StoredTensor& t) { return t.name.starts_with(name_ + "." + kind + "."); }));
  }

 private:
  std::string name_;
  Safetensors file_;
};

/// Rows (a, b, c) of a file as (b, a, c).
inline Values swapped(const Values& x, Index a, Index b) {
  const auto c = x.size() / static_cast<std::size_t>(a * b);
  Values y(x.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(a); ++i)
    for (std::size_t j = 0; j < static_cast<std::size_t>(b); ++j)
      std::copy_n(x.begin() + static_cast<std::ptrdiff_t>((i * static_cast<std::size_t>(b) + j) * c), c,
                  y.begin() + static_cast<std::ptrdiff_t>((j * static_cast<std::size_t>(a) + i) * c));
  return y;
}

/// The owner of a module's weights.
template <class B, class Module>
struct Holder {
  B backend_;
  Module module;
  Buffer<B> memory = allocate_parameters(backend_, *this);

  explicit Holder(Module given) : module{std::move(given)} {}
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("", self.module); }

  void read(const ModuleCase& from) {
    visit_parameters(
        *this, [&](std::string_view name, auto& p) { set_values(B{}, p.view(), from("weight." + std::string(name))); });
  }
  void fill(std::uint64_t seed) {
    visit_parameters(*this, [&](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{seed}.fork(name), p.count(), 0.4));
    });
  }
};

inline void check_close(const std::string& what, const Values& found, const Values& expected) {
  REQUIRE(found.size() == expected.size());
  INFO(what, ": off by ", max_difference(found, expected), ", largest ", max_magnitude(expected));
  CHECK(max_difference(found, expected) <= 1e-5 * std::max(1.0, max_magnitude(expected)));
}

/// Every gradient of the table against the case's, whose other gradients are `more`.
template <class B>
void check_gradients_of(Parameters<B>& table, const ModuleCase& expected, int more) {
  int gradients = 0;
  for (auto& e : table.entries()) {
    Values found(static_cast<std::size_t>(e.gradient.count()));
    if (!e.fresh) found = values_of(table.backend(), View<const typename B::Scalar>{e.gradient});
    check_close(std::string(e.name), found, expected("gradient." + std::string(e.name)));
    ++gradients;
  }
  CHECK(gradients + more == expected.count("gradient"));
}

}  // namespace clip::testing
