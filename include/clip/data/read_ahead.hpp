// clip/data/read_ahead.hpp: prefetching of image batches on background threads (decode and preprocess).
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/image/image.hpp>
#include <clip/image/read.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace clip::inline CLIP_ABI {

/// Reads the image of a name in a list, on several threads at a time.
using ImageReader = std::function<Result<Image>(const std::string& name)>;

struct ReadAheadOptions {
  Index batch = 32;        // files per batch; two batches are in memory at a time
  int readers = 0;         // decoding threads; 0: the number of cores this process may use
  std::stop_token stop{};  // cancels reading, as request_stop() does
  ReadOptions read{};      // how each file is decoded
  ImageReader reader{};    // for lists of what are no files; empty: try_read_image
};

/// A batch of consecutive files of the list, preprocessed.
struct ImageBatch {
  Index first = 0;                           // index of the first file in the list
  std::vector<std::optional<Error>> errors;  // one per file: nullopt, or the reason why it could not be read
  Images images;                             // the files without errors, in order
};

/// Reads a list of image files in batches, ahead of the caller: while the caller uses one batch, threads prepare the
/// next.
class ReadAhead {
 public:
  /// Starts the threads. OptionError: a batch size below 1. SystemError: the system starts fewer threads.
  CLIP_HOST ReadAhead(std::vector<std::string> paths, const ImageInput& input, const ReadAheadOptions& options);
  CLIP_HOST ReadAhead(ReadAhead&&) noexcept;
  CLIP_HOST ReadAhead& operator=(ReadAhead&&) noexcept;
  CLIP_HOST ~ReadAhead();

  CLIP_HOST const std::vector<std::string>& paths() const;
  /// True after cancellation.
  CLIP_HOST bool stopped() const;
  /// The next batch in list order, valid until the next call; null after the last batch and after cancellation.
  /// Throws what a thread has thrown that is not the error of one file (std::bad_alloc): a later call goes on with the
  /// same batch. SystemError: this process is a child of the one that started the threads.
  CLIP_HOST const ImageBatch* next();

 private:
  struct Work;
  struct End {
    CLIP_HOST void operator()(Work* work) const;
  };
  std::unique_ptr<Work, End> work_;
};

}  // namespace clip::inline CLIP_ABI

#if !CLIP_HOST_LINKED
#include <clip/data/read_ahead.inl.hpp>
#endif
