// clip/model/spelling.hpp: names of models as OpenAI, OpenCLIP and transformers spell them.
#pragma once

#include <clip/core/ascii.hpp>
#include <clip/model/licence.hpp>

#include <algorithm>
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
///   "ViT-B-16-SigLIP-384"                     {"siglip", "vit-b-16-384"}
///   "google/siglip2-base-patch16-224"         {"siglip2", "vit-b-16"}
///   "apple/MobileCLIP-S1-OpenCLIP"            {"mobileclip", "s1"}
///   "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M" {"tinyclip", "vit-8m-16-text-3m"}
///   "BeichenZhang/LongCLIP-L"                 {"longclip", "l"}
///   "UCSC-VLAA/ViT-H-14-CLIPA-336-laion2B"    {"clipa", "vit-h-14-336"}
///   "ViT-H-14-worldwide-378"                  {"metaclip2", "vit-h-14-378"}
///   "facebook/metaclip-2-worldwide-huge-378"  {"metaclip2", "vit-h-14-378"}
struct Spelling {
  std::string source, architecture;  // no source: not stated
  bool quick_gelu = false;           // stated by the name
};

/// Whether names of a source's models always say it: a bare "ViT-B-16" is no SigLIP.
inline bool is_always_named(std::string_view source) {
  return source.starts_with("siglip") || source.starts_with("mobileclip") || source == "tinyclip" ||
         source == "longclip" || source == "jettclip" || source == "clipa" || source == "metaclip2";
}

/// Takes "mobileclip", "mobileclip2", "longclip" or "jettclip" from the beginning of a name.
inline void take_leading_source(std::string& rest, std::string& source) {
  for (const std::string known : {"mobileclip2", "mobileclip", "longclip", "jettclip"}) {
    const std::string owner = rest.starts_with("apple-")          ? "apple-"
                              : rest.starts_with("beichenzhang-") ? "beichenzhang-"
                                                                  : "";
    const std::string begin = owner + known + "-";
    if (!rest.starts_with(begin)) continue;
    source = known;
    rest.erase(0, begin.size());
    if (rest.ends_with("-openclip")) rest.erase(rest.size() - 9);
    return;
  }
}

/// Takes "tinyclip" from the beginning of a name, and from its end the data of the training.
inline void take_tinyclip(std::string& rest, std::string& source) {
  const std::string begin = rest.starts_with("wkcn-") ? "wkcn-tinyclip-" : "tinyclip-";
  if (!rest.starts_with(begin)) {
    if (source != "tinyclip") return;
  } else {
    source = "tinyclip";
    rest.erase(0, begin.size());
  }
  for (const std::string_view data : {"-yfcc15m", "-laion400m"})
    if (rest.ends_with(data)) rest.erase(rest.size() - data.size());
}

/// Takes "siglip" or "siglip2" out of a name that has it, in OpenCLIP's place or in transformers'.
inline void take_siglip(std::string& rest, std::string& source) {
  if (rest.starts_with("google-")) rest.erase(0, 7);
  for (const std::string known : {"siglip2", "siglip"}) {
    if (rest.starts_with(known + "-")) rest.replace(0, known.size(), "vit");
    else if (const auto at = rest.find("-" + known); at != rest.npos) rest.erase(at, known.size() + 1);
    else continue;
    source = known;
    break;
  }
  for (const std::string end : {"-i18n", "-multilingual"})  // "-256-multilingual" is OpenCLIP's "-i18n-256"
    if (rest.ends_with("-256" + end)) rest.replace(rest.size() - end.size() - 4, end.size() + 4, "-i18n-256");
}

/// Takes the source of CLIPA's names, in OpenCLIP's place, and of Meta CLIP 2's, in OpenCLIP's and in transformers'.
inline void take_clipa_or_worldwide(std::string& rest, std::string& source) {
  for (const std::string owner : {"ucsc-vlaa-", "facebook-"})
    if (rest.starts_with(owner)) rest.erase(0, owner.size());
  for (const auto& [word, found] :
       {std::pair<std::string, const char*>{"-clipa", "clipa"}, {"-worldwide", "metaclip2"}})
    if (const auto at = rest.find(word); at != rest.npos && rest.starts_with("vit-")) {
      rest.erase(at, word.size());
      source = found;
    }
  const std::string theirs = "metaclip-2-worldwide-";
  if (!rest.starts_with(theirs)) return;
  source = "metaclip2";
  rest.replace(0, theirs.size(), "vit-");
  for (const auto& [word, size] :
       {std::pair<std::string, const char*>{"vit-huge", "vit-h-14"}, {"vit-giant", "vit-bigg-14"}})
    if (rest.starts_with(word)) rest.replace(0, word.size(), size);
}

inline Spelling spelling_of(std::string_view name) {
  Spelling spelling;
  std::string rest = lower_ascii(std::string(name));
  const auto slash = rest.find('/');
  const auto is_source = [&](const auto& known) { return known.first == std::string_view(rest).substr(0, slash); };
  if (slash != rest.npos && (rest.starts_with("openai/") || std::ranges::any_of(licences, is_source))) {
    spelling.source = rest.substr(0, slash);
    rest.erase(0, slash + 1);
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
  take_siglip(rest, spelling.source);
  take_leading_source(rest, spelling.source);
  take_tinyclip(rest, spelling.source);
  take_clipa_or_worldwide(rest, spelling.source);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> words{{{"-base-patch", "-b-"},
                                                                                {"-large-patch", "-l-"},
                                                                                {"-huge-patch", "-h-"},
                                                                                {"-giant-patch", "-g-"},
                                                                                {"-so400m-patch", "-so400m-"},
                                                                                {"-giant-opt-patch", "-gopt-"}}};
  for (const auto& [long_word, short_word] : words)
    if (const auto at = rest.find(long_word); at != rest.npos) rest.replace(at, long_word.size(), short_word);
  if (spelling.source == "clipa")
    for (const std::string_view data : {"-datacomp1b", "-laion2b"}) static_cast<void>(drop_end(data));
  for (const char* const data : {"laion2b", "datacomp"})  // "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    if (const auto at = rest.find(std::string("-") + data); at != rest.npos) {
      if (spelling.source.empty() || std::string_view(data) == "datacomp")
        spelling.source = std::string_view(data) == "datacomp" ? "datacomp" : "laion";
      rest.erase(at);
    }
  if (drop_end("-256x256")) rest += "-256";  // DataComp's card
  drop_end("px");
  if (is_always_named(spelling.source)) drop_end("-224");
  spelling.architecture = std::move(rest);
  return spelling;
}

}  // namespace clip::inline CLIP_ABI::detail
