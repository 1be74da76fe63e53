// Inputs of `clip bench`: random images, and prompts of labels.
#pragma once

#include "commands.hpp"

#include <clip/image/image.hpp>
#include <clip/tokens/texts.hpp>

#include <string>
#include <vector>

namespace tool {

/// Model input with standard-normal values.
clip::Images random_input(const clip::ImageInput& input, clip::Index n);
/// A decoded image with random bytes.
clip::Image random_image(clip::Index width, clip::Index height);

/// All labels of the file, or the number given by --classes, evenly spaced in the file.
std::vector<std::string> labels_of(const BenchOptions& options);
/// The templates of --templates, or the default template.
std::vector<std::string> templates_of(const BenchOptions& options);

/// n prompts "a photo of a {label}.", cycling through the labels; without --labels, random ids of the same length.
clip::Texts prompts(const BenchOptions& options, clip::Index n);
/// "{label}." of every class; without --labels, random ids of --classes names (default: 100).
clip::Texts class_names(const BenchOptions& options);

}  // namespace tool
