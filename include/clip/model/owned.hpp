// clip/model/owned.hpp: base class of encoders: a tower with its weights, packing, mapped files and inference contexts.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/buffer.hpp>

#include <memory>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

/// The half of a model that an encoder computes.
enum class Half : unsigned char { image, text };

/// The base of image and text encoders. `Tower` is a module; the weights of `tower` are zero until loaded or
/// initialised.
template <class Tower, Backend B>
class Owned {
 public:
  Tower tower;

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }

  /// Packs the weights into the layout that products read fastest, with the same results, for a model that only
  /// encodes. Training then needs unpack(): a parameter table built before would read panels as rows. A smaller type
  /// (Storage::half, bfloat16, int8) rounds the weights. OptionError: a backend that packs none.
  void pack(Storage storage = Storage::full) {
    if constexpr (PackingBackend<B>) {
      relayout(backend_, tower, B::layout_of(storage));
    } else {
      static_cast<void>(storage);
      raise(OptionError{"pack", "backend", "one that packs weights", backend_.describe()});
    }
  }
  /// Unpacks the weights into rows; rounded weights stay rounded.
  void unpack() {
    if constexpr (PackingBackend<B>) relayout(backend_, tower, Layout::rows);
  }

  /// Keeps mapped files alive as long as this encoder, whose weights will point into them (LoadOptions::in_place).
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) { files_.keep(files); }
  /// Releases the files that hold none of this encoder's weights.
  void release_unused_files() { files_.release_unused(named_parameters<typename B::Scalar>(std::as_const(tower))); }

 protected:
  template <class... Config>
  explicit Owned(B backend, Config&&... config)
      : tower{std::forward<Config>(config)...}, backend_{std::move(backend)},
        weights_{allocate_parameters(backend_, tower)}, pool_{std::make_unique<InferencePool<B>>()} {}

  /// A context for one call; concurrent calls get different ones.
  auto context() const { return pool_->acquire(backend_); }

 private:
  B backend_;
  Buffer<B> weights_;
  WeightFiles files_;
  std::unique_ptr<InferencePool<B>> pool_;
};

}  // namespace clip::inline CLIP_ABI
