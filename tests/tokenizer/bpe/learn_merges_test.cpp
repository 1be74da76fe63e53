// Merges learned from texts: the definition of Sennrich et al., counted again at every step, gives the same list.
#include <clip/core/rng.hpp>
#include <clip/tokenizer/bpe/learn_merges.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include "../../io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace clip;

namespace {

/// The algorithm as the paper prints it, over words of ASCII letters: count all pairs, join the most frequent one.
LearnedMerges by_definition(const std::vector<std::string>& texts, Index most) {
  std::map<std::vector<std::string>, Index> words;
  for (const std::string& text : texts) {
    std::istringstream stream{text};
    for (std::string word; stream >> word;) {
      std::vector<std::string> symbols;
      for (const char c : word) symbols.emplace_back(1, c);
      symbols.back() += "</w>";
      ++words[symbols];
    }
  }
  LearnedMerges merges;
  while (static_cast<Index>(merges.size()) < most) {
    std::map<std::pair<std::string, std::string>, Index> pairs;
    for (const auto& [word, count] : words)
      for (std::size_t i = 0; i + 1 < word.size(); ++i) pairs[{word[i], word[i + 1]}] += count;
    const auto best = std::ranges::max_element(pairs, [](const auto& a, const auto& b) {
      return std::pair{a.second, a.first} < std::pair{b.second, b.first};
    });
    if (best == pairs.end() || best->second < 2) break;
    merges.push_back(best->first);
    std::map<std::vector<std::string>, Index> joined;
    for (const auto& [word, count] : words) {
      std::vector<std::string> symbols;
      for (std::size_t i = 0; i < word.size(); ++i) {
        const bool here = i + 1 < word.size() && std::pair{word[i], word[i + 1]} == merges.back();
        symbols.push_back(here ? word[i] + word[i + 1] : word[i]);
        i += here ? 1 : 0;
      }
      joined[symbols] += count;
    }
    words = joined;
  }
  return merges;
}

}  // namespace

TEST_CASE("learned merges: as the definition, on words of few letters, where pairs repeat and overlap") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng rng{seed};
    std::vector<std::string> texts;
    for (int t = 0; t < 8; ++t) {
      std::string text;
      for (int w = 0; w < 6; ++w) {
        for (std::uint64_t n = 1 + rng.below(7); n > 0; --n) text += static_cast<char>('a' + rng.below(3));
        text += ' ';
      }
      texts.push_back(text);
    }
    CHECK(learn_merges(texts, 40) == by_definition(texts, 40));
  }
}

TEST_CASE("learned merges: a tokenizer of them reads every text, in fewer ids, and a file keeps them") {
  const std::vector<std::string> texts{"Ein rotes Herz", "un cœur rouge",  "красное сердце", "a red heart",
                                       "ein Herz",       "красное яблоко", "a red apple",    "une pomme rouge"};
  const LearnedMerges merges = learn_merges(texts, 100);
  const Tokenizer bytes, learned = Tokenizer::from_merges(merges);
  CHECK(learned.vocabulary_size() == 514 + static_cast<Index>(merges.size()));
  CHECK(learned.encode("red").size() == 1);
  for (const std::string& text : texts) {
    CHECK(learned.encode(text).size() < bytes.encode(text).size());
    CHECK(learned.decode(learned.encode(text)) == bytes.decode(bytes.encode(text)));
  }
  const TemporaryFolder folder;
  write_merges(folder / "merges.txt", merges);
  const Tokenizer opened{folder / "merges.txt"};
  for (const std::string& text : texts) CHECK(opened.encode(text) == learned.encode(text));
}

TEST_CASE("learned merges: no texts, no repetition, impossible numbers") {
  CHECK(learn_merges({}, 10).empty());
  CHECK(learn_merges(std::vector<std::string>{"abc"}, 10).empty());
  CHECK(learn_merges(std::vector<std::string>{"abc"}, 10, {}, 1).size() == 2);
  CHECK_THROWS_AS(learn_merges({}, -1), OptionError);
  CHECK_THROWS_AS(learn_merges({}, 1, {}, 0), OptionError);
}
