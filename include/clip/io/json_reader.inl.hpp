// clip/io/json_reader.inl.hpp: definitions of clip/io/json_reader.hpp.
#pragma once

#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct JsonReader::Node {
  const Json* value;
  std::string prefix;
  std::set<std::string> known;
};

struct JsonReader::Shared {
  std::string place;
  std::vector<std::string> problems;
  std::vector<std::unique_ptr<Node>> nodes;
};

CLIP_HOST JsonReader::JsonReader(const Json& value, std::string place) : shared_{std::make_shared<Shared>()} {
  shared_->place = std::move(place);
  enter(value, "");
}

CLIP_HOST bool JsonReader::may_have(const std::string& key) const {
  if (value_ == nullptr) return false;
  node_->known.insert(key);
  return value_->contains(key);
}

CLIP_HOST bool JsonReader::holds_array(const std::string& key) const {
  if (value_ == nullptr) return false;
  const auto found = value_->find(key);
  return found != value_->end() && found->is_array();
}

CLIP_HOST bool JsonReader::has(const std::string& key) const { return value_ != nullptr && value_->contains(key); }

CLIP_HOST bool JsonReader::says(const std::string& key, std::string_view text) const {
  if (value_ == nullptr) return false;
  const auto found = value_->find(key);
  const auto* const said = found == value_->end() ? nullptr : found->get_ptr<const Json::string_t*>();
  if (said == nullptr || *said != text) return false;
  node_->known.insert(key);
  return true;
}

CLIP_HOST Index JsonReader::integer(const std::string& key, Index least, Index most) {
  const Json* const found = get(key, integer_from(least));
  if (found == nullptr) return 0;
  const bool fits = found->is_number_integer() &&
                    (!found->is_number_unsigned() ||
                     found->get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
  const Index value = fits ? static_cast<Index>(found->get<std::int64_t>()) : 0;
  if (fits && value >= least && value <= most) return value;
  expected(key, fits && value > most ? "at most " + std::to_string(most) : integer_from(least), *found);
  return 0;
}

CLIP_HOST double JsonReader::number(const std::string& key) {
  const Json* const found = get(key, "a number");
  if (found == nullptr) return 0;
  if (found->is_number()) return found->get<double>();
  expected(key, "a number", *found);
  return 0;
}

CLIP_HOST std::vector<double> JsonReader::numbers(const std::string& key, Index count) {
  const std::string wanted = count == dyn ? "an array of numbers" : "an array of " + std::to_string(count) + " numbers";
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

CLIP_HOST std::string JsonReader::text(const std::string& key) {
  const Json* const found = get(key, "a string");
  if (found == nullptr) return {};
  if (const auto* text = found->get_ptr<const Json::string_t*>()) return *text;
  expected(key, "a string", *found);
  return {};
}

CLIP_HOST std::vector<std::string> JsonReader::texts(const std::string& key) {
  const Json* const found = get(key, "an array of strings");
  if (found == nullptr) return {};
  std::vector<std::string> values;
  const bool good =
      found->is_array() && std::all_of(found->begin(), found->end(), [](const Json& x) { return x.is_string(); });
  if (!good) expected(key, "an array of strings", *found);
  else
    for (const Json& x : *found) values.push_back(x.get<std::string>());
  return values;
}

CLIP_HOST bool JsonReader::flag(const std::string& key) {
  const Json* const found = get(key, "true or false");
  if (found == nullptr) return false;
  if (found->is_boolean()) return found->get<bool>();
  expected(key, "true or false", *found);
  return false;
}

CLIP_HOST JsonReader JsonReader::object(const std::string& key) {
  JsonReader child{*this};
  child.value_ = nullptr;
  if (const Json* const found = get(key, "an object")) child.enter(*found, path(key));
  return child;
}

CLIP_HOST const Json* JsonReader::value(const std::string& key) { return get(key, "a value"); }

CLIP_HOST void JsonReader::problem(const std::string& key, const std::string& what) {
  shared_->problems.push_back(path(key) + ": " + what);
}

CLIP_HOST Result<void> JsonReader::finish() const {
  std::vector<std::string> problems = shared_->problems;
  for (const auto& node : shared_->nodes)
    for (const auto& [key, value] : node->value->items())
      if (!node->known.contains(key)) problems.push_back(node->prefix + key + ": unknown key");
  if (problems.empty()) return {};
  std::string all;
  for (const std::string& p : problems) all += (all.empty() ? "" : "; ") + p;
  return LoadError{shared_->place, all}.with_id("clip.load.keys");
}

CLIP_HOST std::string JsonReader::path(const std::string& key) const { return node_ ? node_->prefix + key : key; }

CLIP_HOST void JsonReader::enter(const Json& value, const std::string& at) {
  value_ = value.is_object() ? &value : nullptr;
  if (value_ == nullptr) {
    shared_->problems.push_back((at.empty() ? "" : at + ": ") + "expected an object, found " + json_in_words(value));
    return;
  }
  shared_->nodes.push_back(std::make_unique<Node>(Node{value_, at.empty() ? "" : at + ".", {}}));
  node_ = shared_->nodes.back().get();
}

CLIP_HOST const Json* JsonReader::get(const std::string& key, const std::string& wanted) {
  if (value_ == nullptr) return nullptr;
  node_->known.insert(key);
  const auto found = value_->find(key);
  if (found != value_->end()) return &*found;
  shared_->problems.push_back(path(key) + ": expected " + wanted + ", found nothing");
  return nullptr;
}

CLIP_HOST void JsonReader::expected(const std::string& key, const std::string& wanted, const Json& found) {
  shared_->problems.push_back(path(key) + ": expected " + wanted + ", found " + json_in_words(found));
}

CLIP_HOST std::string JsonReader::integer_from(Index least) {
  return least == 1                                   ? "a positive integer"
         : least == 0                                 ? "an integer of 0 or more"
         : least == std::numeric_limits<Index>::min() ? "an integer"
                                                      : "an integer of at least " + std::to_string(least);
}

}  // namespace clip::inline CLIP_ABI
