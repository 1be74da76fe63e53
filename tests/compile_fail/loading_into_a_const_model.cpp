// expect: load: the model is const or a temporary: its weights cannot be filled
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>

#ifdef CLIP_CORRECTED
using Mine = clip::AnyModel<>;
#else
using Mine = const clip::AnyModel<>;
#endif

void fill(Mine& model) { clip::load(model, "ViT-B-32.safetensors"); }
