// examples/emoji/captions.hpp: the training source: an emoji, moved and scaled, and one of its texts in any language.
#pragma once

#include "collection.hpp"

#include <clip/image/preprocess.hpp>
#include <clip/tower/clip_vit/config.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace emoji {

/// Each emoji's image as the evaluation sees it.
inline clip::Images images_of(const std::vector<Emoji>& all, const clip::VitConfig& input) {
  std::vector<clip::Image> views;
  for (const Emoji& one : all) views.push_back(crop(one.image, margin, margin, side));
  clip::Images images;
  clip::preprocess(input, std::span<const clip::Image>(views), images);
  return images;
}

/// Each emoji's name in one language.
inline std::vector<std::string> names_of(const std::vector<Emoji>& all, const std::string& language) {
  std::vector<std::string> names;
  for (const Emoji& one : all) names.push_back(one.in.at(language).name);
  return names;
}

/// Images, and the index of the caption of each.
struct CaptionedImages {
  clip::Images images;
  std::vector<std::int32_t> captions;
};

/// Draws for each emoji a place and a size, and a text: its name, one keyword, or the name with all keywords.
class Captions {
 public:
  using Batch = CaptionedImages;

  Captions(const std::vector<Emoji>& all, const std::vector<std::string>& languages, const clip::VitConfig& input)
      : all_{&all}, input_{input} {
    std::map<std::string, std::int32_t> known;
    const auto add = [&](const std::string& text) {
      const auto [at, added] = known.try_emplace(text, static_cast<std::int32_t>(texts_.size()));
      if (added) texts_.push_back(text);
      captions_.back().push_back(at->second);
    };
    for (const Emoji& one : all) {
      captions_.emplace_back();
      for (const std::string& language : languages) {
        const Names& names = one.in.at(language);
        std::string whole = names.name;
        for (const std::string& keyword : names.keywords) {
          add(names.name);  // as often as all keywords together
          add(keyword);
          whole += ", " + keyword;
        }
        add(whole);
      }
    }
  }

  Index size() const { return static_cast<Index>(all_->size()); }
  /// All texts, each once.
  const std::vector<std::string>& texts() const { return texts_; }

  void batch(std::span<const Index> items, clip::Rng rng, CaptionedImages& out) {
    views_.clear();
    out.captions.clear();
    const auto below = [&](Index n) { return static_cast<Index>(rng.below(static_cast<std::uint64_t>(n))); };
    for (const Index i : items) {
      const auto item = static_cast<std::size_t>(i);
      const Index size = side - margin + below(2 * margin + 1), left = below(canvas - size + 1),
                  top = below(canvas - size + 1);
      views_.push_back(crop((*all_)[item].image, left, top, size));
      const std::vector<std::int32_t>& own = captions_[item];
      out.captions.push_back(own[static_cast<std::size_t>(below(static_cast<Index>(own.size())))]);
    }
    clip::preprocess(input_, std::span<const clip::Image>(views_), out.images);
  }

 private:
  const std::vector<Emoji>* all_;
  clip::VitConfig input_;
  std::vector<std::string> texts_;
  std::vector<std::vector<std::int32_t>> captions_;  // of each emoji: indices of texts
  std::vector<clip::Image> views_;
};

}  // namespace emoji
