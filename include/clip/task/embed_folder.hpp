// clip/task/embed_folder.hpp: the features of many image files; one bad file never ends a long job.
#pragma once

#include <clip/data/image_files.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// How far a long job is.
struct EmbedProgress {
  Index done, total, failed;
};

struct EmbedOptions {
  Index batch = 32;                               // images encoded at a time; two batches are in memory
  Below below = Below::subfolders;                // of a folder: what lies in inner ones as well
  int readers = 0;                                // threads that decode and resize; 0: as many as there are cores
  std::stop_token stop{};                         // asked to stop, the range ends; what came before stays good
  std::function<void(EmbedProgress)> progress{};  // after every batch, on the thread that iterates
};

/// A file and the features of its picture: (1, embed_dim), not normalised.
template <class F>
struct EmbeddedImage {
  std::string path;
  F features;
};

/// A range to be walked once: a Result for every file, in the order of the list. Decoding and resizing run ahead on threads of
/// their own while the model encodes. The model must live as long.
template <class M>
class EmbeddedImages {
 public:
  using Features = decltype(std::declval<const M&>().encode_image(std::declval<const Images&>()));
  using Item = Result<EmbeddedImage<Features>>;

  EmbeddedImages(const M& model, std::vector<std::string> paths, EmbedOptions options)
      : model_{&model}, progress_{std::move(options.progress)}, ahead_{std::move(paths),
                                                                       model.input(),
                                                                       {options.batch, options.readers, options.stop}} {
  }

  class Iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(EmbeddedImages& range) : range_{&range} {}
    Item& operator*() const { return range_->items_[range_->at_]; }
    Item* operator->() const { return &**this; }
    Iterator& operator++() {
      if (++range_->at_ == range_->items_.size()) range_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.range_->at_end(); }

   private:
    EmbeddedImages* range_;
  };

  Iterator begin() {
    if (at_ == items_.size()) advance();
    return Iterator{*this};
  }
  std::default_sentinel_t end() const { return {}; }

  bool at_end() const { return items_.empty(); }

  /// Files in the list.
  Index size() const { return static_cast<Index>(ahead_.paths().size()); }
  /// Of those walked so far.
  Index failed() const { return failed_; }
  /// Whether it ended because somebody asked to.
  bool stopped() const { return ahead_.stopped(); }

 private:
  void advance() {
    items_.clear();
    at_ = 0;
    const ImageBatch* const batch = ahead_.next();
    if (batch == nullptr) return;
    const Features all = batch->images.size() == 0 ? Features{} : model_->encode_image(batch->images);
    Index good = 0;
    for (std::size_t i = 0; i < batch->errors.size(); ++i) {
      if (batch->errors[i]) {
        items_.emplace_back(*batch->errors[i]);
        ++failed_;
        continue;
      }
      Features features{1, all.width()};
      std::ranges::copy(all[good++], features[0].begin());
      items_.emplace_back(
          EmbeddedImage<Features>{ahead_.paths()[static_cast<std::size_t>(batch->first) + i], std::move(features)});
    }
    if (progress_) progress_({batch->first + static_cast<Index>(items_.size()), size(), failed_});
  }

  const M* model_;
  std::function<void(EmbedProgress)> progress_;
  ReadAhead ahead_;
  std::vector<Item> items_;  // those of a batch
  std::size_t at_ = 0;
  Index failed_ = 0;
};

/// The features of a list of files: `for (auto& item : embed_files(model, paths)) if (item) use(item->path, item->features);`
template <class M>
EmbeddedImages<M> embed_files(const M& model, std::vector<std::string> paths, EmbedOptions options = {}) {
  return {model, std::move(paths), std::move(options)};
}

/// The same for the pictures below a folder: files that are named like one (see image_extensions), in the order of their paths' bytes.
/// LoadError: no such folder, no picture in it. SystemError: a folder that cannot be listed.
template <class M>
[[nodiscard]] Result<EmbeddedImages<M>> try_embed_folder(const M& model, const std::string& folder,
                                                         EmbedOptions options = {}) {
  auto paths = try_image_files(folder, options.below);
  if (!paths) return paths.error();
  return embed_files(model, std::move(*paths), std::move(options));
}
template <class M>
EmbeddedImages<M> embed_folder(const M& model, const std::string& folder, EmbedOptions options = {}) {
  return try_embed_folder(model, folder, std::move(options)).value();
}

}  // namespace clip::inline CLIP_ABI
