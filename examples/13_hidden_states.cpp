// Shows what a diffusion model reads of a prompt: every row of a layer, in chunks of the tower's context, with a weight
// on one word, written as an array for numpy. The pooled row is what Stable Diffusion XL reads besides.
#include "tiny.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

int main() {
  const ScratchFolder folder{"hidden_states"};
  const clip::Model<Tiny> model{clip::Rng{1}};  // with weights: clip::Model<clip::ViT_L_14> and clip::load
  const clip::Tokenizer tokenizer;              // the vocabulary of single bytes; with a file: tokenizer("merges.txt")

  std::vector<std::int32_t> ids = tokenizer.encode("a photo of a ");
  std::vector<float> weights(ids.size(), 1.0f);
  for (const std::int32_t id : tokenizer.encode("red")) {  // "a photo of a (red:1.3) cat"
    ids.push_back(id);
    weights.push_back(1.3f);
  }
  for (const std::int32_t id : tokenizer.encode(" cat")) ids.push_back(id);
  weights.resize(ids.size(), 1.0f);

  const auto row = clip::ChunkIds{.start = tokenizer.sot(), .end = tokenizer.eot(), .pad = tokenizer.eot()};
  const clip::TextChunks chunks = clip::text_chunks(ids, weights, row, Tiny.text.context);
  const auto last = clip::hidden_states(model.text, chunks);
  const auto xl =
      clip::hidden_states(model.text, chunks, {.layer = -2, .final_norm = false, .join = true, .pooled = true});

  const auto shape = xl.rows.shape();
  const std::array<clip::Index, 3> extents{shape[0], shape[1], shape[2]};
  clip::write_npy("prompt.npy", std::span<const clip::Index>{extents}, std::span<const float>{xl.rows.values()});

  std::printf("%d ids in %d chunks\n", static_cast<int>(ids.size()), static_cast<int>(chunks.count()));
  std::printf("last layer, normalised      %s\n", last.rows.shape().in_words().c_str());
  std::printf("before it, joined           %s\n", shape.in_words().c_str());
  std::printf("pooled rows                 %s\n", xl.pooled.shape().in_words().c_str());
  const auto array = clip::read_npy<float>("prompt.npy");
  std::printf("prompt.npy holds the same   %s\n", std::ranges::equal(array.values, xl.rows.values()) ? "yes" : "no");
}
