// expect: texts: these are strings, not token ids: pass tokenizer(texts)
#include <clip/tokenizer/tokenizer.hpp>

#include "small.hpp"

auto encode(const clip::Model<Small, clip::Naive<float>>& model, const clip::Tokenizer& tokenizer) {
#ifdef CLIP_CORRECTED
  return model.encode_text(tokenizer("a dog", {.context = 32}));
#else
  (void)tokenizer;
  return model.encode_text("a dog");
#endif
}
