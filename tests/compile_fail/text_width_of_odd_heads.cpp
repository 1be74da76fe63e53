// expect: TextConfig: heads must divide width
#include <clip/backend/naive.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>

constexpr clip::TextConfig Small{.context = 32,
                                 .vocabulary = 514,
#ifdef CLIP_CORRECTED
                                 .width = 48,
#else
                                 .width = 50,
#endif
                                 .layers = 2,
                                 .heads = 4,
                                 .activation = clip::Activation::quick_gelu,
                                 .epsilon = 1e-5f};

clip::TextTransformer<Small, 64, clip::Naive<float>> text;
