// What `clip bench` computes with: pictures of noise, and the prompts of labels.
#pragma once

#include "commands.hpp"

#include <clip/image/image.hpp>
#include <clip/tokens/texts.hpp>

#include <string>
#include <vector>

namespace tool {

/// Model input out of standard-normal values.
clip::Images noise(const clip::ImageInput& input, clip::Index n);
/// A decoded picture of random bytes.
clip::Image picture(clip::Index width, clip::Index height);

/// All labels, or as many as --classes says, evenly spread over the file.
std::vector<std::string> labels_of(const BenchOptions& options);
/// --templates, or the one sentence that is usual.
std::vector<std::string> templates_of(const BenchOptions& options);

/// n prompts "a photo of a {label}.", label after label and from the first again; without --labels as long ones of labels nobody has.
clip::Texts prompts(const BenchOptions& options, clip::Index n);
/// "{label}." of every class: 100 of them where nobody says how many.
clip::Texts class_names(const BenchOptions& options);

}  // namespace tool
