// expect: load: the model is const or a temporary: its weights cannot be filled
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>

struct Scale {
  clip::Parameter<float> factor{{1}, clip::Init::ones()};
  clip::Naive<float> used;

  static void members(auto& self, auto&& visit) { visit("factor", self.factor); }
  clip::Naive<float>& backend() { return used; }
  const clip::Naive<float>& backend() const { return used; }
};

#ifdef CLIP_CORRECTED
using Mine = Scale;
#else
using Mine = const Scale;
#endif

void fill(Mine& model) { clip::load(model, "scale.safetensors"); }
