// expect: preprocess: this is already model input
#include <clip/image/preprocess.hpp>
#include <clip/tower/clip_vit/config.hpp>

clip::Images model_input(const clip::VitConfig& config, const clip::Image& image) {
  const clip::Images once = clip::preprocess(config, image);  // (1, 3, image_size, image_size)
#ifdef CLIP_CORRECTED
  return once;
#else
  return clip::preprocess(config, once);
#endif
}
