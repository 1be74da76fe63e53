// Files of word vectors: reading, the vocabulary made of one, and embeddings begun with it.
#include <clip/model/initialise.hpp>
#include <clip/model/text_encoder.hpp>
#include <clip/model/word_vectors.hpp>
#include <clip/tokenizer/vocabulary/of_word_vectors.hpp>
#include <clip/tower/cbow_text/description.hpp>
#include <clip/tower/clip_vit/openai.hpp>

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace clip;

struct VectorFile {
  std::string path = (std::filesystem::temp_directory_path() / "clip_word_vectors_test.txt").string();
  explicit VectorFile(std::string_view text) { std::ofstream{path, std::ios::binary} << text; }
  ~VectorFile() { std::filesystem::remove(path); }
};

/// The words of a text and their values, or the message of the error.
std::string vectors_in(std::string_view text) {
  std::string all;
  const auto done = try_parse_word_vectors(text, "v.txt", [&](const WordVector& v) -> Result<void> {
    all += std::to_string(v.line) + ":" + std::string(v.word);
    for (const float x : v.values) all += "," + std::to_string(x).substr(0, 4);
    all += ";";
    return {};
  });
  return done ? all + std::to_string(*done) : done.error().message();
}

inline constexpr ClipConfig<VitConfig, CbowTextConfig> Words{
    .embed_dim = 5, .image = ViT_B_32.image, .text = {.context = 20, .vocabulary = 7, .width = 2}};

}  // namespace

TEST_CASE("word vectors: GloVe's lines, word2vec's header, words with spaces, every end of line") {
  CHECK(vectors_in("the 0.5 1\nof -1e-1 2.25\n") == "1:the,0.50,1.00;2:of,-0.1,2.25;2");
  CHECK(vectors_in("2 3\nthe 1 2 3 \r\n\nof\t4 5 6") == "2:the,1.00,2.00,3.00;4:of,4.00,5.00,6.00;3");
  CHECK(vectors_in("dog 1 2\nat name 3 4\n7 5 6") == "1:dog,1.00,2.00;2:at name,3.00,4.00;3:7,5.00,6.00;2");
  CHECK(vectors_in("caf\xC3\xA9 1\n") == "1:caf\xC3\xA9,1.00;1");
}

TEST_CASE("word vectors: errors name the line") {
  CHECK(vectors_in("the 1 2\nof 1\n") == "v.txt: line 2: expected a word and 2 numbers, found 2 fields");
  CHECK(vectors_in("the 1 2\n\nof 1 x2\n") == "v.txt: line 3: expected 2 numbers after the word, found \"x2\"");
  CHECK(vectors_in("the 1 nan\n") == "v.txt: line 1: expected 2 numbers after the word, found \"nan\"");
  CHECK(vectors_in("the 1 1e60\n") == "v.txt: line 1: expected 2 numbers after the word, found \"1e60\"");
  CHECK(vectors_in("the\n") == "v.txt: line 1: expected a word and its vector, found one field");
  CHECK(vectors_in("3 1\nthe 1\nof 2\n") == "v.txt: number of word vectors, by its first line: expected 3, found 2");
  CHECK(vectors_in("0 5\n") == "v.txt: line 1: no \"count dimension\": 0 5");
  CHECK(vectors_in("2 5\n") == "v.txt: no word vectors");
  CHECK(vectors_in("") == "v.txt: no word vectors");
}

TEST_CASE("a vocabulary of word vectors reads texts word by word; a tower begins with the vectors") {
  const VectorFile file{"5 2\nthe 1 2\ndog 3 4\nDog 5 6\nrock-climbing 7 8\ncat 9 10\n"};
  const WordVectorVocabulary vocabulary = vocabulary_of_word_vectors(file.path);
  CHECK(vocabulary.text == "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ndog\ncat\n");
  CHECK(vocabulary.words == 3);
  CHECK(vocabulary.skipped == 2);
  CHECK(vocabulary.dimension == 2);
  CHECK(vocabulary_of_word_vectors(file.path, Letters::uncased, 1).text == "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n");
  CHECK(vocabulary_of_word_vectors(file.path, Letters::cased).words == 4);

  const WordPiece tokenizer = WordPiece::try_parse(vocabulary.text, "vocab.txt").value();
  CHECK(tokenizer.encode("The dog, dogs") == std::vector<std::int32_t>{4, 5, 1, 1});
  TextEncoder<Words> text;
  initialise(text, Rng{1});
  const std::vector<float> before(text.tower.token_embedding.data, text.tower.token_embedding.data + 14);
  const WordVectorsUsed used = begin_with_word_vectors(text, file.path, tokenizer);
  CHECK(used.found == 3);
  CHECK(used.skipped == 2);
  CHECK(used.without == 4);
  const std::vector<float> after(text.tower.token_embedding.data, text.tower.token_embedding.data + 14);
  CHECK(std::vector<float>(after.begin(), after.begin() + 8) == std::vector<float>(before.begin(), before.begin() + 8));
  CHECK(std::vector<float>(after.begin() + 8, after.end()) == std::vector<float>{1, 2, 3, 4, 9, 10});
  CHECK(text.encode_text(tokenizer({"the dog"})).size() == 1);

  const VectorFile wide{"the 1 2 3\n"};
  CHECK(try_begin_with_word_vectors(text, wide.path, tokenizer).error().message() ==
        wide.path + ": line 1: width of a word vector, that of the text tower: expected 2, found 3");
  const WordPiece other = WordPiece::try_parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n", "other.txt").value();
  CHECK(try_begin_with_word_vectors(text, file.path, other).error().id() == "clip.input.vocabulary");
}
