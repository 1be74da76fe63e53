// A prefix tree, ragged texts and padded texts give the same results.
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/storage.hpp>
#include <clip/tokens/learned.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>

#include "../../support/check_gradients.hpp"
#include "../../support/small_models.hpp"

#include <doctest/doctest.h>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<double>;

struct Tested {
  B backend_;
  TextTransformer<Tiny.text, Tiny.embed_dim, B> text;
  Buffer<B> memory = allocate_parameters(backend_, text);
  Tested() {
    visit_parameters(text, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{14}.fork(name), p.count(), 0.4));
    });
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("", self.text); }
};

enum class Arrangement { tree, ragged, padded };

TextBatch arranged(const Texts& texts, Arrangement how, std::int32_t pad = 0) {
  TextBatch batch;
  if (how == Arrangement::tree) prefix_tree(texts, batch);
  if (how == Arrangement::ragged) ragged_batch(texts, batch);
  if (how == Arrangement::padded) padded_batch(texts, Tiny.text.context, pad, batch);
  return batch;
}

/// Texts that share all, some and none of their tokens; some are prefixes of others up to their end-of-text token.
Texts siblings() {
  Texts texts = no_texts(Tiny);
  for (const auto& tokens : std::vector<std::vector<std::int32_t>>{
           {1, 2, 3}, {1, 2, 4}, {1, 2, 3}, {}, {5}, {1, 2, 3, 4, 5, 6, 7}, {1, 2, 3, 4, 5, 6, 8}, {1}, {5, 5, 5}, {}})
    add_text(Tiny, texts, tokens);
  return texts;
}

}  // namespace

TEST_CASE("shared prefixes give the features and gradients of padded, unshared texts") {
  Tested tower;
  Parameters table{tower};
  const Texts texts = siblings();
  const TextBatch tree = arranged(texts, Arrangement::tree), ragged = arranged(texts, Arrangement::ragged),
                  padded = arranged(texts, Arrangement::padded);
  REQUIRE(tree.sequences.shared());
  REQUIRE(tree.sequences.rows() < ragged.sequences.rows());

  Inference<B> cx;
  const auto features = [&](const TextBatch& batch) {
    cx.clear();
    return values_of(B{}, View<const double>{tower.text(cx, batch).view});
  };
  const Values expected = features(padded);
  CHECK(max_difference(features(tree), expected) < ScalarTraits<double>::backend_tolerance);
  CHECK(max_difference(features(ragged), expected) < ScalarTraits<double>::backend_tolerance);

  const auto gradients = [&](const TextBatch& batch) {
    return gradients_of(table, [&](Tape<B>& tape) { return some_loss(tape, tower.text(tape, batch)); });
  };
  const auto by_padding = gradients(padded), by_tree = gradients(tree), by_ragged = gradients(ragged);
  for (std::size_t i = 0; i < by_padding.size(); ++i) {
    INFO(table.entries()[i].name);
    const double tolerance = 10 * ScalarTraits<double>::backend_tolerance * std::max(1.0, max_magnitude(by_padding[i]));
    CHECK(max_difference(by_tree[i], by_padding[i]) < tolerance);
    CHECK(max_difference(by_ragged[i], by_padding[i]) < tolerance);
    CHECK(max_magnitude(by_padding[i]) > 0);
  }
}

TEST_CASE("tokens after the end of a text do not influence its features") {
  Tested tower;
  const Texts texts = siblings();
  Inference<B> cx;
  const Values zeros = values_of(B{}, View<const double>{tower.text(cx, arranged(texts, Arrangement::padded, 0)).view});
  cx.clear();
  CHECK(values_of(B{}, View<const double>{tower.text(cx, arranged(texts, Arrangement::padded, 7)).view}) == zeros);
}

TEST_CASE("every row of every layer is equal with and without shared prefixes") {
  Tested tower;
  const Texts texts = siblings();
  const TextBatch tree = arranged(texts, Arrangement::tree), ragged = arranged(texts, Arrangement::ragged);
  for (Index layers = 0; layers <= Tiny.text.layers; ++layers) {
    Inference<B> cx, other;
    const auto shared = tower.text.states(cx, tree, layers), alone = tower.text.states(other, ragged, layers);
    for (Index i = 0; i < texts.size(); ++i) {  // the end-of-text row of each text
      const Index row = tree.sequences.pooled()[static_cast<std::size_t>(tree.leaf[static_cast<std::size_t>(i)])];
      const Index expected = ragged.sequences.segment(i).end - 1;
      CHECK(max_difference(values_of(B{}, View<const double>{shared.view.middle_rows(row, 1)}),
                           values_of(B{}, View<const double>{alone.view.middle_rows(expected, 1)})) <
            ScalarTraits<double>::backend_tolerance);
    }
  }
}

