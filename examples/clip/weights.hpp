// Readers of weights files, for the commands that need them. All formats are compiled once, in weights.cpp.
#pragma once

#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/infer.hpp>

#include <string>

namespace tool {

/// The tensors of a file or folder in any format. LoadError: damaged or missing.
clip::TensorFile open_weights(const std::string& path);
/// The model they belong to, if it can be inferred.
clip::Result<clip::Inspection> inspect_weights(const clip::TensorFile& file);
/// Calls clip::convert_file.
void convert_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options);

}  // namespace tool
