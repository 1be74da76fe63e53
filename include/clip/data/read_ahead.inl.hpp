// clip/data/read_ahead.inl.hpp: definitions of clip/data/read_ahead.hpp.
#pragma once

#include <clip/backend/available_cores.hpp>
#include <clip/backend/forks.hpp>
#include <clip/backend/start_thread.hpp>
#include <clip/core/stop.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
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
      : paths{std::move(paths_)}, input{input_}, reader{options.reader},
        read_options{options.read}, batch{options.batch}, on_outer_stop{options.stop, Stop{stop}} {}

  Work(const Work&) = delete;
  ~Work() {
    stop.request_stop();
    for (std::thread& thread : readers) thread.join();
  }

  /// Whether the readers are threads of the process that this one was forked from.
  bool left_behind() const { return mark.in_child(); }

  Index size() const { return static_cast<Index>(paths.size()); }
  Slot& slot(Index b) { return slots[static_cast<std::size_t>(b % 2)]; }

  /// A reader thread. No exception leaves it: the caller receives it from next(), and then the thread goes on with the
  /// file in its hands.
  void run() {
    std::optional<Index> file;
#if CLIP_EXCEPTIONS
    for (bool again = true; again;) {
      try {
        read_files(file);
        again = false;
      } catch (...) { again = hand_over(std::current_exception()); }
    }
#else
    read_files(file);
#endif
  }

  /// Takes the next file as soon as a slot is free for its batch. `file` is the one not finished, if there is any.
  void read_files(std::optional<Index>& file) {
    Images one;
    PreprocessMemory memory;
    for (;;) {
      if (!file) {
        std::unique_lock lock{mutex};
        changed.wait(lock, stop.get_token(), [&] { return next_file == size() || next_file / batch < done + 2; });
        if (clip::stop_requested()) stop.request_stop();
        if (stop.stop_requested() || next_file == size()) return;
        if (next_file % batch == 0) begin(slot(next_file / batch), next_file);
        file = next_file++;
      }
      Slot& to = slot(*file / batch);
      const Index at = *file % batch;
      auto error = read_one(paths[static_cast<std::size_t>(*file)], one, memory);
      if (!error) std::ranges::copy(std::as_const(one).values(), to.batch.images.image(at).begin());

      const std::lock_guard lock{mutex};
      to.batch.errors[static_cast<std::size_t>(at)] = std::move(error);
      file.reset();
      if (--to.left == 0) changed.notify_all();
    }
  }

  /// Waits until next() has thrown the exception; one at a time. False after cancellation.
  bool hand_over(std::exception_ptr exception) {
    std::unique_lock lock{mutex};
    if (!changed.wait(lock, stop.get_token(), [&] { return failure == nullptr; })) return false;
    failure = std::move(exception);
    changed.notify_all();
    return changed.wait(lock, stop.get_token(), [&] { return failure == nullptr; });
  }

  void begin(Slot& to, Index first) {
    const Index n = std::min(batch, size() - first);
    to.batch.first = first;
    to.batch.errors.assign(static_cast<std::size_t>(n), std::nullopt);
    to.batch.images.resize_for_reuse(n, input.channels, input.image_size, input.image_size);
    to.left = n;
  }

  const ImageBatch* next() {
    mark.check();
    std::unique_lock lock{mutex};
    if (std::exchange(in_use, false)) {
      ++done;
      changed.notify_all();
    }
    if (clip::stop_requested()) stop.request_stop();
    if (stop.stop_requested() || done * batch >= size()) return nullptr;
    const auto ready = [&] { return next_file > done * batch && slot(done).left == 0; };
    if (!changed.wait(lock, stop.get_token(), [&] { return ready() || failure != nullptr; })) return nullptr;
    if (!ready()) {
      changed.notify_all();
      std::rethrow_exception(std::exchange(failure, nullptr));
    }
    drop_failed(slot(done).batch);
    in_use = true;
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

  /// What a file fails with is its own error. Without memory even for that, std::bad_alloc.
  std::optional<Error> read_one(const std::string& path, Images& out, PreprocessMemory& memory) const {
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
  std::optional<Error> decode_and_resize(const std::string& path, Images& out, PreprocessMemory& memory) const {
    const auto image = reader ? reader(path) : try_read_image(path, read_options);
    if (!image) return image.error();
    if (auto preprocessed = try_preprocess(input, std::span<const Image>{&*image, 1}, out, memory); !preprocessed)
      return InputError{path, preprocessed.error().message()};
    return std::nullopt;
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
  std::exception_ptr failure;  // of a reader, until next() has thrown it
  const detail::ForkMark mark;
  std::array<Slot, 2> slots;
  std::vector<std::thread> readers;
};

CLIP_HOST ReadAhead::ReadAhead(std::vector<std::string> paths, const ImageInput& input,
                               const ReadAheadOptions& options) {
  if (options.batch < 1) raise(OptionError{"read_ahead", "batch", "1 or more", options.batch});
  work_.reset(new Work(std::move(paths), input, options));
  const int wanted = options.readers > 0 ? options.readers : available_cores();
  const auto most = std::min<std::size_t>(work_->paths.size(), 2 * static_cast<std::size_t>(options.batch));
  const auto readers = std::min(static_cast<std::size_t>(wanted), most);
  work_->readers.reserve(readers);
  while (work_->readers.size() < readers)
    detail::start_thread(work_->readers, "read_ahead", static_cast<int>(readers) + 1,
                         [work = work_.get()] { work->run(); });
}
CLIP_HOST void ReadAhead::End::operator()(Work* work) const {
  // To join threads of another process would wait for ever, as would the end of a condition they wait for.
  if (!work->left_behind()) delete work;
}
CLIP_HOST ReadAhead::ReadAhead(ReadAhead&&) noexcept = default;
CLIP_HOST ReadAhead& ReadAhead::operator=(ReadAhead&&) noexcept = default;
CLIP_HOST ReadAhead::~ReadAhead() = default;

CLIP_HOST const std::vector<std::string>& ReadAhead::paths() const { return work_->paths; }
CLIP_HOST bool ReadAhead::stopped() const { return work_->stop.stop_requested(); }
CLIP_HOST const ImageBatch* ReadAhead::next() { return work_->next(); }

}  // namespace clip::inline CLIP_ABI
