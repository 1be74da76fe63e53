#include "commands.hpp"
#include "terminal.hpp"
#include "weights.hpp"

#include <string>
#include <variant>

namespace tool {
namespace {

/// `seen` with the values that weights do not show taken from `other`: heads, activation, epsilon, preprocessing.
clip::AnyConfig with_undetectable(clip::AnyConfig seen, clip::AnyConfig other) {
  seen.preprocessing() = other.preprocessing();
  auto* const image = std::get_if<clip::VitConfig>(&seen.image);
  const auto* const of = std::get_if<clip::VitConfig>(&other.image);
  if (image != nullptr && of != nullptr) {
    image->heads = of->heads;
    image->activation = of->activation;
    image->epsilon = of->epsilon;
  }
  seen.text.heads = other.text.heads;
  seen.text.activation = other.text.activation;
  seen.text.epsilon = other.text.epsilon;
  return seen;
}

void require_model(const ConvertOptions& options) {
  const auto found = inspect_weights(open_weights(options.in)).value();
  if (with_undetectable(found.config, *options.config) == *options.config) return;
  const std::string what = found.name.empty() ? clip::json_text(clip::to_json(found.config)) : found.name;
  clip::raise(clip::LoadError{options.in, "its shapes do not match --model: found " + what});
}

}  // namespace

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const clip::Dialect dialect : clip::dialects) names.emplace_back(name_of(dialect));
  return names;
}

int convert(const ConvertOptions& options) {
  clip::ConvertOptions how{.dialect = clip::try_dialect(options.dialect).value(), .config = options.config};
  if (!options.dtype.empty())
    how.dtype = options.dtype == "f32"   ? clip::Dtype::f32
                : options.dtype == "f16" ? clip::Dtype::f16
                                         : clip::Dtype::bf16;
  if (options.config) require_model(options);
  convert_weights(options.in, options.out, how);
  if (options.json) Output{}.json({{"output", options.out}, {"dialect", options.dialect}});
  return 0;
}

}  // namespace tool
