#include <clip/model/config_json.hpp>

#include "commands.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "weights.hpp"

#include <string>
#include <utility>
#include <variant>

namespace tool {
namespace {

/// `seen` with the values that weights do not show taken from `other`: heads, activation, epsilon, preprocessing.
clip::AnyConfig with_undetectable(clip::AnyConfig seen, clip::AnyConfig other) {
  seen.preprocessing() = other.preprocessing();
  if (!other.logit_bias) seen.logit_bias = false;  // a softmax model does not use one
  const auto take = [](auto& tower, const auto& from) {
    if (tower.index() != from.index()) return;
    const auto stated = clip::detail::state(from);
    std::visit([&](auto& c) { clip::Description<std::remove_cvref_t<decltype(c)>>::apply(c, stated); }, tower);
  };
  take(seen.image, other.image);
  take(seen.text, other.text);
  return seen;
}

void require_model(const ConvertOptions& options) {
  const auto found =
      inspect_weights(open_weights(options.in, options.state_dict), clip::assume(*options.config)).value();
  if (with_undetectable(found.config, *options.config) == *options.config) return;
  const std::string what = found.name.empty() ? clip::json_text(clip::to_json(found.config)) : found.name;
  clip::raise(clip::LoadError{options.in, "its shapes do not match --model: found " + what +
                                              (found.name.empty() ? "" : "; --model " + found.name + " would fit")});
}

/// The interpolation of --positions.
clip::Interpolate interpolation_of(const std::string& name) {
  return name == "openclip"      ? clip::Interpolate::openclip
         : name == "huggingface" ? clip::Interpolate::huggingface
                                 : clip::Interpolate::tinyclip;
}

/// The vocabulary of --vocabulary-of, for the model that is converted.
ReducedVocabulary reduced_for(const ConvertOptions& options) {
  const clip::TextList list = texts_of(options.captions, {.column = options.column, .lines = options.lines});
  const auto config =
      options.config ? *options.config : inspect_weights(open_weights(options.in, options.state_dict)).value().config;
  return reduce_vocabulary(options.vocabulary, options.cleaning, config.text_input(), list.texts);
}

}  // namespace

std::vector<std::string> dialect_names() {
  std::vector<std::string> names;
  for (const clip::Dialect dialect : clip::dialects) names.emplace_back(name_of(dialect));
  return names;
}

int convert(const ConvertOptions& options) {
  clip::ConvertOptions how{.dialect = clip::try_dialect(options.dialect).value(),
                           .config = options.config,
                           .state_dict = options.state_dict};
  if (!options.dtype.empty())
    how.dtype = options.dtype == "f32"   ? clip::Dtype::f32
                : options.dtype == "f16" ? clip::Dtype::f16
                                         : clip::Dtype::bf16;
  how.patch_size = options.patch_size;
  if (!options.patches.empty()) how.patches.patches = clip::try_patch_resize(options.patches).value();
  if (!options.positions.empty()) how.patches.positions = interpolation_of(options.positions);
  if (options.config) require_model(options);
  clip::Json report{{"output", options.out}, {"dialect", options.dialect}};
  if (!options.captions.empty()) {
    ReducedVocabulary reduced = reduced_for(options);
    report["vocabulary"] = reduced.kept.size();
    how.kept = std::move(reduced.kept);
    how.files = std::move(reduced.files);
  }
  if (options.patch_size > 0) report["patch_size"] = options.patch_size;
  if (options.fuse) fuse_weights(options.in, options.out, how);
  else convert_weights(options.in, options.out, how);
  if (options.json) Output{}.json(report);
  return 0;
}

}  // namespace tool
