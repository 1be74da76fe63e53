#include "commands.hpp"
#include "images.hpp"
#include "terminal.hpp"

#include <clip/io/npy_write.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// Writes the images while reading them, so that memory does not grow with their number; returns the
/// paths that became rows. The file's header holds the number of rows: if an image cannot be read, the
/// file is written again without the bad images.
std::vector<std::string> write_all(const PreprocessOptions& options, std::vector<std::string> files, Progress& progress,
                                   Failures& failures) {
  const clip::ImageInput input = options.config->input();
  for (;;) {
    const clip::Index shape[]{static_cast<clip::Index>(files.size()), input.channels, input.image_size,
                              input.image_size};
    auto writer = clip::NpyWriter<float>::try_create(options.output, shape).value();
    std::vector<std::string> good;
    read_images(files, options.images, input, 8, 0,
                [&](clip::Index first, const auto& errors, const clip::Images& images) {
                  for (std::size_t i = 0; i < errors.size(); ++i) {
                    if (errors[i] != nullptr) failures.add(*errors[i]);
                    else good.push_back(files[static_cast<std::size_t>(first) + i]);
                  }
                  writer.try_write(images.values()).value();
                  progress.show(first + static_cast<clip::Index>(errors.size()), shape[0]);
                  return true;
                });
    if (good.empty()) return {};
    if (good.size() == files.size()) {
      end_if_interrupted();
      writer.try_commit().value();
      return good;
    }
    files = std::move(good);
  }
}

}  // namespace

int preprocess(const PreprocessOptions& options) {
  const std::vector<std::string> files = files_of(options.images);
  Progress progress{"preprocessing"};
  Failures failures{progress, options.images.strict};
  const auto written = write_all(options, files, progress, failures);
  const int status = failures.finish(static_cast<clip::Index>(files.size()));
  if (options.json)
    Output{}.json(
        {{"output", options.output}, {"rows", written.size()}, {"files", written}, {"failures", failures.messages()}});
  return status;
}

}  // namespace tool
