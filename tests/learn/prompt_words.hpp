// tests/learn/prompt_words.hpp: a tokenizer of a few words, and the reference numbers of learned prompts.
#pragma once

#include <clip/formats/safetensors.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <vector>

namespace clip::testing {

/// The words of make_prompts.py. Start and end of text are the last two ids.
struct PromptWords {
  std::int32_t vocabulary;

  Texts operator()(std::span<const std::string> texts, const TokenizeOptions& options) const {
    static const std::map<std::string, std::int32_t> ids{{"cat", 3}, {"polar", 4}, {"bear", 5}, {"fox", 6},
                                                         {".", 7},   {"a", 8},     {"photo", 9}};
    Texts rows{vocabulary - 1};
    for (std::string text : texts) {
      if (text.ends_with('.')) text.insert(text.size() - 1, 1, ' ');
      std::vector<std::int32_t> row{vocabulary - 2};
      std::istringstream words{text};
      for (std::string word; words >> word;) row.push_back(ids.at(word));
      const auto most = static_cast<std::size_t>(options.context) - 1;
      const bool cut = row.size() > most;
      if (cut && options.too_long == TooLong::error)
        raise(InputError{"text", "ids", options.context, row.size() + 1}.with_id("clip.input.tokens"));
      if (cut) row.resize(most);
      row.push_back(vocabulary - 1);
      rows.add(row, cut);
    }
    return rows;
  }
};

inline const std::vector<std::string> prompt_names{"cat", "polar_bear", "polar fox"};

/// The numbers of prompts.safetensors.
class PromptNumbers {
 public:
  std::vector<double> operator()(const std::string& name) const {
    const StoredTensor& tensor = find(name);
    std::vector<double> values(static_cast<std::size_t>(tensor.count()));
    convert(tensor, std::span<double>(values));
    return values;
  }
  template <class T>
  Features<T, dyn> features(const std::string& name) const {
    const StoredTensor& tensor = find(name + ".features");
    Features<T, dyn> features{tensor.shape[0], Size<dyn>{tensor.shape[1]}};
    convert(tensor, features.values());
    return features;
  }

 private:
  const StoredTensor& find(const std::string& name) const {
    const StoredTensor* const tensor = file_.find(name);
    if (tensor == nullptr) raise(LoadError{name, "the file has no such numbers"});
    return *tensor;
  }
  Safetensors file_ = open_safetensors(CLIP_SOURCE_DIR "/tests/golden/prompts.safetensors");
};

inline const std::vector<std::int32_t> prompt_labels{0, 2, 1, 1, 0};

}  // namespace clip::testing
