// expect: compiles
// Control: the headers that the other cases use compile without a mistake.
#include <clip/config/clip.hpp>
#include <clip/tower/clip_vit/openai.hpp>

static_assert(clip::ViT_B_32.image.tokens() == 50);
static_assert(clip::problem(clip::ViT_B_32.image) == nullptr);
