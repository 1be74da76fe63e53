#include "weights.hpp"

#include "terminal.hpp"

#include <clip/backend/naive.hpp>
#include <clip/checkpoint/assumed_preprocessing.hpp>
#include <clip/checkpoint/find_model.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/checkpoint/infer_encoder.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/model/fuse.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tool {
namespace {

/// The published models that weights fit, "ViT-B/32 or laion/ViT-B-32": whatever they leave open is as the model has
/// it.
std::string fitting_models(const std::string& path) {
  const auto file = clip::try_open_tensors(path, {}, clip::TensorContent::shapes);
  if (!file) return {};
  std::vector<std::string_view> names;
  for (const clip::NamedConfig& known : clip::named_configs()) {
    auto found = clip::try_inspect(*file, clip::assume(known.config));
    if (!found) continue;
    found->config.preprocessing().color_order = known.config.input().preprocessing.color_order;
    found->config.preprocessing().resampling = known.config.input().preprocessing.resampling;
    if (clip::branched_config(found->config) == known.config) names.push_back(known.name);
  }
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i)
    list += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + std::string(names[i]);
  return list;
}

/// The smallest image tower, which stands beside a text tower that is alone.
constexpr clip::VitConfig one_weight{.image_size = 1,
                                     .patch_size = 1,
                                     .width = 1,
                                     .layers = 1,
                                     .heads = 1,
                                     .activation = clip::Activation::gelu,
                                     .epsilon = 1e-5f};

/// The smallest text tower, beside an image tower that is alone.
constexpr clip::TextConfig two_weights{.context = 2,
                                       .vocabulary = 2,
                                       .width = 1,
                                       .layers = 1,
                                       .heads = 1,
                                       .activation = clip::Activation::gelu,
                                       .epsilon = 1e-5f};

/// Removes a part of a message that speaks of C++: from `begin` to the end of `end`.
void remove(std::string& message, std::string_view begin, std::string_view end) {
  const auto from = message.find(begin);
  const auto to = from == message.npos ? from : message.find(end, from);
  if (to != message.npos) message.erase(from, to + end.size() - from);
}

}  // namespace

clip::AnyConfig find_model(const std::string& name_or_path) {
  auto found = clip::try_find_model(name_or_path);
  if (found) return std::move(*found);
  const clip::Error& error = found.error();
  if (error.place() == "model") throw UsageError{"--model: " + error.message().substr(error.place().size() + 2)};
  clip::raise(in_options(error, name_or_path));
}

clip::AnyConfig model_of_weights(const std::string& path) {
  auto found = clip::try_find_model(path);
  if (!found) clip::raise(in_options(found.error(), path));
  return std::move(*found);
}

clip::AnyConfig text_model_of_weights(const std::string& path, bool without_projection) {
  auto whole = clip::try_find_model(path);
  if (whole) return std::move(*whole);
  if (const auto file = clip::try_open_tensors(path, {}, clip::TensorContent::shapes))
    if (const auto text = clip::try_inspect_text(*file);
        text && text->activation_known && (without_projection || !text->without_projection))
      return {text->embed_dim, one_weight, text->config};
  clip::raise(in_options(whole.error(), path));
}

clip::AnyConfig image_model_of_weights(const std::string& path) {
  auto whole = clip::try_find_model(path);
  if (whole) return std::move(*whole);
  if (const auto file = clip::try_open_tensors(path, {}, clip::TensorContent::shapes))
    if (const auto image = clip::try_inspect_image(*file);
        image && image->activation_known && !image->without_projection)
      return {image->embed_dim, image->config, two_weights};
  clip::raise(in_options(whole.error(), path));
}

namespace {
/// A tower that is alone in a file, in words; empty: another file.
template <class Found>
std::string in_words(const clip::Result<Found>& found, const clip::TensorFile& file) {
  if (!found || clip::try_inspect(file)) return {};
  const auto words = [](const auto& c) { return clip::Description<std::remove_cvref_t<decltype(c)>>::in_words(c); };
  return std::visit(words, found->config) + "; embedding " + std::to_string(found->embed_dim);
}
}  // namespace

std::string text_tower_in_words(const clip::TensorFile& file) { return in_words(clip::try_inspect_text(file), file); }
std::string image_tower_in_words(const clip::TensorFile& file) { return in_words(clip::try_inspect_image(file), file); }

clip::AnyConfig in_form_of_weights(const clip::AnyConfig& model, const std::string& path) {
  const clip::AnyConfig fused = clip::fused_config(model);
  if (fused == model) return model;
  const auto file = clip::try_open_tensors(path, {}, clip::TensorContent::shapes);
  if (!file) return model;  // reading the weights says why
  const auto found = clip::try_inspect(*file, clip::assume(model));
  return found && clip::is_fused(found->config) ? fused : model;
}

clip::Error in_options(const clip::Error& error, const std::string& weights) {
  const auto id = error.id();
  const bool names = id == "clip.load.names", settings = id == "clip.load.settings";
  if (!names && !settings && id != "clip.load.activation") return error;
  std::string message = error.message().substr(error.place().size() + 2);
  remove(message, "; clip::", " would fit");
  remove(message, " (set LoadOptions", "it)");
  const std::string models = fitting_models(weights);
  const std::string fitting = models.empty() ? "a configuration file" : models;
  if (names || settings) {
    if (!models.empty()) message += "; --model " + models + " would fit";
    else if (clip::try_find_model(weights)) message += "; without --model, the model is what the weights state";
    return clip::LoadError{error.place(), message}.with_id(names ? "clip.load.names" : "clip.load.settings");
  }
  return clip::LoadError{error.place(), message + "; give it as --model: " + fitting}.with_id("clip.load.activation");
}

clip::TensorFile open_weights(const std::string& path, const std::string& state_dict) {
  return clip::open_tensors(path, state_dict);
}
clip::Result<clip::TensorFile> try_open_shapes(const std::string& path, const std::string& state_dict) {
  return clip::try_open_tensors(path, state_dict, clip::TensorContent::shapes);
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
  const auto done = clip::try_convert_file(in, out, options);
  if (done) return;
  if (done.error().id() != "clip.load.activation") clip::raise(done.error());
  const clip::LoadError error{done.error().place(),
                              "does not state its activation, and the configuration in a folder must"};
  clip::raise(in_options(clip::LoadError{error}.with_id("clip.load.activation"), in));
}

void fuse_weights(const std::string& in, const std::string& out, const clip::ConvertOptions& options) {
  const clip::TensorFile file = open_weights(in, options.state_dict);
  std::optional<clip::AnyConfig> config = options.config;
  if (!config) {
    auto found = clip::try_inspect(file, options.assumed).value();
    if (!found.activation_known) clip::raise(in_options(clip::detail::unstated_activation(in, ""), in));
    clip::detail::notice_assumed_preprocessing(file, found.preprocessing_known, found.config.input());
    config = std::move(found.config);
  }
  clip::AnyModel<clip::Naive<float>> model{*config};  // only its weights are used
  if (const auto done = clip::try_load(model, file); !done) clip::raise(in_options(done.error(), in));
  const auto fused = clip::try_fuse(model);
  if (!fused) clip::raise(clip::OptionError{in, fused.error().message().substr(fused.error().place().size() + 2)});
  clip::save(*fused, out, {.dialect = options.dialect, .dtype = options.dtype, .metadata = options.metadata});
}

}  // namespace tool
