// clip/checkpoint/infer.hpp: which model a file holds, from the shapes of its tensors and what its folder says.
#pragma once

#include <clip/checkpoint/description.hpp>
#include <clip/checkpoint/dialect.hpp>
#include <clip/checkpoint/folder.hpp>
#include <clip/config/json.hpp>
#include <clip/config/openai.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace clip::inline CLIP_ABI {

/// What shapes do not tell, where the file does not say it either.
struct Assumptions {
  Activation activation = Activation::quick_gelu;
  Index image_heads = 0;  // 0: see infer_config
  Index text_heads = 0;
};

/// What a file is.
struct Inspection {
  VitClipConfig config;
  std::string constant;  // "clip::ViT_B_32"; empty where no constant of the library is such a model
  Dialect dialect;       // of its names
  FileFormat format;
  bool activation_stated = false;  // false: Assumptions::activation was taken
};

namespace detail {

struct NamedConfig {
  std::string_view name;
  const VitClipConfig* config;
};
inline constexpr std::array<NamedConfig, 4> named_configs{
    {{"clip::ViT_B_32", &ViT_B_32}, {"clip::ViT_B_16", &ViT_B_16}, {"clip::ViT_L_14", &ViT_L_14}, {"clip::ViT_L_14_336px", &ViT_L_14_336px}}};

inline std::string constant_named(const VitClipConfig& config) {
  for (const NamedConfig& known : named_configs)
    if (*known.config == config) return std::string(known.name);
  return {};
}

/// Values of all weights, as a real number: shapes of a bad file may multiply to anything.
inline double count_values(const VitClipConfig& c) {
  const auto blocks = [](const auto& tower) {
    const double w = static_cast<double>(tower.width), m = static_cast<double>(tower.hidden());
    return static_cast<double>(tower.layers) * (4 * w * w + 4 * w + 2 * w * m + w + m + 4 * w);
  };
  const double w = static_cast<double>(c.image.width), t = static_cast<double>(c.text.width), e = static_cast<double>(c.embed_dim);
  const double image = w * static_cast<double>(c.image.patch_values()) + w + static_cast<double>(c.image.tokens()) * w + 4 * w + blocks(c.image) + w * e;
  return image + static_cast<double>(c.text.vocabulary + c.text.context) * t + 2 * t + blocks(c.text) + t * e + 1;
}

/// Reads extents of tensors and gathers what is missing.
class ShapeReader {
 public:
  explicit ShapeReader(const TensorFile& file) : file_{file} {}

  /// Extent `axis` of a tensor of `rank` extents, which is 1 to 2^31; 1 after a problem.
  Index operator()(const std::string& name, std::size_t rank, std::size_t axis) {
    const FileTensor* const tensor = file_.find(name);
    if (tensor == nullptr) return problem("no " + name);
    if (tensor->shape.size() != rank) return problem(name + " has " + std::to_string(tensor->shape.size()) + " extents, expected " + std::to_string(rank));
    const Index extent = tensor->shape[axis];
    return extent < 1 || extent > (Index{1} << 31) ? problem(name + " has an extent of " + std::to_string(extent)) : extent;
  }
  Index count_blocks(const std::string& prefix) {
    Index n = 0;
    while (file_.find(prefix + std::to_string(n) + ".attn.in_proj_weight") != nullptr) ++n;
    return n > 0 ? n : problem("no " + prefix + "0.attn.in_proj_weight");
  }
  Index problem(const std::string& what) {
    if (problems_.find(what) == problems_.npos) problems_ += (problems_.empty() ? "" : "; ") + what;
    return 1;
  }
  const std::string& problems() const { return problems_; }

 private:
  const TensorFile& file_;
  std::string problems_;
};

/// Integers that OpenAI's archives carry beside the weights, and nobody else's.
inline constexpr std::array<std::string_view, 3> openai_notes{"input_resolution", "context_length", "vocab_size"};
inline bool is_note(std::string_view name) { return std::find(openai_notes.begin(), openai_notes.end(), name) != openai_notes.end(); }
inline bool is_openais(const TensorFile& file) {
  return std::all_of(openai_notes.begin(), openai_notes.end(), [&](std::string_view note) { return file.find(note) != nullptr; });
}

/// Which family names a file belongs to, where it is none of ours.
inline std::string family_of(const TensorFile& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> signs{{{"visual.layer1.", "a CLIP with a residual network (visual.layer1 …)"},
                                                                                {"visual.attnpool.", "a CLIP with a residual network (visual.attnpool …)"},
                                                                                {"vision_model.head.", "a SigLIP (vision_model.head …)"},
                                                                                {"visual.trunk.", "a CLIP whose image tower is timm's (visual.trunk …)"},
                                                                                {"image_encoder.model.", "a MobileCLIP (image_encoder.model …)"},
                                                                                {"_image_encoder.", "a TinyCLIP (_image_encoder …)"},
                                                                                {"text.", "a CLIP whose text tower stands apart (text …)"}}};
  for (const auto& [prefix, words] : signs)
    for (const FileTensor& t : file.tensors())
      if (t.name.starts_with(prefix)) return std::string(words);
  std::string names;
  for (std::size_t i = 0; i < file.tensors().size() && i < 6; ++i) names += (i ? ", " : "") + file.tensors()[i].name.substr(0, 80);
  return std::to_string(file.tensors().size()) + " tensors" + (names.empty() ? "" : " (" + names + (file.tensors().size() > 6 ? ", …)" : ")"));
}

/// Heads of a tower: as described, as assumed, or by the rule.
inline Index infer_heads(Index width, Index layers, Index stated, Index assumed) {
  if (stated > 0) return stated;
  if (assumed > 0) return assumed;
  for (const auto& [wide, deep, heads] : {std::array<Index, 3>{1280, 32, 16}, {1408, 40, 16}, {1664, 48, 16}})  // OpenCLIP's H, g, bigG
    if (width == wide && layers == deep) return heads;
  return width % 64 == 0 ? width / 64 : 0;
}

}  // namespace detail

