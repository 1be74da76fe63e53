// Reading of the images of a command, and the report of those that fail. Decoders are compiled once, in images.cpp.
#pragma once

#include "commands.hpp"
#include "terminal.hpp"

#include <clip/backend/threads.hpp>
#include <clip/core/error.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// Files as given, and the images inside given folders; the bytes of the image named - are read now. LoadError: no such
/// path, or a folder without images.
std::vector<std::string> files_of(const ImageOptions& options);

/// Images or texts that could not be processed. Each is reported when it is found; the others are processed.
class Failures {
 public:
  Failures(Progress& progress, bool strict, std::string_view what = "images could not be read")
      : progress_{progress}, strict_{strict}, what_{what} {}
  void add(const clip::Error& error) { add(error.message()); }
  void add(const std::string& message);
  /// Prints a line about the job.
  void say(const std::string& message) const;
  clip::Index count() const { return static_cast<clip::Index>(messages_.size()); }
  /// "photos/x.jpg: not an image …"
  const std::vector<std::string>& messages() const { return messages_; }
  /// Prints the number of failures. Returns the exit status: 0, or 1 if all failed or, with --strict, if any did.
  int finish(clip::Index total) const;

 private:
  Progress& progress_;
  bool strict_;
  std::string what_;
  std::vector<std::string> messages_;
};

/// The batch that was asked for, or a smaller one, with a notice: half of the memory that is available holds it.
clip::Index batch_in_memory(clip::Index wanted, const clip::AnyConfig& config);

/// Reads ahead: decodes and resizes in parallel, delivers in order. `images` are those of files
/// [first, first + errors.size()) that have no error. Stops early if `take` returns false.
using TakeBatch =
    std::function<bool(clip::Index first, const std::vector<const clip::Error*>& errors, const clip::Images& images)>;
void read_images(const std::vector<std::string>& files, const ImageOptions& options, const clip::ImageInput& input,
                 clip::Index batch, int readers, const TakeBatch& take);

/// Decodes the bytes of a file. InputError: not an image.
clip::Image decode(std::span<const std::byte> bytes, const std::string& place);
/// Converts decoded images to model input, reusing the memory of `out`.
void preprocess_into(const clip::ImageInput& input, std::span<const clip::Image> images, clip::Images& out,
                     clip::ThreadPool& threads);

/// Delivers the features, or the error, of every image in order.
using TakeFeatures = std::function<void(const std::string& path, const clip::Features<float, clip::dyn>& features)>;
using TakeError = std::function<void(const clip::Error& error)>;
void embed_each(const Model& model, std::vector<std::string> files, const ImageOptions& options, clip::Index batch,
                int readers, Progress& progress, const TakeFeatures& take, const TakeError& failed);

}  // namespace tool
