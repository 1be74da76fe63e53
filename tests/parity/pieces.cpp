// The program that pieces.py calls: pieces FILE [CLEANING]. Each line of the input is a text in hex; the answer
// is its ids, its normalised form in hex, and the text decoded from the ids in hex, with tabs between.
#include <clip/tokenizer/sentencepiece.hpp>

#include <cstdio>
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

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const clip::Cleaning cleaning = count > 2 ? clip::try_cleaning(arguments[2]).value() : clip::Cleaning::none;
  const auto pieces = clip::SentencePiece::try_open(arguments[1], {.cleaning = cleaning});
  if (!pieces) {
    std::fprintf(stderr, "%s\n", pieces.error().what());
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const std::string text = from_hex(line);
    const auto ids = pieces->encode(text);
    std::string numbers;
    for (const auto id : ids) numbers += std::to_string(id) + ' ';
    std::cout << numbers << '\t' << to_hex(pieces->normalize(text)) << '\t' << to_hex(pieces->decode(ids)) << '\n';
  }
}
