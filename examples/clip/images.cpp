#include "images.hpp"

#include "input.hpp"

#include <clip/image/preprocess.hpp>
#include <clip/image/read.hpp>
#include <clip/io/posix.hpp>
#include <clip/task/embed_folder.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace tool {
namespace {

std::vector<std::byte> image_on_input;

/// Reads a file, or the image that came by standard input, as the options say.
clip::ImageReader reader_of(const ImageOptions& options) {
  const clip::ReadOptions how{.strict = options.strict_images};
  return [how](const std::string& path) {
    return path == "-" ? clip::try_decode_image(image_on_input, "standard input", how)
                       : clip::try_read_image(path, how);
  };
}

}  // namespace

std::vector<std::string> files_of(const ImageOptions& options) {
  std::vector<std::string> files;
  for (const std::string& path : with_lists(options.paths)) {
    if (path == "-") {
      image_on_input = take_standard_input();
      files.push_back(path);
      continue;
    }
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) clip::raise(clip::detail::open_error(path, errno));
    if (!S_ISDIR(status.st_mode)) {
      files.push_back(path);
    } else {
      const auto inside = clip::image_files(path, options.flat ? clip::Below::folder : clip::Below::subfolders);
      files.insert(files.end(), inside.begin(), inside.end());
    }
  }
  return files;
}

void Failures::add(const std::string& message) {
  say(message);
  messages_.push_back(message);
}

void Failures::say(const std::string& message) const {
  progress_.clear();
  print_error(message);
}

int Failures::finish(clip::Index total) const {
  progress_.clear();
  if (count() > 0) print_error(std::to_string(count()) + " of " + std::to_string(total) + ' ' + what_);
  return count() == total || (strict_ && count() > 0) ? 1 : 0;
}

void read_images(const std::vector<std::string>& files, const ImageOptions& options, const clip::ImageInput& input,
                 clip::Index batch, int readers, const TakeBatch& take) {
  clip::ReadAhead ahead{files, input, {.batch = batch, .readers = readers, .reader = reader_of(options)}};
  while (const clip::ImageBatch* const read = ahead.next()) {
    std::vector<const clip::Error*> errors;
    for (const auto& error : read->errors) errors.push_back(error ? &*error : nullptr);
    if (!take(read->first, errors, read->images)) return;
  }
  if (ahead.stopped()) end_if_interrupted();
}

clip::Image decode(std::span<const std::byte> bytes, const std::string& place) {
  return clip::decode_image(bytes, place);
}

void preprocess_into(const clip::ImageInput& input, std::span<const clip::Image> images, clip::Images& out,
                     clip::ThreadPool& threads) {
  clip::preprocess(input, images, out, threads);
}

void embed_each(const Model& model, std::vector<std::string> files, const ImageOptions& options, clip::Index batch,
                int readers, Progress& progress, const TakeFeatures& take, const TakeError& failed) {
  const auto report = [&](clip::EmbedProgress p) { progress.show(p.done, p.total); };
  auto range = clip::embed_files(
      model, std::move(files), {.batch = batch, .readers = readers, .progress = report, .reader = reader_of(options)});
  for (const auto& item : range) {
    end_if_interrupted();
    if (!item) {
      failed(item.error());
      continue;
    }
    const auto finite = model.try_finite(std::as_const(item->features)[0], "image", item->path);
    if (finite) take(item->path, item->features);
    else failed(finite.error());
  }
  if (range.stopped()) end_if_interrupted();
}

}  // namespace tool
