// clip/data/read_ahead.inl.hpp: definitions of clip/data/read_ahead.hpp.
#pragma once

#include <clip/backend/available_cores.hpp>
#include <clip/core/stop.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

struct ReadAhead::Work {
  struct Slot {
    ImageBatch batch;
    Index left = 0;  // files still being read
  };
  struct Stop {
    std::stop_source& source;
    void operator()() const noexcept { source.request_stop(); }
  };

  Work(std::vector<std::string> paths_, const ImageInput& input_, const ReadAheadOptions& options)
      : paths{std::move(paths_)},
        input{input_},
        reader{options.reader},
        read_options{options.read},
        batch{options.batch},
        on_outer_stop{options.stop, Stop{stop}} {}

  Work(const Work&) = delete;
  ~Work() {
    stop.request_stop();
    for (std::thread& reader : readers) reader.join();
  }

  Index size() const { return static_cast<Index>(paths.size()); }
  Slot& slot(Index b) { return slots[static_cast<std::size_t>(b % 2)]; }

  /// The loop of every reader thread: takes the next file as soon as a slot is free for its batch.
  void read() {
    Images one;
    PreprocessMemory memory;
    for (;;) {
      std::unique_lock lock{mutex};
      changed.wait(lock, stop.get_token(), [&] { return next_file == size() || next_file / batch < done + 2; });
      if (clip::stop_requested()) stop.request_stop();
      if (stop.stop_requested() || next_file == size()) return;
      const Index i = next_file++;
      Slot& to = slot(i / batch);
      if (i % batch == 0) begin(to, i);
      lock.unlock();

      auto read = read_one(paths[static_cast<std::size_t>(i)], one, memory);
      if (read) std::ranges::copy(std::as_const(one).values(), to.batch.images.image(i % batch).begin());

      lock.lock();
      if (!read) to.batch.errors[static_cast<std::size_t>(i % batch)] = read.error();
      if (--to.left == 0) changed.notify_all();
    }
  }

  void begin(Slot& to, Index first) {
    const Index n = std::min(batch, size() - first);
    to.batch.first = first;
    to.batch.errors.assign(static_cast<std::size_t>(n), std::nullopt);
    to.batch.images.resize_for_reuse(n, input.channels, input.image_size, input.image_size);
    to.left = n;
  }

  const ImageBatch* next() {
    std::unique_lock lock{mutex};
    if (in_use) {
      ++done;
      changed.notify_all();
    }
    if (clip::stop_requested()) stop.request_stop();
    in_use = !stop.stop_requested() && done * batch < size();
    if (!in_use) return nullptr;
    in_use = changed.wait(lock, stop.get_token(), [&] { return next_file > done * batch && slot(done).left == 0; });
    if (!in_use) return nullptr;
    drop_failed(slot(done).batch);
    return &slot(done).batch;
  }

  static void drop_failed(ImageBatch& batch) {
    const Index n = batch.images.size(), good = std::count(batch.errors.begin(), batch.errors.end(), std::nullopt);
    if (good == n) return;
    Images kept;
    kept.resize_for_reuse(good, batch.images.channels(), batch.images.height(), batch.images.width());
    for (Index i = 0, k = 0; i < n; ++i)
      if (!batch.errors[static_cast<std::size_t>(i)])
        std::ranges::copy(std::as_const(batch.images).image(i), kept.image(k++).begin());
    batch.images = std::move(kept);
  }

  /// Exceptions must not leave the thread: they become the error of the file.
  Result<void> read_one(const std::string& path, Images& out, PreprocessMemory& memory) const {
#if CLIP_EXCEPTIONS
    try {
      return decode_and_resize(path, out, memory);
    } catch (const Error& error) { return error; } catch (const std::bad_alloc&) {
      return SystemError{path, "not enough memory to decode it"}.with_id("clip.system.memory");
    }
#else
    return decode_and_resize(path, out, memory);
#endif
  }
  Result<void> decode_and_resize(const std::string& path, Images& out, PreprocessMemory& memory) const {
    const auto image = reader ? reader(path) : try_read_image(path, read_options);
    if (!image) return image.error();
    if (auto preprocessed = try_preprocess(input, std::span<const Image>{&*image, 1}, out, memory); !preprocessed)
      return InputError{path, preprocessed.error().message()};
    return {};
  }

  const std::vector<std::string> paths;
  const ImageInput input;
  const ImageReader reader;
  const ReadOptions read_options;
  const Index batch;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::stop_source stop;
  std::stop_callback<Stop> on_outer_stop;
  Index next_file = 0;  // the first file not yet taken by a reader
  Index done = 0;       // number of batches the caller has finished
  bool in_use = false;
  std::array<Slot, 2> slots;
  std::vector<std::thread> readers;
};

CLIP_HOST ReadAhead::ReadAhead(std::vector<std::string> paths, const ImageInput& input,
                               const ReadAheadOptions& options) {
  if (options.batch < 1) raise(OptionError{"read_ahead", "batch", "1 or more", options.batch});
  work_ = std::make_unique<Work>(std::move(paths), input, options);
  const int readers = options.readers > 0 ? options.readers : available_cores();
  const auto most = std::min<std::size_t>(work_->paths.size(), 2 * static_cast<std::size_t>(options.batch));
  for (std::size_t t = 0; t < std::min(static_cast<std::size_t>(readers), most); ++t)
    work_->readers.emplace_back([work = work_.get()] { work->read(); });
}
CLIP_HOST ReadAhead::ReadAhead(ReadAhead&&) noexcept = default;
CLIP_HOST ReadAhead& ReadAhead::operator=(ReadAhead&&) noexcept = default;
CLIP_HOST ReadAhead::~ReadAhead() = default;

CLIP_HOST const std::vector<std::string>& ReadAhead::paths() const { return work_->paths; }
CLIP_HOST bool ReadAhead::stopped() const { return work_->stop.stop_requested(); }
CLIP_HOST const ImageBatch* ReadAhead::next() { return work_->next(); }

}  // namespace clip::inline CLIP_ABI
