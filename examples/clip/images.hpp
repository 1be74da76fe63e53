// The images a command is given, and those of them that turn out to be none. Decoders are compiled once, in images.cpp.
#pragma once

#include "commands.hpp"
#include "terminal.hpp"

#include <clip/backend/threads.hpp>
#include <clip/core/error.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace tool {

/// The files named, and for folders the images below them. LoadError: a path that is not there, a folder without images.
std::vector<std::string> files_of(const ImageOptions& options);

/// Images that could not be read. They are told as they are found; the rest is processed.
class Failures {
 public:
  Failures(Progress& progress, bool strict) : progress_{progress}, strict_{strict} {}
  void add(const clip::Error& error);
  clip::Index count() const { return static_cast<clip::Index>(messages_.size()); }
  /// "photos/x.jpg: not an image …"
  const std::vector<std::string>& messages() const { return messages_; }
  /// Says how many there were. The exit status: 0, or 1 where nothing could be read, or where anything could not and that is strict.
  int finish(clip::Index total) const;

 private:
  Progress& progress_;
  bool strict_;
  std::vector<std::string> messages_;
};

/// Decoded and resized ahead, in order: `images` are those of files [first, first + errors.size()) that have no error. Ends early
/// where `take` returns false.
using TakeBatch =
    std::function<bool(clip::Index first, const std::vector<const clip::Error*>& errors, const clip::Images& images)>;
void read_images(const std::vector<std::string>& files, const clip::ImageInput& input, clip::Index batch, int readers,
                 const TakeBatch& take);

/// The picture in a file's bytes. InputError: none.
clip::Image decode(std::span<const std::byte> bytes, const std::string& place);
/// Model input out of decoded pictures, in the memory `out` already has.
void preprocess_into(const clip::ImageInput& input, std::span<const clip::Image> images, clip::Images& out,
                     clip::ThreadPool& threads);

/// Every image's features, or its error, in order. Stops when interrupted().
using TakeFeatures = std::function<void(const std::string& path, const clip::Features<float, clip::dyn>& features)>;
using TakeError = std::function<void(const clip::Error& error)>;
void embed_each(const Model& model, std::vector<std::string> files, clip::Index batch, int readers, Progress& progress,
                const TakeFeatures& take, const TakeError& failed);

}  // namespace tool
