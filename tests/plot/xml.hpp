// tests/plot/xml.hpp: minimal XML reader that checks that a drawing is well-formed and lists its elements.
#pragma once

#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct XmlElement {
  std::string name, text;
  std::map<std::string, std::string> attributes;
};

class XmlReader {
 public:
  /// The elements of a document in the order of their opening tags; nullopt if it is not well-formed.
  static std::optional<std::vector<XmlElement>> read(std::string_view document) {
    XmlReader r{document};
    if (!r.element()) return {};
    r.space();
    if (!r.left_.empty()) return {};
    return r.found_;
  }

 private:
  explicit XmlReader(std::string_view document) : left_{document} {}

  bool take(std::string_view text) {
    if (!left_.starts_with(text)) return false;
    left_.remove_prefix(text.size());
    return true;
  }
  void space() {
    while (!left_.empty() && std::isspace(static_cast<unsigned char>(left_.front()))) left_.remove_prefix(1);
  }
  std::string name() {
    std::size_t n = 0;
    while (n < left_.size() &&
           (std::isalnum(static_cast<unsigned char>(left_[n])) || left_[n] == '-' || left_[n] == ':'))
      ++n;
    const std::string word{left_.substr(0, n)};
    left_.remove_prefix(n);
    return word;
  }
  /// Characters up to one of `ends`, with references resolved.
  bool characters(std::string_view ends, std::string& out) {
    while (!left_.empty() && ends.find(left_.front()) == std::string_view::npos) {
      const char c = left_.front();
      if (c == '<' || (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r')) return false;
      if (c != '&') {
        out += c;
        left_.remove_prefix(1);
      } else if (take("&amp;")) out += '&';
      else if (take("&lt;")) out += '<';
      else if (take("&gt;")) out += '>';
      else if (take("&quot;")) out += '"';
      else if (take("&#39;")) out += '\'';
      else return false;
    }
    return !left_.empty();
  }
  bool element() {
    if (!take("<")) return false;
    const std::size_t self = found_.size();
    found_.push_back({name(), {}, {}});
    if (found_[self].name.empty()) return false;
    for (;;) {
      const bool separated = !left_.empty() && std::isspace(static_cast<unsigned char>(left_.front()));
      space();
      if (take("/>")) return true;
      if (take(">")) break;
      const std::string key = name();
      std::string value;
      if (!separated || key.empty() || found_[self].attributes.contains(key) || !take("=\"") ||
          !characters("\"", value) || !take("\""))
        return false;
      found_[self].attributes[key] = value;
    }
    for (;;) {
      std::string text;
      if (!characters("<", text)) return false;
      found_[self].text += text;
      if (take("</")) return name() == found_[self].name && take(">");
      if (!element()) return false;
    }
  }

  std::string_view left_;
  std::vector<XmlElement> found_;
};

/// The elements with that name; none if the document is not well-formed.
inline std::vector<XmlElement> elements(const std::string& document, const std::string& name) {
  std::vector<XmlElement> chosen;
  if (const auto all = XmlReader::read(document))
    for (const XmlElement& e : *all)
      if (e.name == name) chosen.push_back(e);
  return chosen;
}

/// True if some text element has exactly this content.
inline bool says(const std::string& document, const std::string& words) {
  for (const XmlElement& e : elements(document, "text"))
    if (e.text == words) return true;
  return false;
}
