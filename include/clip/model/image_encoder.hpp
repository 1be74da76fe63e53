// clip/model/image_encoder.hpp: the image half of a model: owns its weights, loads and runs alone.
#pragma once

#include <clip/autograd/borrow.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/encoder/tower.hpp>
#include <clip/image/image.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Which rows `states` returns.
struct StatesOptions {
  Index layer = -1;  // after this many blocks; -1: after the last
  bool padded =
      false;  // texts: padded to the context, as the reference computes them; otherwise up to the end-of-text token
};

template <const auto& Config, Backend B = Cpu<>, class Blocks = Residual>
class ImageEncoder {
 public:
  using T = typename B::Scalar;
  static constexpr Index embed_dim = Config.embed_dim;
  using Visual = TowerOf<Config.image, embed_dim, B, Blocks>;
  using Settings = std::remove_cvref_t<decltype(Config)>;

  /// Weights are zero until loaded or initialised. `config` matters only where sizes are not fixed in the type.
  explicit ImageEncoder(const Settings& config = Config, B backend = {})
      : visual{config.image, config.embed_dim}, backend_{std::move(backend)},
        weights_{allocate_parameters(backend_, visual)}, pool_{std::make_unique<InferencePool<B>>()} {}

  Visual visual;

  static constexpr void members(auto& self, auto&& visit) { visit("visual", self.visual); }

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }
  const auto& config() const { return *visual.config; }
  /// What preprocessing must make of a picture.
  ImageInput input() const { return {config().image_size, config().channels, config().preprocessing}; }

  /// pack() puts the weights where products read them fastest, and changes no result: worth it for a model that only encodes.
  /// It ends training: a parameter table made before would take panels for rows. unpack() puts them back into rows. In a
  /// smaller type (Storage::half, bfloat16, int8) weights are rounded to it, and unpack() gives the rounded ones.
  void pack(Storage storage = Storage::full) { relayout(backend_, visual, packed_layout<B>(storage)); }
  void unpack() { relayout(backend_, visual, Layout::rows); }

  /// Keeps mapped files as long as this encoder, which is about to point into them (see LoadOptions::in_place).
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) { files_.keep(files); }
  /// Lets go of kept files that none of its weights lies in.
  void release_unused_files() { files_.release_unused(visual); }

  /// (n, embed_dim), not normalised. Any number of images: they are taken a few at a time.
  Features<T, embed_dim> encode_image(const Images& images) const { return encode_image(images, at_once()); }

  /// The same, `chunk` at a time, which changes no bit.
  Features<T, embed_dim> encode_image(const Images& images, Index chunk) const {
    if (chunk < 1) raise(OptionError{"encode_image", "chunk", "1 or more", chunk});
    Features<T, embed_dim> features{require(images), visual.embed_dim};
    auto lease = pool_->take(backend_);
    for (Index begin = 0; begin < images.size(); begin += chunk) {
      const Index n = std::min(chunk, images.size() - begin);
      (*lease).clear();
      const auto y = visual(*lease, input(*lease, images, begin, n));
      (*lease).backend().download(In<T>{y.view}, features.values().subspan(static_cast<std::size_t>(begin * y.cols()),
                                                                           static_cast<std::size_t>(n * y.cols())));
    }
    return features;
  }

  /// The same in a context of the caller's: rows of the backend's memory, valid until its next pass. On a tape: recorded.
  template <class Cx>
  Rows<Cx, embed_dim> encode_image(Cx& cx, const Images& images) const {
    require(images);
    if constexpr (!Cx::recording) cx.clear();
    return visual(cx, input(cx, images, 0, images.size()));
  }

  /// Every row of a layer: (n, tokens, width), row 0 of an image its class token; of a ResNet's stage: (n, pixels, channels).
  Tensor<T> states(const Images& images, StatesOptions options = {}) const {
    require(images);
    const Index layers = options.layer < 0 ? depth() : options.layer;
    if (layers > depth()) raise(OptionError{"states", "layer", depth(), layers});
    auto lease = pool_->take(backend_);
    (*lease).clear();
    const auto x = visual.states(*lease, input(*lease, images, 0, images.size()), layers);
    Tensor<T> states{{images.size(), x.rows() / images.size(), x.cols()}};
    (*lease).backend().download(In<T>{x.view}, states.values());
    return states;
  }

 private:
  /// Blocks of a transformer, stages of a ResNet.
  Index depth() const {
    if constexpr (requires { config().layers.size(); }) return static_cast<Index>(config().layers.size());
    else return config().layers;
  }

  /// Images whose rows (400 of them, of a transformer) leave what passes between the products in the last cache.
  Index at_once() const {
    if constexpr (requires { config().tokens(); })
      return std::max<Index>(1, (400 + config().tokens() / 2) / config().tokens());
    else return 16;
  }

  Index require(const Images& images) const {
    const auto& c = config();
    if (images.size() == 0) raise(InputError{"encode_image", "number of images", "1 or more", 0});
    if (images.channels() != c.channels || images.height() != c.image_size || images.width() != c.image_size)
      raise(InputError{"encode_image", "channels, height and width", Shape{c.channels, c.image_size, c.image_size},
                       Shape{images.channels(), images.height(), images.width()}});
    return images.size();
  }

  /// Images [begin, begin + n) where the backend can read them.
  template <class Cx>
  static Rows<Cx, dyn> input(Cx& cx, const Images& images, Index begin, Index n) {
    const Index each = images.channels() * images.height() * images.width();
    return detail::borrow(cx, View<const float>{images.values().data() + begin * each, n, each}, Size<dyn>{each});
  }

  B backend_;
  Buffer<B> weights_;
  WeightFiles files_;
  std::unique_ptr<InferencePool<B>> pool_;
};

}  // namespace clip::inline CLIP_ABI
