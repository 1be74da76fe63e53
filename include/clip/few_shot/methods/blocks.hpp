// clip/few_shot/methods/blocks.hpp: the few-shot methods that train other blocks of the image tower, gated adapters first.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/training.hpp>
#include <clip/learn/block_classifier_file.hpp>
#include <clip/learn/train_block_classifier.hpp>
#include <clip/model/any_encoder.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>

namespace clip::inline CLIP_ABI {

namespace detail {

/// Whether the blocks of an encoder can be replaced. Where its family is chosen at run time only a family that says so
/// counts: each one costs compile time.
template <class Encoder, bool ChosenAtRunTime>
inline constexpr bool takes_blocks = [] {
  using Config = typename Encoder::TowerConfig;
  if constexpr (!ChosenAtRunTime) return requires(const Config& config) {
      config.block();
    };
  else if constexpr (requires { Tower<Config>::takes_blocks; }) return Tower<Config>::takes_blocks;
  else return false;
}();

/// f<ChosenAtRunTime>(encoder) with the image encoder of a Model or an AnyModel.
template <class Image, class F>
decltype(auto) with_image_encoder(const Image& image, F&& f) {
  if constexpr (requires { image.visit([](const auto&) {}); })
    return image.visit([&](const auto& encoder) { return f.template operator()<true>(encoder); });
  else return f.template operator()<false>(image);
}

}  // namespace detail

/// The image tower with blocks of another family (BlockClassifier), trained by cross-entropy against the fixed text
/// features. For a Model whose tower takes blocks, and for an AnyModel with a family that says so. Images are encoded
/// anew in every step, so that it takes far longer than methods of stored features.
///   run_few_shot<FewShotMethods<ZeroShotMethod, BlockMethod<LayerScaleBlocks>>>(model, tokenizer, images, options);
template <class Blocks>
struct BlockMethod {
  static constexpr std::string_view name = Blocks::name;
  static constexpr bool learns = true, augments = true;

  FewShotTraining training{};

  void read(JsonReader& options) { training.read(options); }
  JsonTree options() const {
    JsonTree all = Json::object();
    training.put(all);
    return all;
  }

  /// OptionError: an image tower of a family without such blocks.
  template <class M>
  Result<void> try_check(const FewShotSetting<M>& setting) const {
    return detail::with_image_encoder(setting.model.image,
                                      []<bool ChosenAtRunTime, class Encoder>(const Encoder&) -> Result<void> {
                                        if constexpr (detail::takes_blocks<Encoder, ChosenAtRunTime>) return {};
                                        else
                                          return OptionError{"method " + std::string(name), "image tower",
                                                             "one whose blocks can be replaced, such as ViT-B/32's",
                                                             Description<typename Encoder::TowerConfig>::words};
                                      });
  }

  // Outside of the class, so that a program may instantiate it in a translation unit of its own.
  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const;

 private:
  template <const auto& Config, class B, class Plain, class M>
  Tensor<float> scores_of(const ImageEncoder<Config, B, Plain>& image, const FewShotTask<M>& task) const;
};

using GatedAdapterMethod = BlockMethod<GatedBlocks>;

template <class Blocks>
template <class M>
Tensor<float> BlockMethod<Blocks>::scores(const FewShotTask<M>& task) const {
  return detail::with_image_encoder(task.model().image,
                                    [&]<bool ChosenAtRunTime, class Encoder>(const Encoder& image) -> Tensor<float> {
                                      if constexpr (detail::takes_blocks<Encoder, ChosenAtRunTime>)
                                        return scores_of(image, task);
                                      else return Tensor<float>{};  // try_check has refused it
                                    });
}

template <class Blocks>
template <const auto& Config, class B, class Plain, class M>
Tensor<float> BlockMethod<Blocks>::scores_of(const ImageEncoder<Config, B, Plain>& image,
                                             const FewShotTask<M>& task) const {
  BlockClassifier<Config, B, Blocks> classifier{image, task.setting.class_features, task.rng.fork("adapter"),
                                                task.model().similarity.temperature()};
  const FewShotInputs<M> source{task};
  train_block_classifier(classifier, source, training.resolved(task, block_recipe()), EpochLog{*task.log});
  save_block_classifier(classifier, task.folder + "/learner.safetensors");
  Tensor<float> all{{static_cast<Index>(task.test_images.size()), task.setting.class_count()}};
  try_each_batch(task.setting.images, task.test_images, image.input(), task.setting.batch, nullptr, Rng{0},
                 [&](Index first, const Images& inputs) -> Result<void> {
                   const Tensor<float> scores = classifier.scores(inputs);
                   std::ranges::copy(scores.values(), all.values().begin() + first * all.shape().cols());
                   return {};
                 })
      .value();
  return all;
}

}  // namespace clip::inline CLIP_ABI
