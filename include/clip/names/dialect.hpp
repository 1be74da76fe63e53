// clip/names/dialect.hpp: tensor-name dialects, and name tables that translate between them.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// The naming scheme of a file's tensors. OpenCLIP uses OpenAI's names; its folders differ. Apple's names are those of
/// its MobileCLIP repository, TinyCLIP's those of Microsoft's TinyCLIP repository, and of no other model; big_vision's
/// are those in which Google trained SigLIP; torchvision's those of its classifiers, which are image towers alone.
enum class Dialect : unsigned char { openai, openclip, huggingface, apple, tinyclip, big_vision, torchvision };
inline constexpr std::array dialects{Dialect::openai,   Dialect::openclip,   Dialect::huggingface, Dialect::apple,
                                     Dialect::tinyclip, Dialect::big_vision, Dialect::torchvision};

constexpr std::string_view name_of(Dialect dialect) {
  constexpr std::array<std::string_view, dialects.size()> names{"openai",   "openclip",   "huggingface", "apple",
                                                                "tinyclip", "big_vision", "torchvision"};
  return names[static_cast<std::size_t>(dialect)];
}
/// The dialect with this name. OptionError: an unknown name.
inline Result<Dialect> try_dialect(std::string_view name) { return try_choice("dialect", "name", name, dialects); }

/// Whether a dialect has names for the models of one publisher only, so that a name without a rule cannot be written.
constexpr bool is_closed(Dialect dialect) {
  return dialect == Dialect::apple || dialect == Dialect::tinyclip || dialect == Dialect::big_vision ||
         dialect == Dialect::torchvision;
}
/// Whether a dialect has folders, in which a description stands beside the weights.
constexpr bool has_folders(Dialect dialect) {
  return dialect == Dialect::openclip || dialect == Dialect::huggingface || dialect == Dialect::apple;
}

/// One tensor's name in OpenAI's dialect and in another. In a name `#` matches a number, of a block or another, `*` at
/// the end matches any last component, and `@` matches q, k or v: three tensors of the other dialect are one tensor of
/// OpenAI's, concatenated along the first axis; `$` likewise matches query, key or value. `&` matches q or kv: two such
/// tensors, the second of twice as many rows. `%` matches the digit d in OpenAI's name and the d-th of `digits` in the
/// other: stages that are counted differently.
struct NameRule {
  std::string_view openai, other;
  bool transposed = false;
  std::size_t leading = 0;    // extents of 1 that the other dialect has before those of OpenAI's: (1, n, w) for (n, w)
  std::string_view digits{};  // a space in it: no such stage
};

/// A tensor, by its OpenAI name, that a dialect does not store because it is zero: reading adds it if the file has
/// `rows_of`, with as many rows; writing omits it, or fails if it is not zero.
struct ZeroTensor {
  std::string_view openai, rows_of;
};

/// Two tables of positions, by their OpenAI names, which are read as one: the first `kept` rows of `first`, then the
/// later rows of `second`. Other dialects than openai have one table, their fold.
struct DividedTable {
  std::string_view first, second;
  Index kept = 0;
};

/// A dialect has no model with the tensor `of` and without `tensor`, by their OpenAI names; empty: it has.
struct NeededTensor {
  std::string_view of, tensor;
};

/// The names of one tower in one dialect. A file uses the dialect if one of its names begins with `prefix`.
struct NameTable {
  Dialect dialect{};
  std::string_view prefix{};
  std::span<const NameRule> rules{};
  std::string_view dropped{};  // reading skips names with this ending, which hold no weights; empty: none
  std::span<const std::string_view> refused{};  // OpenAI names with these prefixes cannot be written in the dialect …
  std::string_view tower{};                     // … because they belong to this tower: "a residual network"
  std::span<const std::string_view> own{};      // further OpenAI names of the tower, as patterns, which no rule has
  bool written = true;                          // false: the names are read, and OpenAI's are written
  std::string_view instead = "openai or openclip";  // the dialects that have names for the refused tower
  std::span<const NameRule> signs{};  // the table is for models with one of these tensors, and goes before tables
                                      // without signs; empty: for all models
  ZeroTensor zero{};
  DividedTable divided{};
  NeededTensor needed{};
  std::span<const std::string_view> heads{};  // reading a file of this table skips names with these prefixes, which
                                              // belong to tasks of its training: "lm_head."
  std::string_view beside{};  // writing: the table is for models with an OpenAI name that begins so; empty: for all
};

