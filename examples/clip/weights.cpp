#include "weights.hpp"

#include <clip/checkpoint/folder.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace tool {

clip::TensorFile open_weights(const std::string& path, const std::string& state_dict) {
  return clip::open_tensors(path, state_dict);
}
clip::Result<clip::TensorFile> try_open_weights(const std::string& path, const std::string& state_dict) {
  return clip::try_open_tensors(path, state_dict);
}
clip::Result<clip::Inspection> inspect_weights(const clip::TensorFile& file, const clip::Assumptions& assumed) {
  return clip::try_inspect(file, assumed);
}

std::string first_not_finite(const std::string& path, const std::string& state_dict) {
  const clip::TensorFile file = open_weights(path, state_dict);
  std::vector<double> values;
  for (const clip::FileTensor& tensor : file.tensors()) {
    if (!clip::is_floating(tensor.dtype)) continue;
    values.resize(static_cast<std::size_t>(tensor.count()));
    clip::convert(tensor, std::span<double>(values));
    if (!std::ranges::all_of(values, [](double x) { return std::isfinite(x); })) return tensor.name;
    file.release(tensor);
  }
  return {};
}

void convert_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options) {
  clip::convert_file(in, out, options);
}

}  // namespace tool
