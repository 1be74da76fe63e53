// examples/emoji/collection.hpp: emoji with their images and their texts, and those that training never sees.
#pragma once

#include "annotations.hpp"

#include <clip/core/rng.hpp>
#include <clip/image/convert.hpp>
#include <clip/image/read.hpp>
#include <clip/tokenizer/unicode/unicode.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emoji {

using clip::Index;

inline constexpr Index side = 72, margin = 8, canvas = side + 2 * margin;

struct Emoji {
  std::string characters;           // UTF-8, without U+FE0F
  clip::Image image;                // RGB, canvas x canvas, on white
  std::map<std::string, Names> in;  // by language
};

/// The code points of "emoji_u1f469_200d_1f373.png", without U+FE0F; none for other names.
inline std::vector<char32_t> code_points(std::string_view file) {
  constexpr std::string_view prefix = "emoji_u", ending = ".png";
  std::vector<char32_t> points;
  if (!file.starts_with(prefix) || !file.ends_with(ending)) return points;
  file = file.substr(prefix.size(), file.size() - prefix.size() - ending.size());
  while (!file.empty()) {
    const std::size_t bar = std::min(file.find('_'), file.size());
    std::uint32_t value = 0;
    const auto [end, failed] = std::from_chars(file.data(), file.data() + bar, value, 16);
    if (failed != std::errc{} || end != file.data() + bar) return {};
    if (value != 0xFE0F) points.push_back(value);
    file.remove_prefix(std::min(bar + 1, file.size()));
  }
  return points;
}

inline bool is_skin_tone(char32_t c) { return c >= 0x1F3FB && c <= 0x1F3FF; }

/// The image in the middle of a white canvas, so that crops may move and shrink it.
inline clip::Image on_canvas(const std::string& path) {
  const clip::Image image = clip::to_rgb_on_white(clip::read_image(path));
  if (image.width() != side || image.height() != side)
    clip::raise(clip::LoadError{path, "pixels", std::to_string(side) + " x " + std::to_string(side),
                                std::to_string(image.width()) + " x " + std::to_string(image.height())});
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(canvas * canvas * 3), 255);
  for (Index y = 0; y < side; ++y)
    std::memcpy(bytes.data() + ((y + margin) * canvas + margin) * 3, image.row(y), static_cast<std::size_t>(side * 3));
  return clip::Image{canvas, canvas, clip::Pixels::rgb, std::move(bytes)};
}

/// A square of an emoji's canvas: a view.
inline clip::Image crop(const clip::Image& image, Index left, Index top, Index size) {
  return clip::Image::view(image.row(top) + 3 * left, size, size, canvas * 3, clip::Pixels::rgb);
}

struct Collection {
  std::vector<Emoji> seen, unseen;
};

/// All emoji that have an image in `images` and a name in every language. A share of them, with all skin tones of
/// each, is kept from training; `unseen` holds those of them without a skin tone.
/// LoadError: a folder without emoji, a damaged file.
inline Collection collect(const std::string& images, const std::string& cldr, const std::vector<std::string>& languages,
                          std::uint64_t seed, std::uint64_t one_in = 10) {
  std::map<std::string, Annotations> texts;
  for (const std::string& language : languages) texts[language] = read_annotations(cldr, language);

  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(images)) files.insert(entry.path().filename().string());
  Collection all;
  for (const std::string& file : files) {
    std::string characters, base;
    bool toned = false;
    for (const char32_t c : code_points(file)) {
      clip::append_utf8(characters, c);
      toned = toned || is_skin_tone(c);
      if (!is_skin_tone(c)) clip::append_utf8(base, c);
    }
    if (base.empty()) continue;
    Emoji one{characters, {}, {}};
    for (const std::string& language : languages) {
      const auto found = texts[language].find(characters);
      if (found != texts[language].end() && !found->second.name.empty()) one.in[language] = found->second;
    }
    if (one.in.size() != languages.size()) continue;
    const bool hidden = clip::Rng{seed}.fork(base).below(one_in) == 0;
    if (hidden && toned) continue;
    one.image = on_canvas(images + "/" + file);
    (hidden ? all.unseen : all.seen).push_back(std::move(one));
  }
  if (all.seen.empty() || all.unseen.empty())
    clip::raise(clip::LoadError{images, "expected images named emoji_u1f600.png; install Debian's ruby-tanuki-emoji"});
  return all;
}

}  // namespace emoji
