// clip/train/grad_cache.hpp: the gradients of a large batch in the memory of a small one (GradCache, Gao et al. 2021).
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/autograd/walk.hpp>
#include <clip/image/image.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/tensor/buffer.hpp>
#include <clip/tokens/texts.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace clip::inline CLIP_ABI {

namespace detail {
/// visit(begin, images, texts) for every micro-batch.
template <class F>
void each_part(const Images& images, const Texts& texts, Index micro, F&& visit) {
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

/// Adds the gradients of contrastive(images, texts) to the tape's table, with activations of only `micro` pairs on the tape at a time,
/// and returns the loss over all pairs. Every pair is encoded twice:
///   1. encode micro-batches without a record and keep their features;
///   2. the loss over all pairs, d loss / d features and d loss / d logit_scale;
///   3. encode each micro-batch again, recorded, and send its rows of d loss / d features back.
/// Batch norms see one micro-batch at a time, both times, and each moves the running statistics once.
/// `model` is the one the tape's table was made of. A loss that is not finite adds nothing.
/// Row i of images and texts belong together; equal texts are positives of each other, also in different micro-batches.
/// ShapeError: numbers of images and texts differ. OptionError: micro below 1.
template <class M, Backend B>
double grad_cache(const M& model, Tape<B>& tape, const Images& images, const Texts& texts, Index micro) {
  using T = typename B::Scalar;
  const Index n = images.size(), width = model.config().embed_dim;
  if (texts.size() != n) raise(ShapeError{"grad_cache", "texts for the images", n, texts.size()});
  if (micro < 1) raise(OptionError{"grad_cache", "pairs at a time", "1 or more", micro});

  B& b = tape.backend();
  const Buffer<B> image_rows{b, n * width}, text_rows{b, n * width};  // features, later their gradients
  const View<T> image{image_rows.data(), n, width}, text{text_rows.data(), n, width};
  bool batch_statistics = false;  // then the first pass must use them too: it is recorded, and forgotten
  if (!tape.evaluating())
    visit_parameters(model, [&](std::string_view, const Parameter<T>& p) {
      batch_statistics = batch_statistics || p.kind != ParameterKind::parameter;
    });
  {
    Inference<B> cx{b};
    detail::each_part(images, texts, micro, [&](Index begin, const Images& some, const Texts& words) {
      const Acc<T> rows{image.middle_rows(begin, some.size()), true};
      if (batch_statistics) {
        tape.clear();
        b.add(In<T>{model.encode_image(tape, some).view}, rows);
      } else {
        b.add(In<T>{model.encode_image(cx, some).view}, rows);
      }
      b.add(In<T>{model.encode_text(cx, words).view}, Acc<T>{text.middle_rows(begin, some.size()), true});
    });
  }

  tape.clear();
  const auto i = tape.leaf(Rows<Tape<B>, dyn>{image}), t = tape.leaf(Rows<Tape<B>, dyn>{text});
  const auto loss = contrastive(tape, i, t, model.similarity, texts.groups());
  const double value = value_of(tape, loss);
  if (!std::isfinite(value)) return value;
  tape.backward(loss);
  b.add(tape.gradient_of(i), Acc<T>{image, true});
  b.add(tape.gradient_of(t), Acc<T>{text, true});

  bool images_train = true, texts_train = true;  // until a tower shows that its rows lead nowhere: it is frozen
  const auto send_back = [&](bool& trains, bool gathers, auto encode, View<const T> gradient) {
    if (!trains && !gathers) return;
    tape.clear();
    const auto y = encode();
    trains = tape.wants(y);
    if (trains) tape.backward(y, gradient);
    tape.commit();
  };
  detail::each_part(images, texts, micro, [&](Index begin, const Images& some, const Texts& words) {
    send_back(
        images_train, batch_statistics, [&] { return model.encode_image(tape, some); },
        image.middle_rows(begin, some.size()));
    send_back(
        texts_train, false, [&] { return model.encode_text(tape, words); }, text.middle_rows(begin, some.size()));
  });
  return value;
}

}  // namespace clip::inline CLIP_ABI
