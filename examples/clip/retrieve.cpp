#include "commands.hpp"
#include "input.hpp"
#include "terminal.hpp"

#include <clip/task/retrieval.hpp>

#include <cmath>
#include <string>

namespace tool {
namespace {

clip::Features<float, clip::dyn> finite_features(const std::string& path) {
  auto features = read_features(path);
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
  const auto found = clip::retrieval(finite_features(options.images), finite_features(options.texts), options.captions);
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
