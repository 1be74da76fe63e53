// clip/formats/pickle_value.hpp: the values of a pickle, as plain data.
#pragma once

#include <clip/core/abi.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// One value of a pickle. Values refer to each other and may form cycles. They are valid as long as their Pickle.
struct PickleValue {
  enum class Kind : unsigned char {
    none,
    boolean,
    integer,
    real,
    text,
    bytes,
    tuple,
    list,
    dict,
    set,
    name,
    call,
    persistent
  };

  Kind kind = Kind::none;
  std::int64_t integer = 0;  // boolean, integer
  double real = 0;           // real
  std::string_view text{};   // text, bytes (also an integer of more than 64 bits), name: "collections.OrderedDict"
  std::vector<const PickleValue*> items{};  // tuple, list, set: the elements; dict, call: key, value, key, value …
  const PickleValue* callee = nullptr;      // call: the callable
  const PickleValue* arguments = nullptr;   // call: the tuple of arguments; persistent: the identity
  const PickleValue* state = nullptr;       // call: the state that the object would receive afterwards

  bool is(Kind k) const { return kind == k; }
  /// The value for a text key of a dict, or null.
  const PickleValue* at(std::string_view key) const {
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
      if (items[i]->is(Kind::text) && items[i]->text == key) return items[i + 1];
    return nullptr;
  }
  /// True for a call of the given name.
  bool calls(std::string_view name) const {
    return kind == Kind::call && callee->kind == Kind::name && callee->text == name;
  }
};

/// Limits of a pickle. The defaults are far above the needs of any checkpoint.
struct PickleLimits {
  std::size_t bytes = std::size_t{1} << 25;
  std::size_t values = std::size_t{1} << 22;
  std::size_t depth = 200;                    // of unfinished containers
  std::size_t memory = std::size_t{1} << 30;  // bytes of values, references and memo
};

/// True for the names ("module.name") that a pickle may contain.
using AllowedNames = std::function<bool(std::string_view)>;

/// The values of a pickle. Texts are spans of the pickled bytes, which must outlive it.
class Pickle {
 public:
  const PickleValue& root() const { return *root_; }
  /// Number of values.
  std::size_t size() const { return values_.size(); }

 private:
  friend class PickleReader;
  std::deque<PickleValue> values_;
  std::set<std::string, std::less<>> names_;
  const PickleValue* root_ = nullptr;
};

}  // namespace clip::inline CLIP_ABI
