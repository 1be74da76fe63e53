#include "attention_model.hpp"

#include "weights.hpp"

#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_encoder.hpp>
#include <clip/task/attention_maps.hpp>

namespace tool {

struct AttentionModel::Impl {
  clip::AnyImageEncoder<clip::Cpu<>, clip::KnownFamilies::Images> image;
};

AttentionModel::AttentionModel(const ModelOptions& o)
    : impl_{new Impl{{o.config->image, o.config->embed_dim, clip::Cpu<>{{.threads = o.threads}}}}} {
  const clip::TensorFile file = open_weights(o.weights, o.state_dict);
  if (const auto done = clip::try_load(impl_->image, file); !done) clip::raise(in_options(done.error(), o.weights));
}
AttentionModel::~AttentionModel() = default;

clip::Tensor<float> AttentionModel::maps(const clip::Images& images, AttentionKind kind, clip::Index layer) const {
  using enum clip::AttentionMapKind;
  const auto of_library = kind == AttentionKind::last ? last : kind == AttentionKind::heads ? heads : rollout;
  return clip::attention_maps(impl_->image, images, {.kind = of_library, .layer = layer});
}

clip::Tensor<float> AttentionModel::relevance(const clip::Images& images, const clip::Features<float, clip::dyn>& texts,
                                              double scale, clip::Index layer) const {
  return clip::relevance_maps(impl_->image, images, texts, {.scale = scale, .layer = layer});
}

}  // namespace tool
