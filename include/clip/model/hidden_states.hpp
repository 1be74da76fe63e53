// clip/model/hidden_states.hpp: the rows of a text tower that a diffusion model is conditioned on.
#pragma once

#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/model/states_options.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tokens/chunks.hpp>
#include <clip/tokens/texts.hpp>

#include <cstddef>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The effect of the weights of tokens on the rows of a chunk.
///   multiply        row i is multiplied by weight i
///   restore_mean    and then all rows of the chunk by one number, so that the mean of their values is what it was
enum class Emphasis : unsigned char { multiply, restore_mean };

/// The rows that hidden_states() returns:
///   Stable Diffusion 1            the defaults; "clip skip" n is {.layer = -n}
///   Stable Diffusion 2            {.layer = -2}
///   Stable Diffusion XL, both     {.layer = -2, .final_norm = false}; the second also reads `pooled`
struct HiddenOptions {
  Index layer = -1;        // blocks: -1 after the last, -2 before it; from 0 on, after so many
  bool final_norm = true;  // whether ln_final follows
  Emphasis emphasis = Emphasis::restore_mean;
  bool join = false;    // one long text, (1, chunks · context, width), instead of (chunks, context, width)
  bool pooled = false;  // whether `pooled` is computed
};

template <class T>
struct HiddenStates {
  Tensor<T> rows;    // (chunks, context, width), or joined
  Tensor<T> pooled;  // (chunks, embed_dim): the projected end of text of every chunk, not normalised, without weights
};

namespace detail {

/// Multiplies the rows of one chunk by their weights. The sums are in double and in the order of the rows.
template <class T>
void emphasise(std::span<T> rows, std::span<const float> weights, Emphasis emphasis) {
  const std::size_t width = rows.size() / weights.size();
  const auto sum = [&] {
    double total = 0;
    for (const T x : rows) total += static_cast<double>(x);
    return total;
  };
  bool changes = false;
  for (const float w : weights) changes = changes || w != 1;
  if (!changes) return;
  const double before = sum();
  for (std::size_t i = 0; i < weights.size(); ++i)
    for (T& x : rows.subspan(i * width, width)) x *= static_cast<T>(weights[i]);
  const double after = sum();
  if (emphasis == Emphasis::multiply || after == 0) return;
  for (T& x : rows) x *= static_cast<T>(before / after);
}

}  // namespace detail

/// Every row of a layer for every chunk of a text, from a TextEncoder, an AnyTextEncoder or the `text` of a model:
///
///   const TextChunks chunks = text_chunks(tokenizer.encode(prompt));
///   const auto states = hidden_states(model.text, chunks, {.layer = -2, .final_norm = false});
///   states.rows          // (chunks, 77, 768)
///
/// A chunk has the same bits alone and among others. Rows after the end of text are those of the padding, which the
/// denoiser reads, too.
/// InputError: no chunk; a context that is not the tower's; an id beyond the vocabulary. OptionError: a layer beyond
/// the first or the last.
template <class Encoder>
auto hidden_states(const Encoder& encoder, const TextChunks& chunks, const HiddenOptions& options = {}) {
  using T = typename Encoder::T;
  const Index context = encoder.text_input().context, n = chunks.count();
  if (n == 0) raise(InputError{"hidden_states", "number of chunks", "1 or more", 0});
  if (chunks.context != context)
    raise(InputError{"hidden_states", "ids of a chunk", context, chunks.context}.with_id("clip.input.tokens"));
  Texts whole = Texts::whole();
  for (Index i = 0; i < n; ++i) whole.add(chunks.row(i));
  auto states = [&] {
    const StatesOptions how{.layer = options.layer, .padded = true, .final_norm = options.final_norm};
    if constexpr (requires { encoder.states(whole, how); }) return encoder.states(whole, how);
    else return encoder.visit([&](const auto& e) { return e.states(whole, how); });
  }();
  const Index width = states.rows.shape().cols();
  const auto size = static_cast<std::size_t>(context * width);
  for (Index i = 0; i < n; ++i)
    detail::emphasise(states.rows.values().subspan(static_cast<std::size_t>(i) * size, size), chunks.weights_of(i),
                      options.emphasis);
  HiddenStates<T> hidden;
  const auto rows = states.rows.values();
  hidden.rows =
      Tensor<T>{options.join ? Shape{1, n * context, width} : Shape{n, context, width}, {rows.begin(), rows.end()}};
  if (!options.pooled) return hidden;
  Texts ended{chunks.row(0)[static_cast<std::size_t>(chunks.ends[0])]};
  for (Index i = 0; i < n; ++i) ended.add(chunks.row(i));
  const auto features = encoder.encode_text(ended);
  hidden.pooled = Tensor<T>{{n, features.width()}, {features.values().begin(), features.values().end()}};
  return hidden;
}

}  // namespace clip::inline CLIP_ABI
