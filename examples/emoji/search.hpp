// examples/emoji/search.hpp: how often a name finds its emoji, and a sheet of answers.
#pragma once

#include "captions.hpp"

#include <clip/io/atomic_file.hpp>
#include <clip/io/json.hpp>
#include <clip/plot/image_sheet.hpp>
#include <clip/task/retrieval.hpp>
#include <clip/task/top.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace emoji {

struct LanguageResult {
  std::string language;
  bool trained;
  clip::Retrieval seen, unseen;
};

/// For every language: the retrieval among emoji of the training set, and among those that training never saw.
template <class M>
std::vector<LanguageResult> search_all(const M& model, const Collection& all, const clip::VitConfig& input,
                                       const std::vector<std::string>& trained, const std::vector<std::string>& held) {
  const auto seen = model.encode_image(images_of(all.seen, input)),
             unseen = model.encode_image(images_of(all.unseen, input));
  std::vector<LanguageResult> results;
  for (const auto* languages : {&trained, &held})
    for (const std::string& language : *languages)
      results.push_back({language, languages == &trained,
                         clip::retrieval(seen, model.encode_text(names_of(all.seen, language)), 1),
                         clip::retrieval(unseen, model.encode_text(names_of(all.unseen, language)), 1)});
  return results;
}

inline void print_table(const std::vector<LanguageResult>& results, const Collection& all) {
  const auto chance = [](std::size_t n, double k) { return 100 * k / static_cast<double>(n); };
  std::printf(
      "A name finds its emoji among the first 1, 5, 10: percent of the names\n\n"
      "%-9s %-8s | %6zu trained emoji  | %6zu never seen\n"
      "%-9s %-8s | %5.1f %5.1f %5.1f    | %5.1f %5.1f %5.1f\n",
      "language", "", all.seen.size(), all.unseen.size(), "chance", "", chance(all.seen.size(), 1),
      chance(all.seen.size(), 5), chance(all.seen.size(), 10), chance(all.unseen.size(), 1),
      chance(all.unseen.size(), 5), chance(all.unseen.size(), 10));
  for (const LanguageResult& r : results)
    std::printf("%-9s %-8s | %5.1f %5.1f %5.1f    | %5.1f %5.1f %5.1f\n", r.language.c_str(),
                r.trained ? "trained" : "held out", r.seen.image.at_1, r.seen.image.at_5, r.seen.image.at_10,
                r.unseen.image.at_1, r.unseen.image.at_5, r.unseen.image.at_10);
}

/// A text, and the emoji that it means.
struct Query {
  std::string language, text;
  const Emoji* meant;
};

/// Names of emoji that training never saw, one language after another.
inline std::vector<Query> queries(const Collection& all, const std::vector<std::string>& languages, std::size_t count,
                                  std::size_t first = 0) {
  std::vector<Query> result;
  const std::size_t step = std::max<std::size_t>(1, all.unseen.size() / count);
  for (std::size_t i = first; i < all.unseen.size() && result.size() < count; i += step) {
    const std::string& language = languages[result.size() % languages.size()];
    result.push_back({language, all.unseen[i].in.at(language).name, &all.unseen[i]});
  }
  return result;
}

/// The first answers to each query among the emoji that training never saw.
template <class M>
clip::Svg answer_sheet(const M& model, const Collection& all, const clip::VitConfig& input, std::vector<Query> asked,
                       const std::vector<Query>& more) {
  constexpr Index shown = 8;
  asked.insert(asked.end(), more.begin(), more.end());
  std::vector<std::string> texts;
  for (const Query& query : asked) texts.push_back(query.text);
  const auto cosines = clip::similarities(model.encode_text(texts), model.encode_image(images_of(all.unseen, input)));

  clip::ImageSheet sheet{.title = "Emoji that training never saw, found by their names",
                         .note = "Each row: a name, its language, and the nearest of " +
                                 std::to_string(all.unseen.size()) + " emoji, best first, with their cosines.",
                         .right_means = "the emoji of that name",
                         .wrong_means = "another",
                         .rows = {},
                         .in_order = true};
  for (std::size_t q = 0; q < asked.size(); ++q) {
    clip::SheetRow row{asked[q].text + " (" + asked[q].language + ")", {}};
    const auto query = static_cast<Index>(q);
    for (const Index best : clip::top(cosines[query], shown)) {
      const Emoji& found = all.unseen[static_cast<std::size_t>(best)];
      const double cosine = static_cast<double>(cosines(query, best));
      row.tiles.push_back({crop(found.image, margin, margin, side), "", clip::detail::short_number(cosine, 2),
                           found.characters == asked[q].meant->characters});
    }
    sheet.rows.push_back(std::move(row));
  }
  return clip::image_sheet(sheet);
}

inline clip::Json as_json(const clip::Recall& r) { return {{"R@1", r.at_1}, {"R@5", r.at_5}, {"R@10", r.at_10}}; }
inline clip::Json as_json(const clip::Retrieval& r) { return {{"image", as_json(r.image)}, {"text", as_json(r.text)}}; }

inline void write_results(const std::string& path, const std::vector<LanguageResult>& results, const Collection& all) {
  clip::Json languages = clip::Json::array();
  for (const LanguageResult& r : results)
    languages.push_back(
        {{"language", r.language}, {"trained", r.trained}, {"seen", as_json(r.seen)}, {"unseen", as_json(r.unseen)}});
  const clip::Json whole{
      {"seen emoji", all.seen.size()}, {"unseen emoji", all.unseen.size()}, {"languages", languages}};
  const std::string text = clip::json_text(whole);
  clip::write_file(path, std::as_bytes(std::span{text}));
}

}  // namespace emoji
