// clip/checkpoint/description.hpp: statements of a file or folder about its model, such as activation and heads.
#pragma once

#include <clip/checkpoint/folder_description.hpp>
#include <clip/formats/tensor_file.hpp>
#include <clip/io/json.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/openclip_json.hpp>
#include <clip/tower/json_fields.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace clip::inline CLIP_ABI::detail {

/// The statements of a file and its folder about the whole model.
struct ModelStatement {
  TowerStatement image{}, text{};
  Index image_size = 0;
  std::optional<Preprocessing> preprocessing{};
  std::string place{};  // the file or folder that makes the statements
};

/// Reads single keys of a foreign file. Other keys are ignored; a key of the wrong type is a problem.
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
    if (value->is_number_unsigned() && value->get<std::uint64_t>() >= 1 &&
        value->get<std::uint64_t>() < (std::uint64_t{1} << 31))
      return static_cast<Index>(value->get<std::uint64_t>());
    problem(key, "a positive integer", *value);
    return otherwise;
  }
  std::optional<Activation> activation(const Json* object, const char* key, Activation otherwise) {
    const Json* const value = find(object, key);
    if (value == nullptr) return otherwise;
    const auto* const name = value->get_ptr<const Json::string_t*>();
    if (const auto known =
            choice_named(name != nullptr ? std::string_view{*name} : std::string_view{}, huggingface_activations))
      return known->activation;
    problem(key, names_in_words(huggingface_activations), *value);
    return std::nullopt;
  }
  std::optional<float> number(const Json* object, const char* key) {
    const Json* const value = find(object, key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) return static_cast<float>(value->get<double>());
    problem(key, "a number", *value);
    return std::nullopt;
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
    problem(key, "three numbers", *value);
    return std::nullopt;
  }
  void problem(const std::string& key, const std::string& expected, const Json& found) {
    problems_ += (problems_.empty() ? "" : "; ") + key + ": expected " + expected + ", found " + json_in_words(found);
  }
  Result<void> finish() const {
    return problems_.empty() ? Result<void>{} : Result<void>{LoadError{place_, problems_}};
  }

 private:
  std::string place_, problems_;
};

/// Reads the config.json of transformers' CLIPModel. A missing activation has the default of transformers' class.
inline ModelStatement read_huggingface_towers(DescriptionReader& read, const Json& config) {
  ModelStatement model;
  const auto tower = [&](const char* key) {
    const Json* const part = read.find(&config, key);
    return TowerStatement{read.integer(part, "hidden_size"), read.integer(part, "num_hidden_layers"),
                          read.integer(part, "num_attention_heads"),
                          read.activation(part, "hidden_act", Activation::quick_gelu),
                          read.number(part, "layer_norm_eps")};
  };
  model.image = tower("vision_config");
  model.text = tower("text_config");
  model.image_size = read.integer(read.find(&config, "vision_config"), "image_size");
  return model;
}

/// Reads transformers' preprocessor_config.json. transformers converts images to RGB first.
inline Preprocessing read_huggingface_preprocessing(DescriptionReader& read, const Json& config) {
  Preprocessing p{.color_order = ColorOrder::huggingface};
  p.mean = read.colours(&config, "image_mean").value_or(p.mean);
  p.deviation = read.colours(&config, "image_std").value_or(p.deviation);
  if (const Index filter = read.integer(&config, "resample", 3); filter == 2) p.interpolation = Interpolation::bilinear;
  else if (filter != 3) read.problem("resample", "2 (bilinear) or 3 (bicubic)", config["resample"]);
  const Json* const size = read.find(&config, "size");
  if (size != nullptr && size->is_object() && !size->contains("shortest_edge")) p.resize = ResizeMode::squash;
  return p;
}

/// The statements of a whole configuration.
template <class F>
ModelStatement describe(const AnyConfigOf<F>& c, std::string place) {
  return {state(c.image), state(c.text), c.input().image_size, c.input().preprocessing, std::move(place)};
}

/// The configuration in the metadata of files written by this library.
template <class F>
std::optional<AnyConfigOf<F>> config_in_metadata(const TensorFile& file) {
  const auto found = file.metadata().find("config");
  if (found == file.metadata().end()) return std::nullopt;
  const auto config = try_parse_config<F>(found->second, file.place());
  return config ? std::optional{*config} : std::nullopt;
}

/// Integers that only OpenAI's archives store with the weights.
inline constexpr std::array<std::string_view, 3> openai_notes{"input_resolution", "context_length", "vocab_size"};
inline bool is_note(std::string_view name) {
  return std::find(openai_notes.begin(), openai_notes.end(), name) != openai_notes.end();
}
inline bool is_openais(const TensorFile& file) {
  return std::all_of(openai_notes.begin(), openai_notes.end(),
                     [&](std::string_view note) { return file.find(note) != nullptr; });
}

/// The statements about a model, in order of precedence: the folder's open_clip_config.json or config.json; the file's
/// metadata; for OpenAI's archives, quick_gelu, which all of them were trained with.
/// LoadError: a key with a value of the wrong type.
template <class F>
Result<ModelStatement> try_read_description(const TensorFile& file) {
  if (const auto& folder = file.description()) {
    if (is_openclip_config(folder->config)) {
      const auto config = try_read_openclip_config<F>(folder->config, folder->place);
      return config ? Result<ModelStatement>{describe(*config, folder->place)} : config.error();
    }
    DescriptionReader read{folder->place};
    ModelStatement model = read_huggingface_towers(read, folder->config);
    model.place = folder->place;
    if (folder->preprocessing.is_object())
      model.preprocessing = read_huggingface_preprocessing(read, folder->preprocessing);
    if (auto done = read.finish(); !done) return done.error();
    return model;
  }
  if (const auto config = config_in_metadata<F>(file)) return describe(*config, file.place());
  ModelStatement model{.place = "OpenAI's archives"};
  if (is_openais(file)) model.image.activation = model.text.activation = Activation::quick_gelu;
  return model;
}

}  // namespace clip::inline CLIP_ABI::detail
