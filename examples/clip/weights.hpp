// Files of weights, for the commands that read them. The readers of all formats are compiled once, in weights.cpp.
#pragma once

#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/infer.hpp>

#include <string>

namespace tool {

/// The tensors of a file or folder in any format. LoadError: damaged, or nothing there.
clip::TensorFile open_weights(const std::string& path);
/// Which model they are, if that can be told.
clip::Result<clip::Inspection> inspect_weights(const clip::TensorFile& file);
/// As clip::convert_file.
void convert_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options);

}  // namespace tool
