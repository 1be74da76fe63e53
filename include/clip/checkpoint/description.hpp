// clip/checkpoint/description.hpp: what a folder's config.json says that shapes do not: heads, activation, epsilon, mean.
#pragma once

#include <clip/checkpoint/tensor_file.hpp>
#include <clip/config/activation.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace clip::inline CLIP_ABI::detail {

/// 0 and nothing where the folder does not say.
struct DescribedTower {
  Index width = 0, layers = 0, heads = 0;
  std::optional<Activation> activation{};
  std::optional<float> epsilon{};
};
struct DescribedModel {
  DescribedTower image, text;
  Index image_size = 0;
  std::optional<std::array<float, 3>> mean{}, deviation{};
};

/// Reads single keys of a foreign file: others are none of our business, but a key of the wrong type is.
class DescriptionReader {
 public:
  explicit DescriptionReader(std::string place) : place_{std::move(place)} {}

  const Json* find(const Json* object, const char* key) const {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto at = object->find(key);
    return at == object->end() || at->is_null() ? nullptr : &*at;
  }
  Index integer(const Json* object, const char* key, Index otherwise = 0) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() >= 1 && value->get<std::uint64_t>() < (std::uint64_t{1} << 31))
      return static_cast<Index>(value->get<std::uint64_t>());
    return problem(key, "a positive integer", *value), otherwise;
  }
  std::optional<Activation> activation(const Json* object, const char* key, Activation otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    const auto* const name = value->get_ptr<const Json::string_t*>();
    if (name != nullptr && *name == "quick_gelu") return Activation::quick_gelu;
    if (name != nullptr && *name == "gelu") return Activation::gelu;
    if (name != nullptr && (*name == "gelu_new" || *name == "gelu_pytorch_tanh")) return Activation::gelu_tanh;
    return problem(key, "quick_gelu, gelu, gelu_new or gelu_pytorch_tanh", *value), std::nullopt;
  }
  std::optional<float> number(const Json* object, const char* key) {
    const Json* const value = find(object, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return static_cast<float>(value->get<double>());
    return problem(key, "a number", *value), std::nullopt;
  }
  std::optional<std::array<float, 3>> colours(const Json* object, const char* key) {
    const Json* const value = find(object, key);
    if (value == nullptr) return std::nullopt;
    std::array<float, 3> numbers{};
    bool good = value->is_array() && value->size() == 3;
    for (std::size_t i = 0; good && i < 3; ++i) {
      good = (*value)[i].is_number();
      if (good) numbers[i] = static_cast<float>((*value)[i].get<double>());
    }
    if (good) return numbers;
    return problem(key, "three numbers", *value), std::nullopt;
  }
  void problem(const std::string& key, const std::string& expected, const Json& found) {
    problems_ += (problems_.empty() ? "" : "; ") + key + ": expected " + expected + ", found " + json_in_words(found);
  }
  Result<void> finish() const { return problems_.empty() ? Result<void>{} : Result<void>{LoadError{place_, problems_}}; }

 private:
  std::string place_, problems_;
};

/// transformers' config.json of a CLIPModel. An activation that is missing is that of transformers' class.
inline DescribedModel read_huggingface_towers(DescriptionReader& read, const Json& config) {
  DescribedModel model;
  const auto tower = [&](const char* key) {
    const Json* const part = read.find(&config, key);
    return DescribedTower{read.integer(part, "hidden_size"), read.integer(part, "num_hidden_layers"), read.integer(part, "num_attention_heads"),
                          read.activation(part, "hidden_act", Activation::quick_gelu), read.number(part, "layer_norm_eps")};
  };
  model.image = tower("vision_config");
  model.text = tower("text_config");
  model.image_size = read.integer(read.find(&config, "vision_config"), "image_size");
  return model;
}

/// OpenCLIP's open_clip_config.json.
inline DescribedModel read_openclip_towers(DescriptionReader& read, const Json& config, const Json& parts) {
  DescribedModel model;
  const Json *const image = read.find(&parts, "vision_cfg"), *const text = read.find(&parts, "text_cfg"),
                    *const preprocess = read.find(&config, "preprocess_cfg");
  const Json* const quick = read.find(&parts, "quick_gelu");
  if (quick != nullptr && !quick->is_boolean()) read.problem("quick_gelu", "true or false", *quick);
  const Activation activation = quick != nullptr && quick->is_boolean() && quick->get<bool>() ? Activation::quick_gelu : Activation::gelu;
  for (const Json* const part : {image, text})
    if (const Json* const unknown = read.find(part, "act_kwargs")) read.problem("act_kwargs", "nothing", *unknown);
  model.image = {read.integer(image, "width"), read.integer(image, "layers"), 0, activation, std::nullopt};
  if (model.image.width > 0) model.image.heads = model.image.width / read.integer(image, "head_width", 64);
  model.text = {read.integer(text, "width"), read.integer(text, "layers"), read.integer(text, "heads"), activation, std::nullopt};
  model.image_size = read.integer(image, "image_size");
  model.mean = read.colours(preprocess, "mean");
  model.deviation = read.colours(preprocess, "std");
  return model;
}

/// LoadError: a key that does not hold what it should.
inline Result<DescribedModel> try_read_towers(const std::optional<FolderDescription>& description) {
  if (!description) return DescribedModel{};
  DescriptionReader read{description->place};
  const Json* const openclip = read.find(&description->config, "model_cfg");
  DescribedModel model = openclip != nullptr ? read_openclip_towers(read, description->config, *openclip) : read_huggingface_towers(read, description->config);
  if (!model.mean) model.mean = read.colours(&description->preprocessing, "image_mean");
  if (!model.deviation) model.deviation = read.colours(&description->preprocessing, "image_std");
  if (auto done = read.finish(); !done) return done.error();
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
