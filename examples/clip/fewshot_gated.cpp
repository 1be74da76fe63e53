// The method of clip fewshot that trains through an image tower: it takes longest to compile.
#include <clip/few_shot/methods/blocks.hpp>
#include <clip/model/any_model.hpp>

template clip::Tensor<float> clip::GatedAdapterMethod::scores(const clip::FewShotTask<clip::AnyModel<>>&) const;
