// clip/checkpoint/infer.hpp: which model a file holds, from the shapes of its tensors and what it or its folder states.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/config/names.hpp>
#include <clip/names/dialect.hpp>
#include <clip/names/shapes.hpp>

#include <optional>
#include <string>
#include <tuple>
#include <variant>

namespace clip::inline CLIP_ABI {

/// What shapes do not tell, where the file does not state it either.
struct Assumptions {
  std::optional<Activation> activation{};
  Index image_heads = 0;  // 0: see try_inspect
  Index text_heads = 0;
};

/// What a file is.
struct Inspection {
  AnyConfig config;
  std::string name, constant;  // "ViT-B/32", "clip::ViT_B_32"; empty where no constant of the library is such a model
  Dialect dialect;             // of its names
  FileFormat format;
  bool activation_known = false;  // stated or assumed; false: the configuration's quick_gelu is a guess
};

namespace detail {

/// Values of all weights, as a real number: shapes of a bad file may multiply to anything.
template <class Tower>
double count_block_values(const Tower& tower) {
  const double w = static_cast<double>(tower.width), m = static_cast<double>(tower.hidden());
  return static_cast<double>(tower.layers) * (4 * w * w + 4 * w + 2 * w * m + w + m + 4 * w);
}
inline double count_values(const TextConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return static_cast<double>(c.vocabulary + c.context) * w + 2 * w + count_block_values(c) +
         w * static_cast<double>(embed_dim) + 1;
}
inline double count_values(const VitConfig& c, Index embed_dim) {
  const double w = static_cast<double>(c.width);
  return w * static_cast<double>(c.patch_values() + 1 + c.tokens()) + 4 * w + count_block_values(c) +
         w * static_cast<double>(embed_dim);
}
/// Of a residual network the attention pool alone, which has most of them.
inline double count_values(const ResNetConfig& c, Index embed_dim) {
  const double d = static_cast<double>(c.features());
  return d * (3 * d + static_cast<double>(embed_dim + c.tokens()));
}

/// Heads of a tower: as stated, as assumed, or 64 wide.
inline Index infer_heads(Index width, Index stated, Index assumed) {
  return stated > 0 ? stated : assumed > 0 ? assumed : width % 64 == 0 ? width / 64 : 0;
}

/// OpenCLIP's H, g and bigG image towers have 16 heads whatever their width.
inline bool has_sixteen_heads(Index width, Index layers) {
  return (width == 1280 && layers == 32) || (width == 1408 && layers == 40) || (width == 1664 && layers == 48);
}

/// The side of a square of `positions` less one.
inline Index infer_grid(ShapeReader& shape, const char* name, Index positions) {
  Index grid = 1;
  while (grid * grid < positions - 1) ++grid;
  if (grid * grid != positions - 1)
    shape.problem(std::string(name) + " has " + std::to_string(positions) + " rows, expected a square and one");
  return grid;
}

inline VitConfig infer_vit(ShapeReader& shape, const DescribedTower& stated, const Assumptions& assumed) {
  VitConfig c = ViT_B_32.image;
  const Index positions = shape("visual.positional_embedding", 2, 0);
  shape("visual.proj", 2, 1);
  c.width = shape("visual.conv1.weight", 4, 0);
  c.patch_size = shape("visual.conv1.weight", 4, 3);
  c.layers = shape.count_blocks("visual.transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty()) return c;
  c.image_size = infer_grid(shape, "visual.positional_embedding", positions) * c.patch_size;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  c.heads = infer_heads(c.width, stated.heads,
                        assumed.image_heads > 0 || !has_sixteen_heads(c.width, c.layers) ? assumed.image_heads : 16);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  return c;
}

inline ResNetConfig infer_resnet(ShapeReader& shape) {
  ResNetConfig c = RN50.image;
  c.width = shape("visual.layer1.0.conv1.weight", 4, 0);
  for (std::size_t s = 0; s < 4; ++s)
    c.layers[s] = shape.count_blocks("visual.layer" + std::to_string(s + 1) + ".", "conv1.weight");
  const Index positions = shape("visual.attnpool.positional_embedding", 2, 0);
  shape("visual.attnpool.c_proj.weight", 2, 1);
  if (shape.problems().empty())
    c.image_size = 32 * infer_grid(shape, "visual.attnpool.positional_embedding", positions);
  return c;
}

inline TextConfig infer_text(ShapeReader& shape, const DescribedTower& stated, const Assumptions& assumed) {
  TextConfig c = ViT_B_32.text;
  c.context = shape("positional_embedding", 2, 0);
  c.vocabulary = shape("token_embedding.weight", 2, 0);
  c.width = shape("token_embedding.weight", 2, 1);
  c.layers = shape.count_blocks("transformer.resblocks.", "attn.in_proj_weight");
  const Index hidden = shape("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  shape("text_projection", 2, 1);
  if (!shape.problems().empty()) return c;
  c.mlp_width = hidden == 4 * c.width ? 0 : hidden;
  c.heads = infer_heads(c.width, stated.heads, assumed.text_heads);
  c.activation = stated.activation.value_or(assumed.activation.value_or(Activation::quick_gelu));
  c.epsilon = stated.epsilon.value_or(c.epsilon);
  return c;
}

/// What cannot be, by the numbers alone.
inline void judge_tower(ShapeReader& shape, const std::string& name, Index width, Index heads) {
  if (heads == 0)
    shape.problem("the heads of the " + name + " tower are not known: its width, " + std::to_string(width) +
                  ", is no multiple of 64");
  else if (width % heads != 0)
    shape.problem(std::to_string(heads) + " heads do not divide the width of the " + name + " tower, " +
                  std::to_string(width));
}

/// What shapes and statements contradict each other in.
inline void judge(ShapeReader& shape, const AnyConfig& c, const DescribedModel& stated) {
  const auto compare = [&](const char* what, Index found, Index said) {
    if (said > 0 && said != found)
      shape.problem(std::string(what) + ": " + std::to_string(found) + " by its shapes, " + std::to_string(said) +
                    " by " + stated.place);
  };
  if (const auto* const vit = std::get_if<VitConfig>(&c.image)) {
    judge_tower(shape, "image", vit->width, vit->heads);
    compare("image width", vit->width, stated.image.width);
    compare("image layers", vit->layers, stated.image.layers);
  }
  judge_tower(shape, "text", c.text.width, c.text.heads);
  compare("image size", c.input().image_size, stated.image_size);
  compare("text width", c.text.width, stated.text.width);
  compare("text layers", c.text.layers, stated.text.layers);
}

}  // namespace detail

/// The configuration of the CLIP a file holds, in any dialect.
///
/// Sizes follow from shapes. Heads, activation and preprocessing do not: they come from the folder's config.json or
/// open_clip_config.json, or from the metadata of files written here. Otherwise heads are 64 wide (16 in all for OpenCLIP's H, g and
/// bigG image towers); the activation is quick_gelu where the file carries the three integers of OpenAI's own archives, and else
/// what is assumed.
/// LoadError: no such model, with what was found; a file too small for its own shapes; statements that contradict the shapes.
[[nodiscard]] inline Result<Inspection> try_inspect(const TensorFile& in_any_dialect, const Assumptions& assumed = {}) {
  const TensorFile file = in_openai_names(in_any_dialect);
  const auto stated = detail::try_read_description(file);
  if (!stated) return stated.error();
  detail::ShapeReader shape{file};
  const bool residual = file.find("visual.layer1.0.conv1.weight") != nullptr;
  const Index embed_dim = shape("text_projection", 2, 1);
  AnyConfig c =
      residual ? AnyConfig{ClipConfig<ResNetConfig, TextConfig>{embed_dim, detail::infer_resnet(shape), ViT_B_32.text}}
               : AnyConfig{VitClipConfig{embed_dim, detail::infer_vit(shape, stated->image, assumed), ViT_B_32.text}};
  c.text = detail::infer_text(shape, stated->text, assumed);
  if (stated->preprocessing) c.preprocessing() = *stated->preprocessing;
  const std::string kind =
      residual ? "not a CLIP with a residual network: found " : "not a CLIP with a vision transformer: found ";
  if (shape.missing()) return LoadError{file.place(), kind + detail::family_of(file) + "; " + shape.problems()};
  detail::judge(shape, c, *stated);
  if (!shape.problems().empty()) return LoadError{file.place(), shape.problems()};
  double values = 0;
  for (const FileTensor& t : file.tensors()) values += static_cast<double>(t.count());
  const double needed = c.visit([](const auto& config) {
    return detail::count_values(config.image, config.embed_dim) + detail::count_values(config.text, config.embed_dim);
  });
  if (needed > values) return LoadError{file.place(), "too small for its own shapes: weights", needed, values};
  if (auto possible = check(c); !possible) return LoadError{file.place(), possible.error().message()};
  const NamedConfig* const known = find_named(c);
  return Inspection{c,
                    known ? std::string(known->name) : "",
                    known ? std::string(known->constant) : "",
                    dialect_of(in_any_dialect),
                    file.format(),
                    stated->text.activation || assumed.activation};
}

/// The configuration alone.
[[nodiscard]] inline Result<AnyConfig> try_infer_config(const TensorFile& file, const Assumptions& assumed = {}) {
  const auto found = try_inspect(file, assumed);
  return found ? Result<AnyConfig>{found->config} : found.error();
}
inline AnyConfig infer_config(const TensorFile& file, const Assumptions& assumed = {}) {
  return try_infer_config(file, assumed).value();
}

/// What the file or folder at a path is. Errors as try_open_tensors, too.
template <class Inflate = detail::Inflate>
[[nodiscard]] Result<Inspection> try_inspect(const std::string& path, const Assumptions& assumed = {}) {
  const auto file = try_open_tensors<Inflate>(path);
  return file ? try_inspect(*file, assumed) : file.error();
}
template <class Inflate = detail::Inflate>
Inspection inspect(const std::string& path, const Assumptions& assumed = {}) {
  return try_inspect<Inflate>(path, assumed).value();
}

}  // namespace clip::inline CLIP_ABI
