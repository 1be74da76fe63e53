// clip/task/embed_folder.hpp: features of many image files or of a folder; unreadable files are errors of single items.
#pragma once

#include <clip/data/image_files.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/read.hpp>
#include <clip/task/encode_images.hpp>
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

/// Progress of an embedding run.
struct EmbedProgress {
  Index done, total, failed;
};

struct EmbedOptions {
  Index batch = 32;                               // images encoded at a time; two batches are in memory
  Below below = Below::subfolders;                // whether a folder's subfolders are included
  int readers = 0;                                // threads that decode and resize; 0: the number of cores
  std::stop_token stop{};                         // stops the range; earlier results stay valid
  std::function<void(EmbedProgress)> progress{};  // after every batch, on the thread that iterates
  ReadOptions read{};                             // how each file is decoded
  ImageReader reader{};                           // for lists of what are no files; empty: try_read_image
};

/// A file and the features of its image: (1, embed_dim), not normalised.
template <class F>
struct EmbeddedImage {
  std::string path;
  F features;
};

/// A single-pass range: a Result for every file, in the order of the list. Background threads decode and resize while
/// the model encodes. The model must outlive the range.
template <class M>
class EmbeddedImages {
 public:
  using Features = decltype(std::declval<const M&>().encode_image(std::declval<const Images&>()));
  using Item = Result<EmbeddedImage<Features>>;

  EmbeddedImages(const M& model, std::vector<std::string> paths, EmbedOptions options)
      : model_{&model}, progress_{std::move(options.progress)}, ahead_{std::move(paths),
                                                                       model.input(),
                                                                       {options.batch, options.readers, options.stop,
                                                                        options.read, std::move(options.reader)}} {}

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

  /// The number of files in the list.
  Index size() const { return static_cast<Index>(ahead_.paths().size()); }
  /// The number of failed files so far.
  Index failed() const { return failed_; }
  /// True if the range ended because of a stop request.
  bool stopped() const { return ahead_.stopped(); }

 private:
  void advance() {
    items_.clear();
    at_ = 0;
    const ImageBatch* const batch = ahead_.next();
    if (batch == nullptr) return;
    encode_batch(*model_, *batch, [&](Index i, const Error* error, const auto& row) {
      if (error != nullptr) {
        items_.emplace_back(*error);
        ++failed_;
        return;
      }
      Features features{1, {static_cast<Index>(row.size())}};
      std::ranges::copy(row, features[0].begin());
      items_.emplace_back(EmbeddedImage<Features>{ahead_.paths()[static_cast<std::size_t>(i)], std::move(features)});
    });
    if (progress_) progress_({batch->first + static_cast<Index>(items_.size()), size(), failed_});
  }

  const M* model_;
  std::function<void(EmbedProgress)> progress_;
  ReadAhead ahead_;
  std::vector<Item> items_;  // the current batch
  std::size_t at_ = 0;
  Index failed_ = 0;
};

/// The features of a list of files:
///   for (auto& item : embed_files(model, paths)) if (item) use(item->path, item->features);
template <class M>
EmbeddedImages<M> embed_files(const M& model, std::vector<std::string> paths, EmbedOptions options = {}) {
  return {model, std::move(paths), std::move(options)};
}

/// The features of the image files in a folder: files with one of image_extensions, sorted by the bytes of their paths.
/// LoadError: no such folder, or no image in it. SystemError: a folder that cannot be listed.
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
