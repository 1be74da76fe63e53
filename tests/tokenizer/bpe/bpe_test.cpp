#include <clip/tokenizer/bpe/bpe.hpp>

#include <doctest/doctest.h>

#include <clip/core/rng.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

using clip::BytePairs;
using clip::Merge;
using Ids = std::vector<std::int32_t>;

namespace {

Ids encode(const BytePairs& pairs, std::string_view piece) {
  BytePairs::Scratch scratch;
  Ids ids;
  pairs.encode(piece, scratch, ids);
  return ids;
}

std::string first_error(const std::vector<Merge>& merges) {
  const auto pairs = BytePairs::try_make("list", merges);
  return pairs ? "" : pairs.error().message();
}

/// BPE by its definition: joins the adjacent pair of the lowest rank everywhere, until no pair has a rank.
Ids by_definition(const std::vector<std::pair<std::string, std::string>>& merges, const std::string& piece) {
  std::map<std::pair<std::string, std::string>, std::size_t> ranks;
  std::map<std::string, std::int32_t> ids;
  for (int id = 0; id < 512; ++id) {
    const std::string byte(1, static_cast<char>(clip::byte_of_symbol[static_cast<std::size_t>(id % 256)]));
    ids[id < 256 ? byte : byte + "</w>"] = id;
  }
  for (std::size_t r = 0; r < merges.size(); ++r) {
    ranks[merges[r]] = r;
    ids[merges[r].first + merges[r].second] = static_cast<std::int32_t>(512 + r);
  }
  std::vector<std::string> word;
  for (const char c : piece) word.emplace_back(1, c);
  word.back() += "</w>";
  for (;;) {
    std::size_t best = merges.size();
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      if (const auto found = ranks.find({word[i], word[i + 1]}); found != ranks.end())
        best = std::min(best, found->second);
    }
    if (best == merges.size()) break;
    std::vector<std::string> next;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (i + 1 < word.size() && word[i] == merges[best].first && word[i + 1] == merges[best].second) {
        next.push_back(word[i] + word[i + 1]);
        ++i;
      } else {
        next.push_back(word[i]);
      }
    }
    word = next;
  }
  Ids out;
  for (const std::string& symbol : word) out.push_back(ids.at(symbol));
  return out;
}

}  // namespace

TEST_CASE("without merges every byte is a symbol and the last one carries the end-of-word mark") {
  const BytePairs pairs;
  CHECK(pairs.size() == 512);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string c(1, static_cast<char>(byte));
    const std::int32_t id = clip::symbol_of_byte[static_cast<std::size_t>(byte)];
    CHECK(encode(pairs, c) == Ids{id + 256});
    CHECK(encode(pairs, c + c) == Ids{id, id + 256});
  }
  CHECK(encode(pairs, "").empty());
}

TEST_CASE("earlier merges are applied first") {
  const std::vector<Merge> merges{{"b", "c</w>"}, {"a", "b"}, {"a", "bc</w>"}};
  const auto pairs = BytePairs::try_make("list", merges);
  REQUIRE(pairs);
  CHECK(encode(*pairs, "abc") == Ids{514});
  CHECK(encode(*pairs, "ab") == Ids{clip::symbol_of_byte['a'], clip::symbol_of_byte['b'] + 256});
  CHECK(encode(*pairs, "abab").size() == 3);
  CHECK((*pairs)[514] == "abc</w>");
}

TEST_CASE("ids follow the definition for merges in any order, for short and long pieces") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    clip::Rng rng{seed};
    std::vector<std::string> symbols{"a", "b", "a</w>", "b</w>"};
    std::vector<std::pair<std::string, std::string>> merges;
    while (merges.size() < 12 + seed % 20) {
      const std::string left = symbols[rng.below(symbols.size())], right = symbols[rng.below(symbols.size())];
      if (left.back() == '>' || left.size() + right.size() > 14) continue;
      merges.emplace_back(left, right);
      symbols.push_back(left + right);
    }
    if (seed % 2 == 1) {
      for (std::size_t i = merges.size() - 1; i > 0; --i) std::swap(merges[i], merges[rng.below(i + 1)]);
    }
    const std::vector<Merge> views(merges.begin(), merges.end());
    const auto pairs = BytePairs::try_make("list", views);
    REQUIRE(pairs);
    for (int n = 0; n < 40; ++n) {
      std::string piece;
      for (std::uint64_t length = 1 + rng.below(n % 4 == 0 ? 100 : 33); length > 0; --length)
        piece += rng.below(3) != 0 ? 'a' : 'b';
      CHECK(encode(*pairs, piece) == by_definition(merges, piece));
    }
  }
}

TEST_CASE("a piece of a million bytes is encoded in n log n steps") {
  const std::vector<Merge> merges{{"a", "a"}, {"aa", "aa"}, {"aaaa", "aaaa"}};
  const auto pairs = BytePairs::try_make("list", merges);
  REQUIRE(pairs);
  CHECK(encode(*pairs, std::string(1 << 20, 'a')).size() == (1 << 17) - 1 + 4);
}

TEST_CASE("a merge of an unknown symbol is an error that names it") {
  CHECK(first_error({{"a", "b"}, {"ab", "cd"}}) ==
        "list: merge 2, \"ab cd\": a symbol is neither a byte nor made by a merge");
  CHECK(first_error({{"a", ""}}) ==
        "list: merge 1, \"a \": a symbol is empty or holds a character that stands for no byte");
  CHECK(first_error({{"\u4F60", "a"}}) ==
        "list: merge 1, \"\u4F60 a\": a symbol is empty or holds a character that stands for no byte");
  CHECK(first_error({{"\xFF", "a"}}).find("merge 1") != std::string::npos);
}
