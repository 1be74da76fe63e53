// clip/names/dialect.hpp: the names other libraries give the same weights, as a table of rules read in both directions.
#pragma once

#include <clip/core/choice.hpp>
#include <clip/formats/tensor_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// How the tensors of a file are named. OpenCLIP's names are OpenAI's; what it puts beside them is not.
enum class Dialect : unsigned char { openai, openclip, huggingface };
inline constexpr std::array dialects{Dialect::openai, Dialect::openclip, Dialect::huggingface};

constexpr std::string_view name_of(Dialect dialect) {
  return dialect == Dialect::openai ? "openai" : dialect == Dialect::openclip ? "openclip" : "huggingface";
}
/// The dialect of that name; anything else is an OptionError.
inline Result<Dialect> try_dialect(std::string_view name) { return try_choice("dialect", "name", name, dialects); }

/// One name in both dialects. In a name `#` stands for the number of a block, `*` at the end for any ending, and `@` for q, k, v:
/// three tensors that are one here, their rows below each other.
struct NameRule {
  std::string_view openai, other;
  bool transposed = false;
};

/// OpenAI's names and those of transformers' CLIPModel ("pre_layrnorm" is spelt so there).
inline constexpr std::array<NameRule, 26> huggingface_names{{
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_pre.*", "vision_model.pre_layrnorm.*"},
    {"visual.ln_post.*", "vision_model.post_layernorm.*"},
    {"visual.proj", "visual_projection.weight", true},
    {"visual.transformer.resblocks.#.ln_1.*", "vision_model.encoder.layers.#.layer_norm1.*"},
    {"visual.transformer.resblocks.#.ln_2.*", "vision_model.encoder.layers.#.layer_norm2.*"},
    {"visual.transformer.resblocks.#.attn.in_proj_weight", "vision_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"visual.transformer.resblocks.#.attn.in_proj_bias", "vision_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"visual.transformer.resblocks.#.attn.out_proj.*", "vision_model.encoder.layers.#.self_attn.out_proj.*"},
    {"visual.transformer.resblocks.#.mlp.c_fc.*", "vision_model.encoder.layers.#.mlp.fc1.*"},
    {"visual.transformer.resblocks.#.mlp.c_proj.*", "vision_model.encoder.layers.#.mlp.fc2.*"},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.*", "text_model.final_layer_norm.*"},
    {"text_projection", "text_projection.weight", true},
    {"transformer.resblocks.#.ln_1.*", "text_model.encoder.layers.#.layer_norm1.*"},
    {"transformer.resblocks.#.ln_2.*", "text_model.encoder.layers.#.layer_norm2.*"},
    {"transformer.resblocks.#.attn.in_proj_weight", "text_model.encoder.layers.#.self_attn.@_proj.weight"},
    {"transformer.resblocks.#.attn.in_proj_bias", "text_model.encoder.layers.#.self_attn.@_proj.bias"},
    {"transformer.resblocks.#.attn.out_proj.*", "text_model.encoder.layers.#.self_attn.out_proj.*"},
    {"transformer.resblocks.#.mlp.c_fc.*", "text_model.encoder.layers.#.mlp.fc1.*"},
    {"transformer.resblocks.#.mlp.c_proj.*", "text_model.encoder.layers.#.mlp.fc2.*"},
    {"logit_scale", "logit_scale"},
    {"logit_bias", "logit_bias"},
}};

namespace detail {

inline constexpr std::string_view three = "qkv";

/// What the wildcards of a pattern stood for.
struct Captured {
  std::string_view number, ending;
  std::size_t part = 0;  // of qkv
};

constexpr std::optional<Captured> match(std::string_view pattern, std::string_view name) {
  Captured found;
  std::size_t at = 0;
  for (const char c : pattern) {
    if (c == '*') {
      found.ending = name.substr(at);
      return found.ending.empty() || found.ending.find('.') != found.ending.npos ? std::nullopt : std::optional{found};
    }
    if (c == '#') {
      const std::size_t begin = at;
      while (at < name.size() && name[at] >= '0' && name[at] <= '9') ++at;
      if (at == begin) return std::nullopt;
      found.number = name.substr(begin, at - begin);
      continue;
    }
    if (at == name.size()) return std::nullopt;
    if (c == '@') {
      found.part = three.find(name[at]);
      if (found.part == three.npos) return std::nullopt;
    } else if (c != name[at]) {
      return std::nullopt;
    }
    ++at;
  }
  return at == name.size() ? std::optional{found} : std::nullopt;
}

inline std::string fill_in(std::string_view pattern, const Captured& with) {
  std::string name;
  for (const char c : pattern) {
    if (c == '*') name += with.ending;
    else if (c == '#') name += with.number;
    else if (c == '@') name += three[with.part];
    else name += c;
  }
  return name;
}

/// Tables Hugging Face's older files hold beside the weights: 0, 1, 2 …
inline bool is_position_ids(std::string_view name) { return name.ends_with("_model.embeddings.position_ids"); }

}  // namespace detail

/// The dialect of a file, by its names: openai or huggingface.
inline Dialect dialect_of(const TensorFile& file) {
  const auto tensors = file.tensors();
  const bool other = std::any_of(tensors.begin(), tensors.end(), [](const FileTensor& t) {
    return t.name.starts_with("vision_model.") || t.name.starts_with("text_model.");
  });
  return other ? Dialect::huggingface : Dialect::openai;
}

/// The same file by OpenAI's names, whichever dialect it is in. Nothing is copied. What no rule knows, and q, k, v that are not
/// three of one shape, keep their names.
inline TensorFile in_openai_names(const TensorFile& file) {
  if (dialect_of(file) == Dialect::openai) return file;
  std::vector<FileTensor> renamed;
  const auto rename = [&](const FileTensor& tensor) {
    for (const NameRule& rule : huggingface_names) {
      auto captured = detail::match(rule.other, tensor.name);
      if (!captured) continue;
      FileTensor made{tensor};
      made.name = detail::fill_in(rule.openai, *captured);
      if (made.name != tensor.name && file.find(made.name) != nullptr) break;  // the file has it twice
      if (rule.transposed) {
        if (made.shape.size() != 2) break;
        std::swap(made.shape[0], made.shape[1]);
        made.transposed = true;
      }
      if (rule.other.find('@') != rule.other.npos) {
        std::array<const FileTensor*, 3> parts{};
        for (std::size_t i = 0; i < 3; ++i) {
          captured->part = i;
          parts[i] = file.find(detail::fill_in(rule.other, *captured));
          if (parts[i] == nullptr || parts[i]->shape != tensor.shape || parts[i]->dtype != tensor.dtype ||
              tensor.count() == 0 || tensor.shape.empty())
            return renamed.push_back(tensor);
        }
        if (parts[0] != &tensor) return;  // made where q stands
        made.shape[0] *= 3;
        made.parts = {parts[0]->parts[0], parts[1]->parts[0], parts[2]->parts[0]};
      }
      return renamed.push_back(std::move(made));
    }
    if (!detail::is_position_ids(tensor.name)) renamed.push_back(tensor);
  };
  for (const FileTensor& tensor : file.tensors()) rename(tensor);
  return file.with(std::move(renamed));
}

}  // namespace clip::inline CLIP_ABI
