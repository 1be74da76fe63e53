// clip/model/image_encoder.hpp: the image encoder of a model: owns its weights, loads and runs alone.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/image/image.hpp>
#include <clip/model/owned.hpp>
#include <clip/model/states_options.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tensor/tensor.hpp>
#include <clip/tower/tower.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The image tower of a model with its weights. `Config` is a model's constant, or has its members `embed_dim` and
/// `image`.
template <const auto& Config, Backend B = Cpu<>, class Blocks = Residual>
class ImageEncoder : public Owned<TowerOf<Config.image, Config.embed_dim, B, Blocks>, B> {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  static constexpr Half half = Half::image;
  using TowerConfig = std::remove_cvref_t<decltype(Config.image)>;
  using Base = Owned<TowerOf<Config.image, Config.embed_dim, B, Blocks>, B>;
  using Base::backend;
  using Base::tower;

  /// Weights are zero until loaded or initialised.
  explicit ImageEncoder(B owned_by = {}) : ImageEncoder{Config.image, Config.embed_dim, std::move(owned_by)} {}
  /// Sizes known only at run time.
  ImageEncoder(const TowerConfig& config, Index embed_dim_, B owned_by = {})
      : Base{std::move(owned_by), config, embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) { visit("visual", self.tower); }
  /// Whether a tensor of a file belongs to an image tower: an encoder alone ignores the others.
  static constexpr bool owns(std::string_view name) { return name.starts_with("visual."); }

  const TowerConfig& config() const { return *tower.config; }
  /// Size, channels and preprocessing of its input.
  ImageInput input() const { return {config().image_size, config().channels, config().preprocessing}; }

  /// (n, embed_dim), not normalised. Any number of images: they are encoded in chunks.
  /// InputError: no image, or a size other than input()'s.
  [[nodiscard]] Result<Features<T, embed_dim>> try_encode_image(const Images& images) const {
    return try_encode_image(images, tower.images_at_once());
  }
  Features<T, embed_dim> encode_image(const Images& images) const { return try_encode_image(images).value(); }

  /// The same in chunks of `chunk` images; with B::grouping_keeps_bits the bits do not depend on it. `after` is
  /// AfterBlocks{f} (nn/transformer.hpp) of a vision transformer, or nothing. OptionError: a chunk below 1.
  template <class... After>
  [[nodiscard]] Result<Features<T, embed_dim>> try_encode_image(const Images& images, Index chunk,
                                                                const After&... after) const {
    if (chunk < 1) return OptionError{"encode_image", "chunk", "1 or more", chunk};
    if (auto possible = check(images); !possible) return possible.error();
    Features<T, embed_dim> features{images.size(), tower.embed_dim};
    auto lease = this->context();
    for (Index begin = 0; begin < images.size(); begin += chunk) {
      const Index n = std::min(chunk, images.size() - begin);
      (*lease).clear();
      const auto y = tower(*lease, rows_of(*lease, images, begin, n), after...);
      (*lease).backend().download(In<T>{y.view}, features.values().subspan(static_cast<std::size_t>(begin * y.cols()),
                                                                           static_cast<std::size_t>(n * y.cols())));
    }
    return features;
  }
  Features<T, embed_dim> encode_image(const Images& images, Index chunk) const {
    return try_encode_image(images, chunk).value();
  }

  /// The same in the caller's context: rows in the backend's memory, valid until the context's next pass. A tape
  /// records it.
  template <class Cx, class... After>
  Rows<Cx, embed_dim> encode_image(Cx& cx, const Images& images, const After&... after) const {
    check(images).value();
    if constexpr (!Cx::recording) cx.clear();
    return tower(cx, rows_of(cx, images, 0, images.size()), after...);
  }

  /// Every row of a layer: (n, tokens, width), where row 0 of an image is its class token; of a ResNet's stage: (n,
  /// pixels, channels). InputError as try_encode_image. OptionError: a layer beyond the last.
  Tensor<T> states(const Images& images, StatesOptions options = {}) const {
    check(images).value();
    const Index layers = detail::blocks_of(options.layer, tower.depth());
    auto lease = this->context();
    (*lease).clear();
    const auto x = tower.states(*lease, rows_of(*lease, images, 0, images.size()), layers);
    Tensor<T> states{{images.size(), x.rows() / images.size(), x.cols()}};
    (*lease).backend().download(In<T>{x.view}, states.values());
    return states;
  }

 private:
  /// InputError: no image, or a size other than input()'s.
  Result<void> check(const Images& images) const {
    const auto& c = config();
    if (images.size() == 0) return InputError{"encode_image", "number of images", "1 or more", 0};
    if (images.channels() != c.channels || images.height() != c.image_size || images.width() != c.image_size)
      return InputError{"encode_image", "channels, height and width", Shape{c.channels, c.image_size, c.image_size},
                        Shape{images.channels(), images.height(), images.width()}}
          .with_id("clip.input.image_shape");
    return {};
  }

  /// Images [begin, begin + n) as rows of a context: (n, channels · image_size²)
  template <class Cx>
  static Rows<Cx, dyn> rows_of(Cx& cx, const Images& images, Index begin, Index n) {
    const Index each = images.channels() * images.height() * images.width();
    return detail::borrow(cx, View<const float>{images.values().data() + begin * each, n, each}, Size<dyn>{each});
  }
};

}  // namespace clip::inline CLIP_ABI
