// clip/learn/block_classifier.hpp: image tower with other blocks, gated adapters among them, as a classifier of images.
#pragma once

#include <clip/autograd/inference.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/core/rng.hpp>
#include <clip/learn/class_features.hpp>
#include <clip/model/image_encoder.hpp>
#include <clip/model/initialise.hpp>
#include <clip/model/pack.hpp>
#include <clip/model/storage.hpp>
#include <clip/nn/gated_block.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// The image tower of a CLIP with blocks of another family, and the fixed text features of classes. The weights that
/// plain blocks have are theirs; what the family adds is initial, and only names that fit its pattern `trained` change.
///   GatedAdapter<ViT_B_32> gated{model.image, class_features, Rng{1}};
///   train_block_classifier(gated, {images, labels});
///   const std::vector<Index> predicted = gated.predict(others);
/// `Config` and the backend are the encoder's. A family has, beside its blocks, a name and that pattern:
///   struct MyBlocks {
///     static constexpr std::string_view name = "my-blocks", trained = "*.mine.*";
///     template <Backend B, BlockConfig C> using block = MyBlock<B, C>;
///   };
template <const auto& Config, Backend B = Cpu<>, class Blocks = GatedBlocks>
class BlockClassifier {
 public:
  using T = typename B::Scalar;
  static constexpr std::string_view name = Blocks::name;
  static constexpr std::string_view trained = Blocks::trained;

  ImageEncoder<Config, B, Blocks> image;
  ClassFeatures<B> classes;

  /// Copies the weights of `plain`. class_features : (classes, embed_dim), of any length. ShapeError: class features of
  /// another width. InputError: fewer than two classes. NumericError: one without a direction. OptionError: weights
  /// that are packed in a smaller type, a temperature that is not positive.
  template <class Plain, Index E>
  BlockClassifier(const ImageEncoder<Config, B, Plain>& plain, const Features<T, E>& class_features, Rng rng,
                  double temperature = 100)
      : image{plain.config(), plain.tower.embed_dim, plain.backend()},
        classes{class_features.size(), class_features.width()}, memory_{allocate_parameters(plain.backend(), classes)} {
    if (class_features.width() != plain.tower.embed_dim)
      raise(ShapeError{std::string(name), "width of the class features", Index{plain.tower.embed_dim},
                       class_features.width()});
    initialise(image, rng);
    classes.set(backend(), class_features.view(), temperature);
    copy_from(plain);
  }
  BlockClassifier(const BlockClassifier&) = delete;
  BlockClassifier& operator=(const BlockClassifier&) = delete;

  static constexpr void members(auto& self, auto&& visit) {
    visit("", self.image);
    visit("", self.classes);
  }
  B& backend() { return image.backend(); }
  const B& backend() const { return image.backend(); }

  /// temperature · cosines of images with the classes: (n, classes). InputError as encode_image.
  template <class Cx>
  Rows<Cx, dyn> logits(Cx& cx, const Images& images) const {
    return classes.logits(cx, Rows<Cx, dyn>{image.encode_image(cx, images)});
  }

  /// The same on the host, of any number of images.
  Tensor<T> scores(const Images& images) const {
    const auto encoded = image.encode_image(images);
    Tensor<T> scores{{encoded.size(), classes.size()}};
    Inference<B> cx{backend()};
    const auto y = classes.logits(cx, detail::borrow(cx, encoded.view(), Size<dyn>{encoded.width()}));
    cx.backend().download(In<T>{y.view}, scores.values());
    return scores;
  }

  /// The class of the highest score of each image; the first of equal ones.
  std::vector<Index> predict(const Images& images) const {
    const Tensor<T> result = scores(images);
    return detail::best_of_rows(result.view());
  }

 private:
  void copy_from(const auto& plain) {
    std::map<std::string, const Parameter<T>*> weights;
    for (const auto& [key, p] : named_parameters<T>(plain)) {
      if (p->layout != Layout::rows && p->layout != packed_layout<B>(Storage::full))
        raise(OptionError{std::string(name), "weights of the encoder", "those of its type", "weights of a smaller one"}
                  .with_id("clip.option.packed"));
      weights.emplace(key, p);
    }
    for (const auto& [key, p] : named_parameters<T>(image)) {
      const auto found = weights.find(key);
      if (found == weights.end()) continue;
      std::vector<T> values(static_cast<std::size_t>(p->count()));
      download_rows(backend(), *found->second, std::span<T>(values));
      backend().upload(std::span<const T>(values), p->view());
    }
  }

  Buffer<B> memory_;
};

/// Gated adapters in every block (nn/gated_block.hpp): their first features are those of the plain tower, bit by bit.
template <const auto& Config, Backend B = Cpu<>>
using GatedAdapter = BlockClassifier<Config, B, GatedBlocks>;

}  // namespace clip::inline CLIP_ABI
