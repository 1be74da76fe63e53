// tests/support/counting.hpp: test double of a device that records which of its functions are called.
#pragma once

#include "remote.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clip::testing {

/// Names of functions, in the order of their calls.
class Calls {
 public:
  void add(std::string_view name) { names_.push_back(name); }
  void clear() { *this = {}; }

  /// Sorts out what the arguments of a call have that costs a device a copy.
  template <class... X>
  void look_at(const X&... arguments) {
    (look_at_one(arguments), ...);
  }
  /// The stamps of the sequences and of the tables that primitives were given.
  const std::set<std::uint64_t>& sequences() const { return sequences_; }
  const std::set<std::uint64_t>& tables() const { return tables_; }
  /// Bytes given to upload.
  std::size_t uploaded() const { return uploaded_; }

  Index count(std::string_view name) const { return std::ranges::count(names_, name); }
  Index count() const { return static_cast<Index>(names_.size()); }
  /// The place of the first call; behind the last one where there is none.
  Index first(std::string_view name) const { return std::ranges::find(names_, name) - names_.begin(); }

 private:
  template <class X>
  void look_at_one(const X&) {}
  void look_at_one(const Sequences& sequences) { sequences_.insert(sequences.stamp()); }
  template <class T>
  void look_at_one(const UpdateTable<T>& table) {
    tables_.insert(table.stamp);
  }
  template <std::floating_point S>
  void look_at_one(const std::span<const S>& host) {
    uploaded_ += host.size_bytes();
  }

  std::vector<std::string_view> names_;
  std::set<std::uint64_t> sequences_, tables_;
  std::size_t uploaded_ = 0;
};

/// Remote with a record of calls, which copies share, and a number of rows that it likes at once.
template <class T = float, Index RowsAtOnce = Remote<T>::rows_at_once>
class Counting {
 public:
  using Scalar = T;
  static constexpr Index rows_at_once = RowsAtOnce;
  static constexpr bool grouping_keeps_bits = Remote<T>::grouping_keeps_bits;
  static constexpr bool host_memory = false;

  Calls& calls() { return *calls_; }
  std::string describe() const { return remote_.describe(); }

#define CLIP_PRIMITIVE(result, name, parameters, arguments) \
  result name parameters {                                  \
    calls_->add(#name);                                     \
    calls_->look_at arguments;                              \
    return remote_.name arguments;                          \
  }
#define CLIP_PRIMITIVE_OF_F(name, parameters, arguments) \
  template <class F>                                     \
  CLIP_PRIMITIVE(void, name, parameters, arguments)

  CLIP_PRIMITIVE(void*, allocate, (std::size_t bytes), (bytes))
  CLIP_PRIMITIVE(void, deallocate, (void* p, std::size_t bytes), (p, bytes))
  CLIP_PRIMITIVE_OF_F(upload, (std::span<const F> host, View<T> y), (host, y))
  CLIP_PRIMITIVE_OF_F(download, (In<T> x, std::span<F> host), (x, host))
  CLIP_PRIMITIVE(StepNumbers, read, (const StepNumbers* numbers), (numbers))
#define CLIP_PRIMITIVES_CORE
#define CLIP_PRIMITIVES_CONVOLVING
#define CLIP_PRIMITIVES_FUSING
#include <clip/backend/primitives.def.hpp>

 private:
  Remote<T> remote_;
  std::shared_ptr<Calls> calls_ = std::make_shared<Calls>();
};

static_assert(ConvolvingBackend<Counting<float>> && FusingBackend<Counting<float>>);

}  // namespace clip::testing
