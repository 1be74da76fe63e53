// Code that a CUDA backend will need, compiled by nvcc: towers as literal types, a recorded pass and its backward pass.
#include <clip/autograd/inference.hpp>
#include <clip/autograd/tape.hpp>
#include <clip/backend/naive.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tower/clip_vit/openai.hpp>

using Plain = clip::Naive<float>;
using Image = clip::VisionTransformer<clip::ViT_B_32.image, clip::ViT_B_32.embed_dim, Plain>;
using Text = clip::TextTransformer<clip::ViT_B_32.text, clip::ViT_B_32.embed_dim, Plain>;
using DynamicImage = clip::VisionTransformer<clip::DynamicVit.image, clip::dyn, Plain>;

static_assert(clip::count_parameters(Image{}) == 87849216);
static_assert(clip::count_parameters(Text{}) == 63428096);

void train(clip::Tape<Plain>& tape, const Image& image, const Text& text, const clip::TextBatch& batch,
           clip::Rows<clip::Tape<Plain>, clip::dyn> pixels, const clip::Parameter<float>& logit_scale, clip::Ids groups,
           clip::AdamW<Plain>& optimizer) {
  tape.backward(clip::contrastive(tape, image(tape, pixels), text(tape, batch), logit_scale, groups));
  optimizer.step();
}

auto encode(clip::Inference<Plain>& context, const DynamicImage& image,
            clip::Rows<clip::Inference<Plain>, clip::dyn> pixels) {
  return image(context, pixels);
}
