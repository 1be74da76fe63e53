// clip/io/json_reader.hpp: typed access to the keys of a JSON object, with all problems in one error.
#pragma once

#include <clip/core/size.hpp>
#include <clip/io/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Reads the keys of an object. finish() reports all problems together, each with the path of its key:
///
///   JsonReader file{json, "config.json"};
///   JsonReader text = file.object("text");
///   config.text.width = text.integer("width", 1);
///   if (auto done = file.finish(); !done) return done.error();
///   // config.json: text.width: expected a positive integer, found "x"
///
/// After a problem the getters return zero, empty or false. A key that was never read is a problem, so that a misspelt
/// key is not mistaken for an absent one. may_have() tests for an optional key. Keeps a reference to the Json, which
/// must outlive the reader.
class JsonReader {
 public:
  JsonReader(const Json& value, std::string place) : shared_{std::make_shared<Shared>()} {
    shared_->place = std::move(place);
    enter(value, "");
  }

  /// True if the key exists; marks it as known.
  bool may_have(const std::string& key) const {
    if (value_ == nullptr) return false;
    here().known.insert(key);
    return value_->contains(key);
  }

  /// True if the value is an array, for keys whose type distinguishes two kinds of object. Does not mark the key as
  /// known.
  bool holds_array(const std::string& key) const {
    if (value_ == nullptr) return false;
    const auto found = value_->find(key);
    return found != value_->end() && found->is_array();
  }

  /// Whether a key is there. Says nothing of whether the key is known.
  bool has(const std::string& key) const { return value_ != nullptr && value_->contains(key); }
  /// Whether a key holds this string. The key then counts as known.
  bool says(const std::string& key, std::string_view text) const {
    if (value_ == nullptr) return false;
    const auto found = value_->find(key);
    const auto* const said = found == value_->end() ? nullptr : found->get_ptr<const Json::string_t*>();
    if (said == nullptr || *said != text) return false;
    here().known.insert(key);
    return true;
  }

  Index integer(const std::string& key, Index least = std::numeric_limits<Index>::min(),
                Index most = std::numeric_limits<Index>::max()) {
    const Json* const found = get(key, in_range(least, most));
    if (found == nullptr) return 0;
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() ||
                       found->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
    if (const Index value = fits ? static_cast<Index>(found->get<std::int64_t>()) : 0;
        fits && value >= least && value <= most)
      return value;
    expected(key, in_range(least, most), *found);
    return 0;
  }
  double number(const std::string& key) {
    const Json* const found = get(key, "a number");
    if (found == nullptr) return 0;
    if (found->is_number()) return found->get<double>();
    expected(key, "a number", *found);
    return 0;
  }
  /// `count` numbers; any count if `count` is dyn.
  std::vector<double> numbers(const std::string& key, Index count = dyn) {
    const std::string wanted =
        count == dyn ? "an array of numbers" : "an array of " + std::to_string(count) + " numbers";
    const Json* const found = get(key, wanted);
    if (found == nullptr) return {};
    const bool good = found->is_array() && compatible(count, static_cast<Index>(found->size())) &&
                      std::all_of(found->begin(), found->end(), [](const Json& x) { return x.is_number(); });
    std::vector<double> values;
    if (!good) expected(key, wanted, *found);
    else
      for (const Json& x : *found) values.push_back(x.get<double>());
    return values;
  }
  std::string text(const std::string& key) {
    const Json* const found = get(key, "a string");
    if (found == nullptr) return {};
    if (const auto* text = found->get_ptr<const Json::string_t*>()) return *text;
    expected(key, "a string", *found);
    return {};
  }
  bool flag(const std::string& key) {
    const Json* const found = get(key, "true or false");
    if (found == nullptr) return false;
    if (found->is_boolean()) return found->get<bool>();
    expected(key, "true or false", *found);
    return false;
  }
  /// The object under a key. Its problems are reported together with those of this reader.
  JsonReader object(const std::string& key) {
    JsonReader child{*this};
    child.value_ = nullptr;
    if (const Json* const found = get(key, "an object")) child.enter(*found, path(key));
    return child;
  }

  /// Adds a problem found by the caller: "text.activation: expected quick_gelu or gelu, found \"relu\"".
  void problem(const std::string& key, const std::string& what) {
    shared_->problems.push_back(path(key) + ": " + what);
  }

  /// Success, or a LoadError with all problems of this object and of the objects below it.
  [[nodiscard]] Result<void> finish() const {
    std::vector<std::string> problems = shared_->problems;
    for (const auto& node : shared_->nodes)
      for (const auto& [key, value] : node->value->items())
        if (!node->known.contains(key)) problems.push_back(node->prefix + key + ": unknown key");
    if (problems.empty()) return {};
    std::string all;
    for (const std::string& p : problems) all += (all.empty() ? "" : "; ") + p;
    return LoadError{shared_->place, all}.with_id("clip.load.keys");
  }

 private:
  struct Node {
    const Json* value;
    std::string prefix;
    std::set<std::string> known;
  };
  struct Shared {
    std::string place;
    std::vector<std::string> problems;
    std::vector<std::unique_ptr<Node>> nodes;
  };

  Node& here() const { return *node_; }
  std::string path(const std::string& key) const { return node_ ? node_->prefix + key : key; }

  void enter(const Json& value, const std::string& at) {
    value_ = value.is_object() ? &value : nullptr;
    if (value_ == nullptr) {
      shared_->problems.push_back((at.empty() ? "" : at + ": ") + "expected an object, found " + json_in_words(value));
      return;
    }
    shared_->nodes.push_back(std::make_unique<Node>(Node{value_, at.empty() ? "" : at + ".", {}}));
    node_ = shared_->nodes.back().get();
  }
  const Json* get(const std::string& key, const std::string& wanted) {
    if (value_ == nullptr) return nullptr;
    node_->known.insert(key);
    const auto found = value_->find(key);
    if (found != value_->end()) return &*found;
    shared_->problems.push_back(path(key) + ": expected " + wanted + ", found nothing");
    return nullptr;
  }
  void expected(const std::string& key, const std::string& wanted, const Json& found) {
    shared_->problems.push_back(path(key) + ": expected " + wanted + ", found " + json_in_words(found));
  }
  static std::string in_range(Index least, Index most) {
    constexpr Index low = std::numeric_limits<Index>::min(), high = std::numeric_limits<Index>::max();
    if (most == high)
      return least == 1     ? "a positive integer"
             : least == 0   ? "an integer of 0 or more"
             : least == low ? "an integer"
                            : "an integer of at least " + std::to_string(least);
    return least == low ? "an integer of at most " + std::to_string(most)
                        : "an integer in " + std::to_string(least) + " ... " + std::to_string(most);
  }

  std::shared_ptr<Shared> shared_;
  const Json* value_ = nullptr;
  Node* node_ = nullptr;
};

}  // namespace clip::inline CLIP_ABI
