#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace tool {
namespace {

std::string format_ids(clip::Ids ids) {
  std::string text = "[";
  for (std::size_t i = 0; i < ids.size(); ++i) text += (i ? ", " : "") + std::to_string(ids[i]);
  return text + "]";
}

/// The first 40 bytes of a text or a few less: whole characters.
std::string beginning_of(const std::string& text) {
  if (text.size() <= 40) return text;
  std::size_t n = 40;
  while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  return text.substr(0, n) + "…";
}

}  // namespace

int tokenize(const TokenizeOptions& options) {
  const Tokenizer tokenizer{options.vocabulary, options.cleaning,
                            options.config ? std::optional{options.config->text_input()} : std::nullopt};
  const clip::Index context = options.context != 0 ? options.context
                              : options.config     ? options.config->text_input().context
                                                   : tokenizer.context();
  const clip::TokenizeOptions how{.context = context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  Output out;
  clip::Index number = 0, cut = 0, replaced = 0;
  const auto print = [&](const std::string& text) {
    ++number;
    replaced += is_utf8(text) ? 0 : 1;
    try {
      bool shortened = false;
      out.line(format_ids(tokenizer.ids(text, how, shortened)));
      cut += shortened ? 1 : 0;
    } catch (const clip::InputError& e) {
      out.flush();  // the lines before the error are valid
      throw text_error("text " + std::to_string(number) + " (\"" + beginning_of(text) + "\")", e);
    }
  };
  const std::vector<std::string> only_input{"-"};
  for (const std::string& text : options.texts.empty() ? only_input : options.texts) {
    if (text.size() > 1 && text.front() == '@') {
      std::ifstream file{text.substr(1)};
      if (!file)
        throw clip::LoadError{text,
                              "no such file to read texts from; a text that begins with @ can be given on "
                              "standard input"};
      for (std::string line; std::getline(file, line);) print(line);
    } else if (text != "-") {
      print(text);
    } else {
      for (std::string line; std::getline(std::cin, line);) {
        end_if_interrupted();
        print(line);
      }
      end_if_interrupted();
      if (std::ferror(stdin) != 0) clip::raise(clip::SystemError{"standard input", "cannot be read"});
    }
  }
  out.flush();
  if (replaced > 0)
    print_error(std::to_string(replaced) + " of " + std::to_string(number) +
                " texts are not UTF-8: each byte that is not was read as U+FFFD");
  report_cut(cut, number, how.context);
  return 0;
}

}  // namespace tool
