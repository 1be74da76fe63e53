// tests/tokenizer/small_vocabulary.hpp: a vocabulary of two merges in every file format.
#pragma once

#include <clip/io/json.hpp>
#include <clip/tokenizer/bpe/byte_symbols.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <string>

inline const std::string small_merges = "#version: 0.2\nc a\nca t</w>\n";

inline clip::Json small_vocab_json() {
  clip::Json ids;
  for (int id = 0; id < 512; ++id) {
    std::string name;
    clip::append_utf8(name, clip::symbol_character(id % 256));
    ids[id < 256 ? name : name + "</w>"] = static_cast<unsigned>(id);
  }
  ids["ca"] = 512U;
  ids["cat</w>"] = 513U;
  ids["<|startoftext|>"] = 514U;
  ids["<|endoftext|>"] = 515U;
  return ids;
}

inline clip::Json small_tokenizer_json() {
  return {
      {"version", "1.0"},
      {"added_tokens", {{{"id", 514U}, {"content", "<|startoftext|>"}}, {{"id", 515U}, {"content", "<|endoftext|>"}}}},
      {"model",
       {{"type", "BPE"},
        {"continuing_subword_prefix", ""},
        {"end_of_word_suffix", "</w>"},
        {"vocab", small_vocab_json()},
        {"merges", {"c a", "ca t</w>"}}}}};
}
