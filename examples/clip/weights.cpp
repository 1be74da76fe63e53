#include <clip/checkpoint/folder.hpp>

#include "weights.hpp"

namespace tool {

clip::TensorFile open_weights(const std::string& path) { return clip::open_tensors(path); }
clip::Result<clip::Inspection> inspect_weights(const clip::TensorFile& file) { return clip::try_inspect(file); }

void convert_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options) {
  clip::convert_file(in, out, options);
}

}  // namespace tool
