// clip/data/labelled_images.inl.hpp: definitions of clip/data/labelled_images.hpp.
#pragma once

#include <clip/core/stop.hpp>
#include <clip/data/labelled_images.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/sha256.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

/// A text that occurs twice in a list; null: none does.
inline const std::string* repeated(const std::vector<std::string>& texts) {
  std::vector<const std::string*> sorted;
  for (const std::string& text : texts) sorted.push_back(&text);
  std::ranges::sort(sorted, {}, [](const std::string* text) -> const std::string& { return *text; });
  const auto found =
      std::ranges::adjacent_find(sorted, {}, [](const std::string* text) -> const std::string& { return *text; });
  return found == sorted.end() ? nullptr : *found;
}

}  // namespace detail

CLIP_HOST Result<void> try_check(const LabelledImages& images) {
  const std::string& place = images.place;
  if (images.labels.empty()) return InputError{place, "images", "1 or more", 0};
  if (images.names.size() != images.labels.size())
    return InputError{place, "labels", images.names.size(), images.labels.size()};
  for (Index i = 0; i < images.size(); ++i)
    if (const auto label = images.labels[static_cast<std::size_t>(i)]; label < 0 || label >= images.class_count())
      return InputError{images.where(i), "label", "below " + std::to_string(images.class_count()), label};
  if (const std::string* const name = detail::repeated(images.classes))
    return InputError{place, "classes named \"" + *name + '"', 1, std::ranges::count(images.classes, *name)};
  if (const std::string* const name = detail::repeated(images.names))
    return InputError{place, "images named \"" + *name + '"', 1, std::ranges::count(images.names, *name)};
  return {};
}

CLIP_HOST LabelledImages subset(LabelledImages images, std::vector<Index> chosen) {
  LabelledImages kept{.place = images.place, .classes = std::move(images.classes)};
  for (const Index i : chosen) {
    kept.labels.push_back(images.labels[static_cast<std::size_t>(i)]);
    kept.names.push_back(std::move(images.names[static_cast<std::size_t>(i)]));
  }
  kept.load = [load = std::move(images.load), chosen = std::move(chosen)](Index i) {
    return load(chosen[static_cast<std::size_t>(i)]);
  };
  return kept;
}

CLIP_HOST Result<LabelledImages> try_join(LabelledImages first, LabelledImages second) {
  if (first.classes != second.classes)
    return InputError{second.place, "classes", "those of " + first.place, "others"}.with_id("clip.input.classes");
  const Index begin = first.size();
  // Both may hold a file of the same name: the place tells them apart.
  for (std::string& name : first.names) name.insert(0, first.place + ':');
  for (std::string& name : second.names) first.names.push_back(second.place + ':' + name);
  first.labels.insert(first.labels.end(), second.labels.begin(), second.labels.end());
  first.load = [a = std::move(first.load), b = std::move(second.load), begin](Index i) {
    return i < begin ? a(i) : b(i - begin);
  };
  first.place += " + " + second.place;
  return first;
}

CLIP_HOST Result<std::string> try_fingerprint(const LabelledImages& images) {
  std::string facts;
  for (const std::string& name : images.classes) facts += "class " + name + '\n';
  for (Index i = 0; i < images.size(); ++i) {
    if (stop_requested()) return stopped_error("fingerprint");
    const auto stored = images.load(i);
    if (!stored) return stored.error();
    std::uint32_t checksum = 0;
    std::size_t bytes = 0;
    const auto add = [&](std::span<const std::byte> part) {
      checksum = crc32(part, checksum);
      bytes += part.size();
    };
    if (const auto* const pixels = std::get_if<Image>(&*stored)) {
      for (Index y = 0; y < pixels->height(); ++y)
        add(std::as_bytes(std::span{pixels->row(y), static_cast<std::size_t>(pixels->width() * pixels->channels())}));
    } else {
      add(std::get<std::vector<std::byte>>(*stored));
    }
    const auto at = static_cast<std::size_t>(i);
    facts += std::to_string(images.labels[at]) + ' ' + std::to_string(bytes) + ' ' + std::to_string(checksum) + ' ' +
             images.names[at] + '\n';
  }
  return sha256(as_byte_span(facts));
}

}  // namespace clip::inline CLIP_ABI
