// expect: Parameters: training changes the model, but it is const
#include <clip/autograd/parameters.hpp>
#include <clip/backend/naive.hpp>

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

auto trained(Mine& model) { return clip::Parameters<clip::Naive<float>>{model}; }
