// clip/checkpoint/folder_config.hpp: the JSON files that describe a model to transformers and to OpenCLIP.
#pragma once

#include <clip/config/json.hpp>
#include <clip/formats/dtype.hpp>
#include <clip/io/json.hpp>
#include <clip/names/dialect.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace clip::inline CLIP_ABI::detail {

/// A file of a folder: its name, its text.
using FolderFile = std::pair<std::string, std::string>;

constexpr std::string_view huggingface_activation(Activation a) {
  return a == Activation::gelu ? "gelu" : a == Activation::gelu_tanh ? "gelu_pytorch_tanh" : "quick_gelu";
}

template <class Tower>
Json huggingface_tower(const Tower& c, Index embed_dim) {
  return {{"hidden_size", c.width},
          {"intermediate_size", c.hidden()},
          {"num_hidden_layers", c.layers},
          {"num_attention_heads", c.heads},
          {"hidden_act", std::string(huggingface_activation(c.activation))},
          {"layer_norm_eps", as_written(c.epsilon.value)},
          {"projection_dim", embed_dim},
          {"attention_dropout", 0.0}};
}

/// config.json of transformers' CLIPModel and preprocessor_config.json of its CLIPImageProcessor.
inline Result<std::vector<FolderFile>> try_huggingface_files(const AnyConfig& c, Dtype dtype,
                                                             const std::string& place) {
  const auto* const vit = std::get_if<VitConfig>(&c.image);
  if (vit == nullptr)
    return OptionError{place, "dialect for a residual network", "openai or openclip",
                       "huggingface: transformers has no such CLIP"};
  Json vision = huggingface_tower(*vit, c.embed_dim), text = huggingface_tower(c.text, c.embed_dim);
  vision.update({{"model_type", "clip_vision_model"},
                 {"image_size", vit->image_size},
                 {"patch_size", vit->patch_size},
                 {"num_channels", vit->channels}});
  text.update({{"model_type", "clip_text_model"},
               {"max_position_embeddings", c.text.context},
               {"vocab_size", c.text.vocabulary},
               {"bos_token_id", c.text.vocabulary - 2},
               {"eos_token_id", c.text.vocabulary - 1},
               {"pad_token_id", c.text.vocabulary - 1}});  // as OpenAI's tokenizer has them in transformers
  const Json config{{"architectures", {"CLIPModel"}},
                    {"model_type", "clip"},
                    {"projection_dim", c.embed_dim},
                    {"logit_scale_init_value", 2.6592},
                    {"dtype", dtype == Dtype::f16    ? "float16"
                              : dtype == Dtype::bf16 ? "bfloat16"
                              : dtype == Dtype::f64  ? "float64"
                                                     : "float32"},
                    {"vision_config", std::move(vision)},
                    {"text_config", std::move(text)}};

  const Preprocessing& p = vit->preprocessing;
  const Json square{{"height", vit->image_size}, {"width", vit->image_size}};
  const bool squash = p.resize == ResizeMode::squash;
  const Json preprocessing{{"image_processor_type", "CLIPImageProcessor"},
                           {"do_convert_rgb", true},
                           {"do_resize", true},
                           {"size", squash ? square : Json{{"shortest_edge", vit->image_size}}},
                           {"resample", p.interpolation == Interpolation::bicubic ? 3 : 2},  // Pillow's numbers
                           {"do_center_crop", !squash},
                           {"crop_size", square},
                           {"do_rescale", true},
                           {"rescale_factor", 1.0 / 255},
                           {"do_normalize", true},
                           {"image_mean", colours_to_json(p.mean)},
                           {"image_std", colours_to_json(p.deviation)}};
  return std::vector<FolderFile>{{"config.json", json_text(config, 2) + "\n"},
                                 {"preprocessor_config.json", json_text(preprocessing, 2) + "\n"}};
}

/// The ratio r for which int(width · r) is the width of the MLP.
inline double mlp_ratio(Index width, Index hidden) {
  double ratio = static_cast<double>(hidden) / static_cast<double>(width);
  while (static_cast<Index>(static_cast<double>(width) * ratio) < hidden) ratio = std::nextafter(ratio, 1e9);
  return ratio;
}

/// open_clip_config.json. OptionError: what no such file says: two activations in one model, GELU by tanh, another epsilon.
inline Result<std::vector<FolderFile>> try_openclip_files(const AnyConfig& c, const std::string& place) {
  const auto* const vit = std::get_if<VitConfig>(&c.image);
  const auto* const net = std::get_if<ResNetConfig>(&c.image);
  const Activation activation = c.text.activation;
  if (activation == Activation::gelu_tanh || (vit && vit->activation.value != activation))
    return OptionError{
        place, "activation in OpenCLIP's description", "quick_gelu or gelu, in both towers",
        std::string(vit ? name_of(vit->activation) : "relu") + " and " + std::string(name_of(activation))};
  for (const float epsilon : {vit ? vit->epsilon.value : 1e-5f, c.text.epsilon.value})
    if (epsilon != 1e-5f) return OptionError{place, "epsilon in OpenCLIP's description", 1e-5f, epsilon};
  Json vision{{"image_size", c.input().image_size}};
  if (vit) {
    if (vit->width % (vit->width / vit->heads) != 0) return OptionError{place, "heads must divide the width"};
    vision.update({{"layers", vit->layers},
                   {"width", vit->width},
                   {"head_width", vit->width / vit->heads},
                   {"patch_size", vit->patch_size}});
    if (vit->hidden() != 4 * vit->width) vision["mlp_ratio"] = mlp_ratio(vit->width, vit->hidden());
  } else {
    vision.update({{"layers", net->layers}, {"width", net->width}, {"patch_size", nullptr}});
  }
  Json text{{"context_length", c.text.context},
            {"vocab_size", c.text.vocabulary},
            {"width", c.text.width},
            {"heads", c.text.heads},
            {"layers", c.text.layers}};
  if (c.text.hidden() != 4 * c.text.width) text["mlp_ratio"] = mlp_ratio(c.text.width, c.text.hidden());
  Json model{{"embed_dim", c.embed_dim}, {"vision_cfg", std::move(vision)}, {"text_cfg", std::move(text)}};
  if (activation == Activation::quick_gelu) model["quick_gelu"] = true;
  const Preprocessing p = c.input().preprocessing;
  const Json config{{"model_cfg", std::move(model)},
                    {"preprocess_cfg",
                     {{"size", c.input().image_size},
                      {"mean", colours_to_json(p.mean)},
                      {"std", colours_to_json(p.deviation)},
                      {"interpolation", std::string(name_of(p.interpolation))},
                      {"resize_mode", std::string(name_of(p.resize))}}}};
  return std::vector<FolderFile>{{"open_clip_config.json", json_text(config, 2) + "\n"}};
}

}  // namespace clip::inline CLIP_ABI::detail
