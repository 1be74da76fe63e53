#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace tool {
namespace {

std::string format_ids(clip::Ids ids) {
  std::string text = "[";
  for (std::size_t i = 0; i < ids.size(); ++i) text += (i ? ", " : "") + std::to_string(ids[i]);
  return text + "]";
}

}  // namespace

int tokenize(const TokenizeOptions& options) {
  const Tokenizer tokenizer{options.vocabulary, options.cleaning};
  const clip::TokenizeOptions how{.context = options.context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  Output out;
  clip::Index number = 0, cut = 0;
  const auto print = [&](const std::string& text) {
    ++number;
    try {
      bool shortened = false;
      out.line(format_ids(tokenizer.ids(text, how, shortened)));
      cut += shortened ? 1 : 0;
    } catch (const clip::InputError& e) {
      out.flush();  // the lines before the error are valid
      throw clip::InputError{"text " + std::to_string(number), e.message()};
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
  report_cut(cut, number, how.context);
  return 0;
}

}  // namespace tool
