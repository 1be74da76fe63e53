// clip/model/spelling.hpp: names of models as OpenAI, OpenCLIP and transformers spell them.
#pragma once

#include <clip/core/ascii.hpp>
#include <clip/model/licence.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// A name without the differences of spelling.
///   "ViT-L/14@336px", "ViT-L-14-336"          {"", "vit-l-14-336"}
///   "laion/ViT-B-32", "laion/vit_b_32"        {"laion", "vit-b-32"}
///   "ViT-B-32-quickgelu"                      {"", "vit-b-32", quick_gelu}
///   "openai/clip-vit-base-patch32"            {"openai", "vit-b-32"}
///   "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"   {"laion", "vit-b-32"}
struct Spelling {
  std::string source, architecture;  // no source: not stated
  bool quick_gelu = false;           // stated by the name
};

inline Spelling spelling_of(std::string_view name) {
  Spelling spelling;
  std::string rest = lower_ascii(std::string(name));
  const auto take_source = [&](std::string_view source) {
    if (!rest.starts_with(std::string(source) + "/")) return;
    spelling.source = source;
    rest.erase(0, source.size() + 1);
  };
  take_source("openai");
  for (const auto& [source, licence] : licences) {
    if (!spelling.source.empty()) break;
    take_source(source);
  }
  for (char& c : rest)
    if (c == '/' || c == '_' || c == '@' || c == ' ') c = '-';
  const auto drop_end = [&](std::string_view end) {
    if (!rest.ends_with(end)) return false;
    rest.erase(rest.size() - end.size());
    return true;
  };
  spelling.quick_gelu = drop_end("-quickgelu") || drop_end("-quick-gelu");
  if (rest.starts_with("clip-")) rest.erase(0, 5);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> words{
      {{"-base-patch", "-b-"}, {"-large-patch", "-l-"}, {"-huge-patch", "-h-"}, {"-giant-patch", "-g-"}}};
  for (const auto& [long_word, short_word] : words)
    if (const auto at = rest.find(long_word); at != rest.npos) rest.replace(at, long_word.size(), short_word);
  for (const char* const data : {"laion2b", "datacomp"})  // "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    if (const auto at = rest.find(std::string("-") + data); at != rest.npos) {
      if (spelling.source.empty() || std::string_view(data) == "datacomp")
        spelling.source = std::string_view(data) == "datacomp" ? "datacomp" : "laion";
      rest.erase(at);
    }
  drop_end("px");
  spelling.architecture = std::move(rest);
  return spelling;
}

}  // namespace clip::inline CLIP_ABI::detail
