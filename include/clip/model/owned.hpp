// clip/model/owned.hpp: a tower with its weights: memory, packing, mapped files and contexts of inference.
#pragma once

#include <clip/backend/concept.hpp>
#include <clip/model/storage.hpp>
#include <clip/tensor/buffer.hpp>

#include <memory>
#include <span>
#include <utility>

namespace clip::inline CLIP_ABI {

/// Which half of a model an encoder is.
enum class Half : unsigned char { image, text };

/// The part that image and text encoders share. `Tower` is a module; the weights of `tower` are zero until loaded or initialised.
template <class Tower, Backend B>
class Owned {
 public:
  Tower tower;

  B& backend() { return backend_; }
  const B& backend() const { return backend_; }

  /// Puts the weights into the layout that products read fastest. No result changes: worth it for a model that only encodes. It
  /// ends training: a parameter table made before would take panels for rows. A smaller type (Storage::half, bfloat16, int8)
  /// rounds the weights.
  void pack(Storage storage = Storage::full) { relayout(backend_, tower, packed_layout<B>(storage)); }
  /// Puts the weights back into rows; rounded weights stay rounded.
  void unpack() { relayout(backend_, tower, Layout::rows); }

  /// Keeps mapped files as long as this encoder, which is about to point into them (LoadOptions::in_place).
  void keep(std::span<const std::shared_ptr<const MappedFile>> files) { files_.keep(files); }
  /// Releases the files that hold none of its weights.
  void release_unused_files() { files_.release_unused(tower); }

 protected:
  template <class... Config>
  explicit Owned(B backend, Config&&... config)
      : tower{std::forward<Config>(config)...}, backend_{std::move(backend)},
        weights_{allocate_parameters(backend_, tower)}, pool_{std::make_unique<InferencePool<B>>()} {}

  /// A context for one call; others may run at the same time.
  auto context() const { return pool_->take(backend_); }

 private:
  B backend_;
  Buffer<B> weights_;
  WeightFiles files_;
  std::unique_ptr<InferencePool<B>> pool_;
};

}  // namespace clip::inline CLIP_ABI