namespace detail {

inline constexpr std::string_view query_key_value = "qkv";
inline constexpr std::array<std::string_view, 3> query_key_value_words{"query", "key", "value"};
inline constexpr std::string_view wildcards = "#*@$&%";

/// The substrings that the wildcards of a pattern matched.
struct Captured {
  std::array<std::string_view, 3> numbers{};  // in their order
  std::size_t count = 0;                      // of them
  std::string_view ending;
  std::size_t part = 0;   // index of the letter in "qkv"; of q, kv
  std::size_t stage = 0;  // index of the digit in the digits of the name
};

inline constexpr std::string_view all_digits = "0123456789";

/// How many tensors of the other dialect are one of OpenAI's.
constexpr std::size_t parts_of(const NameRule& rule) {
  return rule.other.find_first_of("@$") != rule.other.npos ? 3 : rule.other.find('&') != rule.other.npos ? 2 : 1;
}
/// The thirds of OpenAI's tensor that a part begins with and consists of.
struct Thirds {
  std::size_t first, count;
};
constexpr Thirds thirds_of(const NameRule& rule, std::size_t part) {
  return {part, parts_of(rule) == 2 ? part + 1 : 1};
}

/// The substrings of a name that the wildcards of a pattern match, or nothing if the name does not match.
constexpr std::optional<Captured> match(std::string_view pattern, std::string_view name,
                                        std::string_view digits = all_digits) {
  Captured found;
  std::size_t at = 0;
  for (const char c : pattern) {
    if (c == '*') {
      found.ending = name.substr(at);
      return found.ending.empty() || found.ending.find('.') != found.ending.npos ? std::nullopt : std::optional{found};
    }
    if (c == '#') {
      const std::size_t begin = at;
      while (at < name.size() && name[at] >= '0' && name[at] <= '9') ++at;
      if (at == begin) return std::nullopt;
      found.numbers[found.count++] = name.substr(begin, at - begin);
      continue;
    }
    if (at == name.size()) return std::nullopt;
    if (c == '$') {
      const auto begins = [&](std::string_view word) { return name.substr(at).starts_with(word); };
      for (found.part = 0; found.part < 3 && !begins(query_key_value_words[found.part]);) ++found.part;
      if (found.part == 3) return std::nullopt;
      at += query_key_value_words[found.part].size() - 1;
    } else if (c == '&') {
      if (name.substr(at).starts_with("kv")) {
        found.part = 1;
        ++at;
      } else if (name[at] != 'q') {
        return std::nullopt;
      }
    } else if (c == '%') {
      found.stage = digits.find(name[at]);
      if (found.stage == digits.npos || name[at] == ' ') return std::nullopt;
    } else if (c == '@') {
      found.part = query_key_value.find(name[at]);
      if (found.part == query_key_value.npos) return std::nullopt;
    } else if (c != name[at]) {
      return std::nullopt;
    }
    ++at;
  }
  return at == name.size() ? std::optional{found} : std::nullopt;
}

/// The name that results from a pattern with these substrings in place of its wildcards.
inline std::string fill_in(std::string_view pattern, const Captured& with, std::string_view digits = all_digits) {
  std::string name;
  std::size_t number = 0;
  for (const char c : pattern) {
    if (c == '*') name += with.ending;
    else if (c == '#') name += with.numbers[number++];
    else if (c == '@') name += query_key_value[with.part];
    else if (c == '$') name += query_key_value_words[with.part];
    else if (c == '&') name += with.part == 0 ? "q" : "kv";
    else if (c == '%') name += digits[with.stage];
    else name += c;
  }
  return name;
}

/// The substrings of OpenAI's name that a rule matches, or nothing.
constexpr std::optional<Captured> match_openai(const NameRule& rule, std::string_view name) {
  const auto found = match(rule.openai, name);
  const bool counted = rule.openai.find('%') != rule.openai.npos;
  if (found && counted && (found->stage >= rule.digits.size() || rule.digits[found->stage] == ' ')) return std::nullopt;
  return found;
}
/// The substrings of the other dialect's name that a rule matches, or nothing.
constexpr std::optional<Captured> match_other(const NameRule& rule, std::string_view name) {
  return match(rule.other, name, rule.digits);
}
inline std::string other_name(const NameRule& rule, const Captured& with) {
  return fill_in(rule.other, with, rule.digits);
}

}  // namespace detail
}  // namespace clip::inline CLIP_ABI
