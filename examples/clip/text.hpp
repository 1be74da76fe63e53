// A tokenizer, for the commands that read texts. Its machinery is compiled once, in text.cpp.
#pragma once

#include <clip/tokenizer/options.hpp>
#include <clip/tokens/texts.hpp>

#include <memory>
#include <span>
#include <string>

namespace tool {

/// Opens the vocabulary on a thread of its own, while the weights are opened and the first images read; what is wrong with it is told
/// when it is first asked.
class Tokenizer {
 public:
  explicit Tokenizer(const std::string& vocabulary);
  ~Tokenizer();

  clip::Texts operator()(std::span<const std::string> texts, const clip::TokenizeOptions& options) const;

 private:
  struct Held;
  std::unique_ptr<Held> held_;
};

/// Says on standard error how many texts were cut, if any.
void tell_cut(clip::Index cut, clip::Index texts, clip::Index context);

}  // namespace tool
