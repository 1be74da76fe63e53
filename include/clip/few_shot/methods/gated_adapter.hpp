// clip/few_shot/methods/gated_adapter.hpp: the few-shot method that trains gated adapters in the blocks of the image tower.
#pragma once

#include <clip/few_shot/method.hpp>
#include <clip/few_shot/training.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/learn/train_gated_adapter.hpp>
#include <clip/model/preprocess.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

/// For a Model whose image tower takes blocks, with weights that are not packed: `clip fewshot` does not have it. Images
/// are encoded anew in every step, so that it takes far longer than methods of stored features.
///   run_few_shot<FewShotMethods<ZeroShotMethod, GatedAdapterMethod>>(model, tokenizer, images, options);
struct GatedAdapterMethod {
  static constexpr std::string_view name = "gated-adapter";
  static constexpr bool learns = true;

  FewShotTraining training{};

  void read(JsonReader& options) { training.read(options); }
  JsonTree options() const {
    JsonTree all = Json::object();
    training.put(all);
    return all;
  }

  template <class M>
  Tensor<float> scores(const FewShotTask<M>& task) const {
    return scores_of(task.model().image, task);
  }

 private:
  template <class M>
  static Images inputs(const FewShotTask<M>& task, std::span<const Index> places) {
    std::vector<Image> images;
    for (const Index i : places) images.push_back(task.setting.images.try_read(i).value());
    return preprocess(task.model(), images);
  }

  template <const auto& Config, class B, class Blocks, class M>
  Tensor<float> scores_of(const ImageEncoder<Config, B, Blocks>& image, const FewShotTask<M>& task) const {
    constexpr std::size_t at_once = 32;
    GatedAdapter<Config, B> gated{image, task.setting.class_features, task.rng.fork("adapter"),
                                  task.model().similarity.temperature()};
    train_gated_adapter(gated, {inputs(task, task.train_images), task.train.labels},
                        training.resolved(task, gated_adapter_recipe()), EpochLog{*task.log});
    Tensor<float> all{{task.test.size(), task.setting.class_count()}};
    auto to = all.values().begin();
    for (std::size_t begin = 0; begin < task.test_images.size(); begin += at_once) {
      const auto chunk = std::span(task.test_images).subspan(begin, std::min(at_once, task.test_images.size() - begin));
      const Tensor<float> scores = gated.scores(inputs(task, chunk));
      to = std::ranges::copy(scores.values(), to).out;
    }
    return all;
  }
};

}  // namespace clip::inline CLIP_ABI
