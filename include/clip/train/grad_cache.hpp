// clip/train/grad_cache.hpp: gradients of a large batch in the memory of a small one (GradCache, Gao et al. 2021).
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/core/rng.hpp>
#include <clip/image/image.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tokens/texts.hpp>
#include <clip/train/objective.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {
/// visit(begin, images, texts) for every micro-batch.
template <class F>
void each_micro_batch(const Images& images, const Texts& texts, Index micro, F&& visit) {
  Images some;
  Texts words;
  for (Index begin = 0; begin < images.size(); begin += micro) {
    const Index n = std::min(micro, images.size() - begin);
    some.resize_for_reuse(n, images.channels(), images.height(), images.width());
    words.clear();
    for (Index i = 0; i < n; ++i) {
      std::ranges::copy(images.image(begin + i), some.image(i).begin());
      words.append(texts, begin + i);
    }
    visit(begin, some, words);
  }
}
}  // namespace detail

/// Adds the gradients of an objective, Contrastive or Sigmoid, to the tape's parameter table and returns the loss over
/// all pairs. The tape holds the activations of only `micro` pairs at a time. Every pair is encoded twice:
///   1. encode micro-batches without recording and keep their features;
///   2. compute the loss over all pairs, d loss / d features and those of logit_scale and logit_bias;
///   3. encode each micro-batch again, recorded, and backpropagate its rows of d loss / d features.
/// Batch norms use the statistics of one micro-batch at a time in both passes, and each updates its running statistics
/// once per micro-batch. Patch dropout leaves out the same patches in both passes. `model` must be the model of the tape's table. A loss that is not finite adds nothing. Row i
/// of images and texts are a pair; equal texts are positives of each other, also in different micro-batches.
/// ShapeError: different numbers of images and texts. OptionError: micro below 1; as the objective's.
template <class M, Backend B, class Objective = Contrastive>
double grad_cache(const M& model, Tape<B>& tape, const Images& images, const Texts& texts, Index micro,
                  const Objective& objective = {}) {
  using T = typename B::Scalar;
  const Index n = images.size(), width = model.config().embed_dim;
  if (texts.size() != n) raise(ShapeError{"grad_cache", "texts for the images", n, texts.size()});
  if (micro < 1) raise(OptionError{"grad_cache", "pairs at a time", "1 or more", micro});

  B& b = tape.backend();
  const Buffer<B> image_rows{b, n * width}, text_rows{b, n * width};  // features, then their gradients
  const View<T> image{image_rows.data(), n, width}, text{text_rows.data(), n, width};
  bool batch_statistics = false;
  if (!tape.evaluating())
    for (const auto& [name, p] : named_parameters<T>(model)) batch_statistics = batch_statistics || !is_weight(p->kind);
  const bool as_in_training = batch_statistics || tape.patch_dropout() > 0;  // the first pass too: recorded, discarded
  const Rng rng = tape.rng();
  const auto draw_for = [&](Index begin) { tape.draw_from(rng.fork(static_cast<std::uint64_t>(begin))); };
  {
    Inference<B> cx{b};
    detail::each_micro_batch(images, texts, micro, [&](Index begin, const Images& some, const Texts& words) {
      const Acc<T> rows{image.middle_rows(begin, some.size()), true};
      if (as_in_training) {
        tape.clear();
        draw_for(begin);
        b.add(In<T>{model.encode_image(tape, some).view}, rows);
      } else {
        b.add(In<T>{model.encode_image(cx, some).view}, rows);
      }
      b.add(In<T>{model.encode_text(cx, words).view}, Acc<T>{text.middle_rows(begin, some.size()), true});
    });
  }

  tape.clear();
  const auto i = tape.leaf(Rows<Tape<B>, dyn>{image}), t = tape.leaf(Rows<Tape<B>, dyn>{text});
  const auto loss = objective.of_features(tape, i, t, model.similarity, texts.groups());
  const double value = value_of(tape, loss);
  if (!std::isfinite(value)) return value;
  tape.backward(loss);
  b.add(tape.gradient_of(i), Acc<T>{image, true});
  b.add(tape.gradient_of(t), Acc<T>{text, true});

  bool images_train = true, texts_train = true;  // false once a tower's rows turn out to need no gradient: it is frozen
  const auto backpropagate = [&](bool& trains, bool collects, auto encode, View<const T> gradient) {
    if (!trains && !collects) return;
    tape.clear();
    const auto y = encode();
    trains = tape.wants(y);
    if (trains) tape.backward(y, gradient);
    tape.commit();
  };
  detail::each_micro_batch(images, texts, micro, [&](Index begin, const Images& some, const Texts& words) {
    draw_for(begin);
    backpropagate(
        images_train, batch_statistics, [&] { return model.encode_image(tape, some); },
        image.middle_rows(begin, some.size()));
    backpropagate(
        texts_train, false, [&] { return model.encode_text(tape, words); }, text.middle_rows(begin, some.size()));
  });
  tape.draw_from(rng);
  return value;
}

}  // namespace clip::inline CLIP_ABI
