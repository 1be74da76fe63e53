// clip/model/text_input.hpp: limits of the token ids that a text tower takes.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/tokens/kept_ids.hpp>
#include <clip/tokens/row_form.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/tokens/vocabulary_identity.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace clip::inline CLIP_ABI {

/// The input of a text tower.
struct TextInput {
  Index context;     // maximum number of ids of a text
  Index vocabulary;  // ids are less than this
  RowForm row{};     // what stands before and after the tokens of a text
};

/// The input of a text tower with this configuration.
template <class Config>
constexpr TextInput text_input_of(const Config& c) {
  if constexpr (requires { c.row(); }) return {c.context, c.vocabulary, c.row()};
  else return {c.context, c.vocabulary};
}

/// Checks that the ids of a vocabulary are those of the text tower's token embedding. InputError: more or fewer, or
/// another end of text than the tower's.
[[nodiscard]] inline Result<void> try_check_vocabulary(const TextInput& input, const VocabularyIdentity& vocabulary) {
  if (vocabulary.size == input.vocabulary || (input.row.spare_ids && vocabulary.size < input.vocabulary)) {
    if (input.row.end < 0 || vocabulary.eot < 0 || vocabulary.eot == input.row.end) return {};
    return InputError{vocabulary.place, "end-of-text id of the vocabulary", input.row.end, vocabulary.eot}.with_id(
        "clip.input.vocabulary");
  }
  return InputError{vocabulary.place, "ids of the vocabulary",
                    std::to_string(input.vocabulary) + ", as many as the model has token embeddings", vocabulary.size}
      .with_id("clip.input.vocabulary");
}

/// Checks a batch that carries its vocabulary; one made by hand carries none. InputError: a vocabulary of another size,
/// rows that end with another id than the vocabulary's end of text, or that are filled with another id than the tower
/// reads as padding.
[[nodiscard]] inline Result<void> try_check_vocabulary(const TextInput& input, const Texts& texts) {
  const VocabularyIdentity* const vocabulary = texts.vocabulary();
  if (vocabulary == nullptr) return {};
  if (vocabulary->eot != texts.eot_id())
    return InputError{vocabulary->place, "end-of-text id of the texts", vocabulary->eot, texts.eot_id()}.with_id(
        "clip.input.vocabulary");
  if (input.row.attends_pad && texts.eot_id() < 0 && texts.pad() != input.row.pad)
    return InputError{vocabulary->place, "padding id of the texts", input.row.pad, texts.pad()}.with_id(
        "clip.input.vocabulary");
  if (!input.row.attends_pad && input.row.end >= 0 && texts.eot_id() != input.row.end)
    return InputError{vocabulary->place, "end-of-text id of the texts", input.row.end, texts.eot_id()}.with_id(
        "clip.input.vocabulary");
  return try_check_vocabulary(input, *vocabulary);
}

/// The number of ids, from 0 on, that a text tower reads by their number: those up to its end and its padding.
constexpr Index fixed_ids(const TextInput& input) {
  return 1 + std::max<Index>(input.row.end, input.row.attends_pad ? input.row.pad : -1);
}

/// Checks that a text tower can do with the ids kept alone. InputError: ids of a vocabulary of another size; an id that
/// the tower reads by its number is not kept.
[[nodiscard]] inline Result<void> try_check_kept(const TextInput& input, const KeptIds& kept) {
  if (kept.whole() != input.vocabulary)
    return InputError{"reduced vocabulary", "ids of the whole vocabulary",
                      std::to_string(input.vocabulary) + ", as many as the model has token embeddings", kept.whole()}
        .with_id("clip.input.vocabulary");
  for (Index id = 0; id < fixed_ids(input); ++id)
    if (kept.new_id(static_cast<std::int32_t>(id)) != id)
      return InputError{"reduced vocabulary", "ids to keep",
                        "all below " + std::to_string(fixed_ids(input)) + ", which the text tower reads by number",
                        "none that is " + std::to_string(id)}
          .with_id("clip.input.vocabulary");
  if (kept.size() < 2)
    return InputError{"reduced vocabulary", "number of ids", "2 or more", kept.size()}.with_id("clip.input.vocabulary");
  return {};
}

}  // namespace clip::inline CLIP_ABI