/// The configuration of the vision transformer CLIP a file holds, in any dialect.
///
/// Sizes follow from shapes. Heads and activation do not: they come from the folder's config.json or open_clip_config.json where
/// there is one. Otherwise heads are 64 wide (16 in all for OpenCLIP's H, g and bigG image towers); the activation is quick_gelu
/// where the file carries the three integers of OpenAI's own archives, and else what is assumed: quick_gelu unless given.
/// LoadError: no such model, with what was found; a file too small for its own shapes; a description that contradicts the shapes.
[[nodiscard]] inline Result<Inspection> try_inspect(const TensorFile& in_any_dialect, const Assumptions& assumed = {}) {
  const TensorFile file = in_openai_names(in_any_dialect);
  const auto description = detail::try_read_towers(file.description());
  if (!description) return description.error();
  detail::ShapeReader shape{file};
  VitClipConfig c = ViT_B_32;  // mean, deviation, epsilon
  const Index positions = shape("visual.positional_embedding", 2, 0);
  c.embed_dim = shape("visual.proj", 2, 1);
  c.image.width = shape("visual.conv1.weight", 4, 0);
  c.image.patch_size = shape("visual.conv1.weight", 4, 3);
  c.image.layers = shape.count_blocks("visual.transformer.resblocks.");
  const Index image_hidden = shape("visual.transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  c.text.context = shape("positional_embedding", 2, 0);
  c.text.vocabulary = shape("token_embedding.weight", 2, 0);
  c.text.width = shape("token_embedding.weight", 2, 1);
  c.text.layers = shape.count_blocks("transformer.resblocks.");
  const Index text_hidden = shape("transformer.resblocks.0.mlp.c_fc.weight", 2, 0);
  if (!shape.problems().empty())
    return LoadError{file.place(), "not a CLIP with a vision transformer: found " + detail::family_of(file) + "; " + shape.problems()};

  Index grid = 1;
  while (grid * grid < positions - 1) ++grid;
  if (grid * grid != positions - 1) shape.problem("visual.positional_embedding has " + std::to_string(positions) + " rows, expected a square and one");
  c.image.image_size = grid * c.image.patch_size;
  c.image.mlp_width = image_hidden == 4 * c.image.width ? 0 : image_hidden;
  c.text.mlp_width = text_hidden == 4 * c.text.width ? 0 : text_hidden;
  c.image.heads = detail::infer_heads(c.image.width, c.image.layers, description->image.heads, assumed.image_heads);
  c.text.heads = detail::infer_heads(c.text.width, c.text.layers, description->text.heads, assumed.text_heads);
  const bool openai = detail::is_openais(file);
  const auto activation = [&](const detail::DescribedTower& tower) {
    return tower.activation ? *tower.activation : openai ? Activation::quick_gelu : assumed.activation;
  };
  c.image.activation = activation(description->image);
  c.text.activation = activation(description->text);
  if (description->image.epsilon) c.image.epsilon = *description->image.epsilon;
  if (description->text.epsilon) c.text.epsilon = *description->text.epsilon;
  if (description->mean) c.image.mean = *description->mean;
  if (description->deviation) c.image.deviation = *description->deviation;

  for (const auto& [tower, width, heads] : {std::tuple{"image", c.image.width, c.image.heads}, {"text", c.text.width, c.text.heads}})
    if (heads == 0)
      shape.problem(std::string("the heads of the ") + tower + " tower are not known: its width, " + std::to_string(width) + ", is no multiple of 64");
    else if (width % heads != 0) shape.problem(std::to_string(heads) + " heads do not divide the width of the " + tower + " tower, " + std::to_string(width));
  for (const auto& [what, found, stated] : {std::tuple{"image width", c.image.width, description->image.width},
                                            {"image layers", c.image.layers, description->image.layers},
                                            {"image size", c.image.image_size, description->image_size},
                                            {"text width", c.text.width, description->text.width},
                                            {"text layers", c.text.layers, description->text.layers}})
    if (stated > 0 && stated != found)
      shape.problem(std::string(what) + ": " + std::to_string(found) + " by its shapes, " + std::to_string(stated) + " by " + file.description()->place);
  if (!shape.problems().empty()) return LoadError{file.place(), shape.problems()};
  double values = 0;
  for (const FileTensor& t : file.tensors()) values += static_cast<double>(t.count());
  if (const double needed = detail::count_values(c); needed > values) return LoadError{file.place(), "too small for its own shapes: weights", needed, values};
  if (auto possible = check(c); !possible) return LoadError{file.place(), possible.error().message()};
  return Inspection{c, detail::constant_named(c), dialect_of(in_any_dialect), file.format(), description->image.activation.has_value() || openai};
}

/// The configuration alone.
[[nodiscard]] inline Result<VitClipConfig> try_infer_config(const TensorFile& file, const Assumptions& assumed = {}) {
  const auto found = try_inspect(file, assumed);
  return found ? Result<VitClipConfig>{found->config} : found.error();
}
inline VitClipConfig infer_config(const TensorFile& file, const Assumptions& assumed = {}) { return try_infer_config(file, assumed).value(); }

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
