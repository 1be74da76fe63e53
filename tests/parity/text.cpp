// The program that texts.py calls: cleans texts. Each line is the name of a cleaning, or "ftfy", and a text in hex; the
// answer is the cleaned text in hex.
#include <clip/tokenizer/clean/clean.hpp>
#include <clip/tokenizer/clean/fix_encoding.hpp>

#include <iostream>
#include <string>
#include <string_view>

namespace {

std::string from_hex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(value(hex[i]) * 16 + value(hex[i + 1]))));
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    hex.push_back("0123456789abcdef"[b >> 4]);
    hex.push_back("0123456789abcdef"[b & 15]);
  }
  return hex;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const std::size_t space = line.find(' ');
    const std::string name = line.substr(0, space), text = from_hex(std::string_view{line}.substr(space + 1));
    std::string out;
    if (name == "ftfy") {
      out = clip::repair_encoding(text);
    } else {
      clip::clean_text(text, clip::try_cleaning(name).value(), out);
    }
    std::cout << to_hex(out) << "\n";
  }
}
