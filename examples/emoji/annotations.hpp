// examples/emoji/annotations.hpp: names and keywords of emoji in many languages, from Unicode's CLDR.
#pragma once

#include <clip/core/error.hpp>

#include <pugixml.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace emoji {

/// What one language calls an emoji: "woman cook"; "chef", "cook", "woman".
struct Names {
  std::string name;
  std::vector<std::string> keywords;
};

/// By the emoji's characters, without U+FE0F, as CLDR writes them.
using Annotations = std::map<std::string, Names>;

/// "a | b | c" as its parts.
inline std::vector<std::string> parts(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const std::size_t bar = std::min(text.find(" | "), text.size());
    result.emplace_back(text.substr(0, bar));
    text.remove_prefix(std::min(bar + 3, text.size()));
  }
  return result;
}

/// Reads FOLDER/annotations/LANGUAGE.xml and FOLDER/annotationsDerived/LANGUAGE.xml: CLDR's "common" folder.
/// LoadError: a missing or damaged file.
inline Annotations read_annotations(const std::string& folder, const std::string& language) {
  Annotations all;
  for (const char* const kind : {"annotations", "annotationsDerived"}) {
    const std::string path = folder + "/" + kind + "/" + language + ".xml";
    pugi::xml_document file;
    if (const auto read = file.load_file(path.c_str()); !read) clip::raise(clip::LoadError{path, read.description()});
    for (const pugi::xml_node& entry : file.child("ldml").child("annotations").children("annotation")) {
      Names& names = all[entry.attribute("cp").value()];
      if (std::string_view(entry.attribute("type").value()) == "tts") names.name = entry.text().get();
      else names.keywords = parts(entry.text().get());
    }
  }
  return all;
}

}  // namespace emoji
