// What the rows of `embed` depend on, to tell whether a journal is of the same job.
#pragma once

#include "commands.hpp"

#include <clip/io/json.hpp>

#include <string>
#include <vector>

namespace tool {

/// The model, its weights, the settings, and the inputs with size and time.
clip::JsonTree job_of(const EmbedOptions& options, const std::vector<std::string>& inputs, bool files);

}  // namespace tool
