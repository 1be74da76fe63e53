// clip/model/word_vectors.hpp: token embeddings of a text tower begun with word2vec's or GloVe's vectors.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/formats/word_vectors.hpp>
#include <clip/tokenizer/wordpiece.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The words of a file of vectors and those of a vocabulary.
struct WordVectorsUsed {
  Index found = 0;    // words of the vocabulary that now have the file's vectors
  Index skipped = 0;  // vectors of the file that no word took: not in the vocabulary, or a second time
  Index without = 0;  // ids of the vocabulary that keep their values, the special ones included
};

/// Gives the words of a text encoder's token embedding the vectors of a file (formats/word_vectors.hpp). The words are
/// the pieces of the encoder's tokenizer, letter by letter; other pieces keep their values. For a tower that averages
/// words, and for any other whose tower has a token_embedding.
///   WordPiece tokenizer{"vocab.txt"};                       // written by vocabulary_of_word_vectors
///   TextEncoder<Config> text;
///   const WordVectorsUsed used = begin_with_word_vectors(text, "glove.6B.300d.txt", tokenizer);
/// InputError: a vocabulary of another size than the tower's. LoadError: vectors of another width than the tower's;
/// as try_read_word_vectors.
template <class Encoder>
[[nodiscard]] Result<WordVectorsUsed> try_begin_with_word_vectors(Encoder& encoder, const std::string& path,
                                                                  const WordPiece& tokenizer) {
  auto& table = encoder.tower.token_embedding;
  using T = typename std::remove_reference_t<decltype(table)>::T;
  const Index width = table.shape.cols(), count = table.shape.rows();
  if (tokenizer.vocabulary_size() != count)
    return InputError{tokenizer.vocabulary().place, "ids of the vocabulary",
                      std::to_string(count) + ", as many as the model has token embeddings",
                      tokenizer.vocabulary_size()}
        .with_id("clip.input.vocabulary");
  std::unordered_map<std::string_view, Index> ids;
  for (Index id = 0; id < count; ++id) ids.emplace(tokenizer.piece(static_cast<std::int32_t>(id)), id);
  std::vector<T> values(static_cast<std::size_t>(count * width));
  encoder.backend().download(table.view(), std::span<T>(values));
  WordVectorsUsed used;
  std::vector<bool> has(static_cast<std::size_t>(count));
  const auto done = try_read_word_vectors(path, [&](const WordVector& v) -> Result<void> {
    if (static_cast<Index>(v.values.size()) != width)
      return LoadError{path, "line " + std::to_string(v.line) + ": width of a word vector, that of the text tower",
                       width, v.values.size()};
    const auto at = ids.find(v.word);
    if (at == ids.end() || has[static_cast<std::size_t>(at->second)]) {
      ++used.skipped;
      return {};
    }
    has[static_cast<std::size_t>(at->second)] = true;
    for (std::size_t i = 0; i < v.values.size(); ++i)
      values[static_cast<std::size_t>(at->second * width) + i] = static_cast<T>(v.values[i]);
    ++used.found;
    return {};
  });
  if (!done) return done.error();
  encoder.backend().upload(std::span<const T>(values), table.own_memory());
  used.without = count - used.found;
  return used;
}
template <class Encoder>
WordVectorsUsed begin_with_word_vectors(Encoder& encoder, const std::string& path, const WordPiece& tokenizer) {
  return try_begin_with_word_vectors(encoder, path, tokenizer).value();
}

}  // namespace clip::inline CLIP_ABI
