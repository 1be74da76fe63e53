// clip/data/caption_source.hpp: training batches of captioned image files: decoded, augmented, preprocessed, a caption drawn.
#pragma once

#include <clip/backend/threads.hpp>
#include <clip/config/preprocessing.hpp>
#include <clip/core/rng.hpp>
#include <clip/data/captioned_images.hpp>
#include <clip/data/pairs.hpp>
#include <clip/image/augment/augment.hpp>
#include <clip/image/preprocess.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Batches for a Trainer. Every step draws one caption of each image, and so every epoch one of each; images are decoded,
/// augmented if that is asked for, and preprocessed on several threads, and only those of the batch are in memory.
class CaptionSource {
 public:
  using Batch = Pairs;

  /// `captions`: the tokens of files.all_captions(). threads: 0 for all cores this process may use.
  /// ShapeError: another number of texts. OptionError: an augmentation out of range.
  CLIP_HOST CaptionSource(CaptionedImages files, Texts captions, const ImageInput& input, int threads = 0,
                          const std::optional<Augmentation>& augmentation = {});

  Index size() const { return files_.size(); }
  const CaptionedImages& files() const { return files_; }

  /// InputError, LoadError: an image that cannot be read; the error names the file.
  CLIP_HOST void batch(std::span<const Index> items, Rng rng, Pairs& out);

 private:
  CaptionedImages files_;
  Texts captions_;
  std::vector<Index> first_;  // of the captions of each image, and behind the last
  ImageInput input_;
  std::optional<Augmentation> augmentation_;
  std::unique_ptr<ThreadPool> threads_;
  PreprocessMemory memory_;
  std::vector<Image> decoded_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/caption_source.inl.hpp>
#endif
