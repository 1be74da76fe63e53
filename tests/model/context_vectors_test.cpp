// Learned context vectors: features, gradients and errors.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/model/model.hpp>

#include "../support/check_gradients.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

/// Names of classes, some with a common prefix.
template <class Config>
Texts names(const Config& config) {
  Texts texts = no_texts(config);
  for (const std::vector<std::int32_t>& tokens : {std::vector<std::int32_t>{3, 4}, {5}, {3, 6, 7}, {3, 4}, {}})
    add_text(config, texts, tokens);
  return texts;
}

template <class Rows>
std::vector<double> numbers(const Rows& y) {
  std::vector<double> all;
  for (Index i = 0; i < y.rows(); ++i) all.insert(all.end(), y.view.row(i), y.view.row(i) + y.cols());
  return all;
}

}  // namespace

TEST_CASE("vectors equal to the embeddings of tokens give the features of those tokens, bit for bit") {
  const Model<Odd> model{Rng{1}};
  ContextVectors context{3, Odd.text.width, Rng{2}};
  const std::int32_t words[]{9, 8, 9};
  for (Index v = 0; v < 3; ++v)
    std::copy_n(model.text.tower.token_embedding.view().row(words[v]), Odd.text.width, context.ctx.view().row(v));
  Texts spelled = no_texts(Odd);
  const Texts some = names(Odd);
  for (Index i = 0; i < some.size(); ++i) {
    std::vector<std::int32_t> tokens{9, 8, 9};
    tokens.insert(tokens.end(), some[i].begin() + 1, some[i].end() - 1);
    add_text(Odd, spelled, tokens);
  }
  Inference<Cpu<>> cx, other;
  CHECK(numbers(model.encode_prompts(cx, with_learned(some, 3), context.ctx)) ==
        numbers(model.encode_text(other, spelled)));
}

TEST_CASE("context vectors have CoOp's distribution, and their parameter table holds only them") {
  ContextVectors context{16, 64, Rng{2}};
  double squares = 0;
  for (Index i = 0; i < 16 * 64; ++i)
    squares += static_cast<double>(context.ctx.data[i]) * static_cast<double>(context.ctx.data[i]);
  CHECK(squares / (16 * 64) == doctest::Approx(4e-4).epsilon(0.2));
  Parameters learned{context};
  REQUIRE(learned.entries().size() == 1);
  CHECK(learned.entries()[0].name == "ctx");
  CHECK(learned.count() == 16 * 64);
}

TEST_CASE(
    "the gradient of shared vectors is that of prompts computed one by one and padded, and that of finite "
    "differences") {
  using B = Naive<double>;
  const Model<Tiny, B> model{Rng{3}};
  ContextVectors<B> context{3, Tiny.text.width, Rng{4}};
  Parameters learned{context};
  for (const Index at : {1, 2}) {  // before the names, and after their first token
    Texts prompts = no_texts(Tiny);
    for (const std::vector<std::int32_t>& tokens : {std::vector<std::int32_t>{3, 4}, {5}, {3, 6, 7}, {3, 4}})
      add_text(Tiny, prompts, tokens);
    prompts = with_learned(prompts, 3, at);
    const auto shared = [&](Tape<B>& tape) {
      return some_loss(tape, model.encode_prompts(tape, prompts, context.ctx));
    };
    const auto padded = [&](Tape<B>& tape) {
      TextBatch& batch = tape.template keep<TextBatch>();
      padded_batch(prompts, Tiny.text.context, 0, batch);
      number_vectors(batch);
      return some_loss(tape, model.text.tower(tape, batch, context.ctx));
    };
    CHECK(loss_of(learned, shared) == doctest::Approx(loss_of(learned, padded)).epsilon(1e-12));
    const Values one = gradients_of(learned, shared)[0], other = gradients_of(learned, padded)[0];
    CHECK(max_difference(one, other) <
          10 * ScalarTraits<double>::backend_tolerance * std::max(1.0, max_magnitude(other)));
    CHECK(max_magnitude(other) > 0);
    check_gradients(learned, shared);
  }
}

TEST_CASE("a gradient through packed weights has the bits of row-major weights, or is an error") {
  ContextVectors context{2, Odd.text.width, Rng{5}};
  Parameters learned{context};
  const Texts prompts = with_learned(names(Odd), 2);
  Model<Odd> model{Rng{6}};
  const auto loss = [&](Tape<Cpu<>>& tape) {
    return some_loss(tape, model.encode_prompts(tape, prompts, context.ctx));
  };
  const auto in_rows = gradients_of(learned, loss);
  CHECK(max_magnitude(in_rows[0]) > 0);
  model.pack();
  CHECK(gradients_of(learned, loss) == in_rows);
  model.pack(Storage::bfloat16);
  Tape tape{learned};
  CHECK_THROWS_WITH_AS(loss(tape), "linear: no gradient passes through weights packed in this way: unpack() the model",
                       OptionError);
}

TEST_CASE("missing vectors and vectors of another width are errors") {
  const Model<Odd> model{Rng{1}};
  const Texts prompts = with_learned(names(Odd), 3);
  ContextVectors few{2, Odd.text.width, Rng{2}}, narrow{3, 8, Rng{2}};
  Inference<Cpu<>> cx;
  CHECK_THROWS_WITH_AS(model.encode_prompts(cx, prompts, few.ctx), "text 0: token id: expected -2 to 30, found -3",
                       InputError);
  CHECK_THROWS_WITH_AS(model.encode_prompts(cx, prompts, narrow.ctx),
                       "encode_prompts: width of the learned vectors: expected 20, found 8", ShapeError);
  CHECK_THROWS_WITH_AS(model.encode_text(prompts), "text 0: token id: expected 0 to 30, found -1", InputError);
}

TEST_CASE("a model with sizes known at run time encodes prompts with the same bits") {
  const Model<Odd> fixed{Rng{1}};
  const AnyModel open{VitClipConfig{Odd}, Rng{1}};
  const Texts prompts = with_learned(names(Odd), 3);
  const ContextVectors context{3, Odd.text.width, Rng{2}};
  Inference<Cpu<>> cx, other;
  CHECK(numbers(fixed.encode_prompts(cx, prompts, context.ctx)) ==
        numbers(open.encode_prompts(other, prompts, context.ctx)));
}
