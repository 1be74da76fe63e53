// expect: ModifiedResNet: this tower has no residual blocks to replace
#include <clip/backend/naive.hpp>
#include <clip/tower/clip_resnet/modified_resnet.hpp>

constexpr clip::ResNetConfig Small{.image_size = 32, .layers = {1, 1, 1, 1}, .width = 8};

struct Own : clip::Residual {};

#ifdef CLIP_CORRECTED
using Blocks = clip::Residual;
#else
using Blocks = Own;
#endif

using Image = clip::TowerOf<Small, 16, clip::Naive<float>, Blocks>;
static_assert(Image::depth() == 4);
