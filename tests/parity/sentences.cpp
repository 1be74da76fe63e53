// The program that sentences.py calls: sentences FOLDER TEXTS.txt OUT.npy writes the unit-length features of the text
// tower in a folder, one row per line of the texts.
#include <clip/checkpoint/open_encoder.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/task/similarities.hpp>
#include <clip/tokenizer/any_tokenizer.hpp>

#include <array>
#include <cstdio>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace {

/// The only families of the program, so that it compiles fast.
using Texts = clip::Families<clip::List<clip::VitConfig>, clip::List<clip::TextConfig, clip::BertTextConfig>>;

void run(const std::string& folder, const std::string& texts_path, const std::string& out) {
  const auto encoder = clip::open_text_encoder<clip::Cpu<>, Texts>(folder);
  const clip::AnyTokenizer tokenizer{folder};
  std::vector<std::string> texts;
  std::ifstream file{texts_path};
  for (std::string line; std::getline(file, line);) texts.push_back(line);
  const auto ids = tokenizer(texts, {.context = encoder.text_input().context, .too_long = clip::TooLong::truncate});
  const auto features = clip::normalized(encoder.encode_text(ids));
  const std::array<clip::Index, 2> shape{features.size(), features.width()};
  clip::write_npy(out, std::span<const clip::Index>{shape}, std::span<const float>{features.values()});
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    run(arguments[1], arguments[2], arguments[3]);
  } catch (const clip::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
