// expect: this field has no default, because checkpoints differ in it: state activation and epsilon
#include <clip/tower/clip_vit/config.hpp>

constexpr clip::VitConfig Small{
    .image_size = 28,
    .patch_size = 7,
    .width = 64,
    .layers = 3,
    .heads = 1,
#ifdef CLIP_CORRECTED
    .activation = clip::Activation::quick_gelu,
#endif
    .epsilon = 1e-5f,
};
static_assert(Small.tokens() == 17);