TEST_CASE("the text tower's gradients of all parameters are correct") {
  Tested tower;
  Parameters table{tower};
  const TextBatch tree = arranged(siblings(), Arrangement::tree);
  check_gradients(table, [&](Tape<B>& tape) { return some_loss(tape, tower.text(tape, tree)); });
}

namespace {

/// Long-CLIP's two tables in a small tower, and one table that is the fold of them.
constexpr TextConfig long_text(bool two_tables) {
  TextConfig c = Tiny.text;
  c.context = 32;
  c.two_tables = two_tables;
  return c;
}
template <bool two_tables>
struct LongTower {
  B backend_;
  TextTransformer<long_text(two_tables), Tiny.embed_dim, B> text;
  Buffer<B> memory = allocate_parameters(backend_, text);
  LongTower() {
    visit_parameters(text, [](std::string_view name, auto& p) {
      set_values(B{}, p.view(), random_values(Rng{14}.fork(name), p.count(), 0.4));
    });
  }
  B& backend() { return backend_; }
  static void members(auto& self, auto&& visit) { visit("", self.text); }
};

/// Texts of 3, 30 and 24 ids that share a prefix, the last two with learned vectors if asked for.
Texts long_texts(bool learned = false) {
  Texts texts = no_texts(Tiny);
  std::vector<std::int32_t> row{1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4};
  add_text(Tiny, texts, {5});
  add_text(Tiny, texts, row);
  row.resize(22);
  add_text(Tiny, texts, row);
  return learned ? with_learned(texts, 2) : texts;
}

}  // namespace

TEST_CASE("a tower of two tables of positions computes what the fold of them into one does") {
  LongTower<true> two;
  LongTower<false> one;
  const Index width = long_text(true).width;
  const auto copy = [&](const Parameter<double>& from, Index first, Index count) {
    std::copy_n(from.data + first * width, count * width, one.text.positional_embedding.data + first * width);
  };
  copy(two.text.positional_embedding, 0, 20);
  copy(two.text.positional_embedding_res, 20, 12);
  const Values vectors = random_values(Rng{5}, 2 * width, 0.4);
  Matrix<B> memory{{}, 2, width, vectors};
  Parameter<double> learned{{2, width}, Init::zeros()};
  learned.data = memory.view().data;
  for (const bool with_vectors : {false, true}) {
    CAPTURE(with_vectors);
    const auto run = [&](auto& tower) {
      Inference<B> cx;
      TextBatch batch;
      tower.text.arrange(long_texts(with_vectors), batch);
      if (!with_vectors) return values_of(B{}, View<const double>{tower.text(cx, batch).view});
      number_vectors(batch);
      return values_of(B{}, View<const double>{tower.text(cx, batch, learned).view});
    };
    CHECK(run(two) == run(one));
  }
}

TEST_CASE("of two tables of positions the first is counted and never trained, and the second has the fold's gradient") {
  LongTower<true> tower;
  CHECK(count_parameters(tower) == count_parameters(LongTower<false>{}) + 32 * long_text(true).width);
  Parameters table{tower};
  CHECK(table.find("positional_embedding") == nullptr);
  TextBatch batch;
  tower.text.arrange(long_texts(), batch);
  check_gradients(table, [&](Tape<B>& tape) { return some_loss(tape, tower.text(tape, batch)); });
  const auto gradients = gradients_of(table, [&](Tape<B>& tape) { return some_loss(tape, tower.text(tape, batch)); });
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (table.entries()[i].name != "positional_embedding_res") continue;
    const auto kept = static_cast<std::ptrdiff_t>(20 * long_text(true).width);
    CHECK(max_magnitude(Values(gradients[i].begin(), gradients[i].begin() + kept)) == 0);
    CHECK(max_magnitude(Values(gradients[i].begin() + kept, gradients[i].end())) > 0);
  }
  CHECK_THROWS_WITH_AS((Parameters{tower, only("positional_embedding")}),
                       "parameters: the pattern \"positional_embedding\" asks to train positional_embedding, which the "
                       "model keeps frozen",
                       OptionError);
  CHECK(Parameters{tower, only("positional_embedding*")}.entries().size() == 1);
  CHECK(Parameters{tower, except("positional_embedding")}.entries().size() == table.entries().size());
}

TEST_CASE("a batch that was arranged for one table of positions is refused by a tower of two") {
  LongTower<true> tower;
  TextBatch batch;
  prefix_tree(long_texts(), batch);
  Inference<B> cx;
  CHECK_THROWS_AS(tower.text(cx, batch), ShapeError);
}
