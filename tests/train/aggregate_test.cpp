// A user's own aggregate of two towers and one more weight, trained by the library: it is no Model.
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/similarity.hpp>
#include <clip/optim/sgd.hpp>
#include <clip/train/trainer.hpp>

#include "../io/temporary_folder.hpp"
#include "toy.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<float>;

/// Both towers, a similarity, and a vector that both embeddings are moved by.
struct Aggregate {
  B backend_;
  ImageEncoder<Tiny, B> image;
  TextEncoder<Tiny, B> text;
  Similarity<B> similarity;
  Parameter<float> shift{{Tiny.embed_dim}, Init::normal(0.1)};
  Buffer<B> memory{backend_, Tiny.embed_dim};

  explicit Aggregate(Rng rng) {
    shift.data = memory.data();
    initialise(*this, rng);
  }

  static void members(auto& self, auto&& visit) {
    visit("", self.image);
    visit("", self.text);
    visit("", self.similarity);
    visit("shift", self.shift);
  }
  B& backend() { return backend_; }
  const B& backend() const { return backend_; }

  auto encode_image(auto& cx, const Images& images) const { return moved(cx, image.encode_image(cx, images)); }
  auto encode_text(auto& cx, const Texts& texts) const { return moved(cx, text.encode_text(cx, texts)); }

 private:
  template <class Cx, Index W>
  Rows<Cx, W> moved(Cx& cx, Rows<Cx, W> x) const {
    auto& zeros = cx.template keep<std::vector<std::int32_t>>();
    zeros.assign(static_cast<std::size_t>(x.rows()), 0);
    return add(cx, x, cx.apply(GatherOp{Ids{zeros}}, x.rows(), Size<W>{x.cols()}, shift));
  }
};

std::vector<float> weights(const Aggregate& model) {
  std::vector<float> all;
  visit_parameters(model, [&](std::string_view, const auto& p) { all.insert(all.end(), p.data, p.data + p.count()); });
  return all;
}

/// An objective of the user's.
struct Own {
  template <class Cx>
  Rows<Cx, 1> operator()(Cx& tape, const Aggregate& model, const Pairs& pairs) const {
    return contrastive(tape, model.encode_text(tape, pairs.texts), model.encode_image(tape, pairs.images),
                       model.similarity, pairs.texts.groups());
  }
};

}  // namespace

TEST_CASE("an aggregate that is no Model trains, saves and resumes, with any optimiser and objective") {
  const TemporaryFolder folder;
  ToyPairs pairs;
  TrainOptionsOf<SgdOptions> options;
  options.epochs = 3;
  options.batch = 8;
  options.optimizer = {.learning_rate = 0.05f};

  Aggregate whole{Rng{3}};
  std::vector<double> losses;
  CHECK(Trainer{whole, pairs, options, Selection{}, Own{}}.run([&](const TrainProgress& p) {
    losses.push_back(p.loss);
    return true;
  }));
  CHECK(losses.back() < losses.front());

  options.checkpoint = folder / "run";
  Aggregate interrupted{Rng{3}};
  CHECK_FALSE(
      Trainer{interrupted, pairs, options, Selection{}, Own{}}.run([](const TrainProgress& p) { return p.step < 7; }));
  Aggregate resumed{Rng{4}};
  CHECK(Trainer{resumed, pairs, options, Selection{}, Own{}}.run());
  CHECK(weights(resumed) == weights(whole));

  save(whole, folder / "aggregate.safetensors");
  Aggregate again{Rng{5}};
  load(again, folder / "aggregate.safetensors");
  CHECK(weights(again) == weights(whole));
}
