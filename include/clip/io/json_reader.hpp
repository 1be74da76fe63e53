// clip/io/json_reader.hpp: typed access to the keys of a JSON object, with all problems in one error.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json_fwd.hpp>

#include <limits>
#include <memory>
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
  CLIP_HOST JsonReader(const Json& value, std::string place);

  /// True if the key exists; marks it as known.
  CLIP_HOST bool may_have(const std::string& key) const;

  /// True if the value is an array, for keys whose type distinguishes two kinds of object. Does not mark the key as
  /// known.
  CLIP_HOST bool holds_array(const std::string& key) const;

  /// Whether a key is there. Says nothing of whether the key is known.
  CLIP_HOST bool has(const std::string& key) const;
  /// Whether a key holds this string. The key then counts as known.
  CLIP_HOST bool says(const std::string& key, std::string_view text) const;

  CLIP_HOST Index integer(const std::string& key, Index least = std::numeric_limits<Index>::min(),
                          Index most = std::numeric_limits<Index>::max());
  /// A size of a model: an integer of at least `least` and at most `most`.
  Index extent(const std::string& key, Index most, Index least = 1) { return integer(key, least, most); }
  CLIP_HOST double number(const std::string& key);
  /// `count` numbers; any count if `count` is dyn.
  CLIP_HOST std::vector<double> numbers(const std::string& key, Index count = dyn);
  CLIP_HOST std::string text(const std::string& key);
  CLIP_HOST std::vector<std::string> texts(const std::string& key);
  CLIP_HOST bool flag(const std::string& key);
  /// The object under a key. Its problems are reported together with those of this reader.
  CLIP_HOST JsonReader object(const std::string& key);
  /// The value under a key, of whatever type, for the caller to read; null: the key is missing, which is a problem.
  CLIP_HOST const Json* value(const std::string& key);

  /// Adds a problem found by the caller: "text.activation: expected quick_gelu or gelu, found \"relu\"".
  CLIP_HOST void problem(const std::string& key, const std::string& what);

  /// Success, or a LoadError with all problems of this object and of the objects below it.
  [[nodiscard]] CLIP_HOST Result<void> finish() const;

 private:
  struct Node;
  struct Shared;

  CLIP_HOST std::string path(const std::string& key) const;

  CLIP_HOST void enter(const Json& value, const std::string& at);
  CLIP_HOST const Json* get(const std::string& key, const std::string& wanted);
  CLIP_HOST void expected(const std::string& key, const std::string& wanted, const Json& found);
  static CLIP_HOST std::string integer_from(Index least);

  std::shared_ptr<Shared> shared_;
  const Json* value_ = nullptr;
  Node* node_ = nullptr;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/io/json_reader.inl.hpp>
#endif
