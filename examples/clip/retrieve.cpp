#include "commands.hpp"
#include "input.hpp"
#include "terminal.hpp"

#include <clip/io/npy.hpp>
#include <clip/task/retrieval.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace tool {
namespace {

clip::Features<float, clip::dyn> features_of(const std::string& path) {
  const auto array = path == "-" ? clip::try_parse_npy<float>(take_standard_input(), "standard input").value()
                                 : clip::read_npy<float>(path);
  if (array.shape.size() != 2) clip::raise(clip::InputError{path, "extents of the array", 2, array.shape.size()});
  if (array.shape[1] == 0) clip::raise(clip::InputError{path, "width of the rows", "1 or more", 0});
  clip::Features<float, clip::dyn> features{array.shape[0], array.shape[1]};
  std::ranges::copy(array.values, features.values().begin());
  for (clip::Index i = 0; i < features.size(); ++i)
    for (const float x : features[i])
      if (!std::isfinite(x)) clip::raise(clip::NumericError{path, "row " + std::to_string(i), "finite numbers", x});
  return features;
}

clip::Json json_of(const clip::Recall& r) {
  return {{"R1", r.at_1}, {"R5", r.at_5}, {"R10", r.at_10}, {"mR", r.mean()}};
}

}  // namespace

int retrieve(const RetrieveOptions& options) {
  const auto found = clip::retrieval(features_of(options.images), features_of(options.texts), options.captions);
  Output out;
  if (options.json) {
    out.json({{"text", json_of(found.text)},
              {"image", json_of(found.image)},
              {"total_mR", found.mean()},
              {"sum", found.sum()}});
    return 0;
  }
  out.line(found.in_words());
  out.flush();
  return 0;
}

}  // namespace tool
