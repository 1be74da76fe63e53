// clip/few_shot/split_file.inl.hpp: definitions of clip/few_shot/split_file.hpp.
#pragma once

#include <clip/few_shot/split_file.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/files.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

namespace detail {

inline Result<void> try_write_sets(const std::string& path, const LabelledImages& images, const SplitFacts& facts,
                                   const std::vector<ImageSet>& sets) {
  JsonTree file =
      json_object("dataset", images.place, "fingerprint", facts.fingerprint, "kind", facts.kind, "seed", facts.seed);
  for (const ImageSet& set : sets) {
    Json& names = file[set.name];
    names = Json::array();
    for (const Index i : set.images) names.push_back(images.names[static_cast<std::size_t>(i)]);
  }
  return try_write_file(path, as_byte_span(json_text(file, 1) + '\n'));
}

}  // namespace detail

CLIP_HOST Result<std::vector<ImageSet>> try_keep_sets(const std::string& path, const LabelledImages& images,
                                                      const SplitFacts& facts, std::vector<ImageSet> made) {
  if (!detail::may_be_there(path)) {
    if (auto done = detail::try_write_sets(path, images, facts, made); !done) return done.error();
    return made;
  }
  const auto bytes = try_read_bytes(path);
  if (!bytes) return bytes.error();
  auto json = try_parse_json(as_text(*bytes), path);
  if (!json) return json.error();
  const detail::DismantledAtEnd end{*json};

  JsonReader file{*json, path};
  file.may_have("dataset");
  const std::string fingerprint = file.text("fingerprint"), kind = file.text("kind");
  const auto* const seed = file.value("seed");
  std::vector<std::vector<std::string>> names;
  for (const ImageSet& set : made) names.push_back(file.texts(set.name));
  if (auto good = file.finish(); !good) return good.error();
  if (fingerprint != facts.fingerprint)
    return LoadError{path, "fingerprint of the dataset", fingerprint.substr(0, 16) + "…, as when this file was written",
                     facts.fingerprint.substr(0, 16) + "…: " + images.place + " has changed since"}
        .with_id("clip.load.changed");
  if (!seed->is_number_unsigned() || seed->get<std::uint64_t>() != facts.seed)
    return LoadError{path, "seed", facts.seed, json_in_words(*seed)};
  if (kind != facts.kind) return LoadError{path, "kind", facts.kind, kind};

  std::unordered_map<std::string, Index> where;
  for (Index i = 0; i < images.size(); ++i) where.emplace(images.names[static_cast<std::size_t>(i)], i);
  for (std::size_t s = 0; s < made.size(); ++s) {
    made[s].images.clear();
    for (const std::string& name : names[s]) {
      const auto found = where.find(name);
      if (found == where.end())
        return LoadError{path, made[s].name, "images of the dataset, each once", '"' + name + '"'};
      made[s].images.push_back(found->second);
      where.erase(found);
    }
  }
  return made;
}

CLIP_HOST Result<ImageSplit> try_keep_split(const std::string& path, const LabelledImages& images,
                                            const SplitFacts& facts, ImageSplit made) {
  auto sets = try_keep_sets(
      path, images, facts,
      {{"train", std::move(made.train)}, {"validation", std::move(made.validation)}, {"test", std::move(made.test)}});
  if (!sets) return sets.error();
  return ImageSplit{std::move((*sets)[0].images), std::move((*sets)[1].images), std::move((*sets)[2].images)};
}

CLIP_HOST Result<FewShotSubset> try_keep_subset(const std::string& path, const LabelledImages& images,
                                                const SplitFacts& facts, FewShotSubset made) {
  auto sets = try_keep_sets(path, images, facts,
                            {{"train", std::move(made.train)}, {"validation", std::move(made.validation)}});
  if (!sets) return sets.error();
  return FewShotSubset{std::move((*sets)[0].images), std::move((*sets)[1].images)};
}

}  // namespace clip::inline CLIP_ABI
