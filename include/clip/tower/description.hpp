// clip/tower/description.hpp: the trait by which a family of towers describes itself to file formats and to AnyModel.
#pragma once

#include <clip/config/activation.hpp>
#include <clip/config/pos_cnn.hpp>
#include <clip/config/text_pooling.hpp>
#include <clip/core/result.hpp>
#include <clip/core/size.hpp>
#include <clip/io/json_fwd.hpp>
#include <clip/names/dialect.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clip::inline CLIP_ABI {

class JsonReader;
class ShapeReader;

/// The statements of a file, its folder or a configuration about a tower: those that the shapes of its weights do not
/// determine (activation, heads, epsilon), and those that can be compared with them (width, layers). 0 and nullopt: not
/// stated.
struct TowerStatement {
  Index width = 0, layers = 0, heads = 0;
  std::optional<Activation> activation{};
  std::optional<float> epsilon{};
  Index image_size = 0;                   // of image towers that see whole patches only, so that shapes leave it open
  std::optional<Index> pad{};             // id that fills rows, of text towers that attend to it
  std::optional<bool> causal{};           // of text towers whose shapes leave it open
  std::optional<Index> end{};             // id of the end of text, of text towers that fix it; -1: the vocabulary's
  std::optional<bool> last_pooled{};      // of text towers whose shapes leave it open
  std::optional<bool> two_tables{};       // of text towers that may have two tables of positions
  std::optional<Index> stem_padding{};    // of a convolutional stem whose implementations differ in it
  Index head_width = 0;                   // of pruned towers, which have no one number of heads
  std::optional<Index> context{};         // of text towers whose table of positions is longer
  std::optional<Index> offset{};          // row of the first token in that table, where families differ in it
  std::optional<TextPooling> pooling{};   // of text towers that may pool in several ways
  std::optional<bool> projection_tanh{};  // of text towers whose projection may end with a tanh
  std::optional<PosCnnConfig> pos_cnn{};  // of image towers that may have PosCNNs, whose strides shapes leave open
};

/// The classes of transformers that hold a tower: CLIPModel, CLIPImageProcessor; and their model_type. `image`: the
/// name of the class that its image tower is of, where that is another.
struct HuggingfaceClass {
  std::string_view name, model_type;
  std::string_view image{};      // name of the class whose image tower it has, if not its own
  std::string_view processor{};  // name of the class whose image processor it has, if not its own
};

/// Tensors of an image tower that depend on its patch size, by their OpenAI names, and the rows before the grid in the
/// table of positions.
struct PatchTensors {
  std::string_view kernel{}, positions{};
  Index class_rows = 0;
};

/// A published model: its name for users ("laion/ViT-B-32"), its constant in C++ ("clip::laion::ViT_B_32") and its
/// configuration.
template <class Config>
struct NamedVariant {
  std::string_view name, constant;
  Config config;
};

/// A published text tower alone: the same, and the width of its features.
template <class Config>
struct NamedText {
  std::string_view name, constant;
  Config config;
  Index embed_dim;
};

/// `Description<VitConfig>` reads, writes and infers configurations of a family of towers; a family specialises it in
/// tower/<family>/description.hpp. Every member is static. `Config` is the family's configuration type.
///
///   kind                                      the family's name in errors and in JSON ("vit")
///   words                                     the tower in a sentence: "a vision transformer"
///
///   Our own JSON (model/config_json.hpp)
///   bool recognises(const JsonReader&)        whether an "image" or "text" object is of this family
///   Config read(JsonReader&)                  problems go to the reader
///   JsonTree write(const Config&)
///
///   OpenCLIP's JSON (model/openclip_json.hpp): vision_cfg, text_cfg
///   bool recognises_openclip(const JsonReader&)
///   Config read_openclip(JsonReader&, Activation)   not in families that OpenCLIP has not
///   Result<JsonTree> try_write_openclip(const Config&, const std::string& place)
///   in_own_openclip_keys                      whether these objects state activation and epsilon themselves; if not,
///                                             the model's quick_gelu does, and epsilon is 1e-5
///
///   Apple's JSON (model/apple_json.hpp): image_cfg, text_cfg. Only families of MobileCLIP have these three
///   bool recognises_apple(const JsonReader&)
///   Config read_apple(JsonReader&)
///   Result<JsonTree> try_write_apple(const Config&, const std::string& place)
///
///   transformers' JSON (checkpoint/folder_config.hpp): vision_config, text_config
///   Result<JsonTree> try_write_huggingface(const Config&, Index embed_dim, const std::string& place)
///   huggingface                               the HuggingfaceClass that the tower is a part of
///   HuggingfaceClass huggingface_of(const Config&)   the same where it depends on the sizes
///
///   Tensors (checkpoint/infer.hpp)
///   NameTable names(Dialect)                  names in another dialect
///   vector<NameTable> more_names()            more tables, where a dialect has several namings of the tower
///   bool recognises(const ShapeReader&)       whether a file by OpenAI's names has such a tower
///   Config infer(ShapeReader&, const TowerStatement& stated, const TowerStatement& assumed)
///   optional<Activation> activation_by_naming(Dialect, const Config&)   the activation that follows from a file's
///                                             names and the sizes, if implementations with own names differ in it
///   activation_by_implementation              whether they do: the activation then does not distinguish models
///   double count_values(const Config&, Index embed_dim)   a lower bound of the number of values in its weights, as a
///                                             real number: extents of a damaged file may multiply to anything
///   Index embed_dim(ShapeReader&)             text towers; image towers that are opened alone
///   token_table                               text towers: the name of the table with a row per token id
///   unused                                    an array of names that a file may have though the tower, of other
///                                             options, does not use them; optional
///   projection                                the name of the matrix (width, embed_dim) that a tower alone may lack,
///                                             its pooled rows being the features; empty: there is none. A linear layer
///                                             of this name may take its place
///   patches                                   the PatchTensors of an image tower whose patch_size may be changed
///
///   Numbers
///   TowerStatement state(const Config&)       the statements of a configuration
///   void apply(Config&, const TowerStatement&)   sets heads, activation and epsilon
///   void as_published(Config&)                sets details in which implementations of a published model differ as its
///                                             constant has them
///   void as_stored(Config&, Dialect)          sets what a dialect stores otherwise as its files have it
///   std::string_view remark(const Config&)    what a file with these sizes cannot tell, as a sentence; empty: nothing
///   std::string in_words(const Config&)       its sizes, for errors
///   double count_flops(const Config&, Index embed_dim)    of one input; see model/flops.hpp
///   double count_activations(const Config&)   image towers only: values in memory while one image is encoded, at most
///
///   published_texts                           text towers, optional: an array of NamedText
///   published                                 an array of NamedVariant, may be empty; text towers: optional, models
///                                             with a text tower of their own kind
///
/// A family derives from DescriptionDefaults and omits the members that have a default.
template <class Config>
struct Description;

/// The defaults of optional members.
struct DescriptionDefaults {
  static NameTable names(Dialect dialect) { return {.dialect = dialect}; }
  static std::vector<NameTable> more_names() { return {}; }
  static constexpr std::string_view token_table = "token_embedding.weight";
  static constexpr std::string_view projection = "";
  static constexpr std::array<std::string_view, 0> unused{};
  static constexpr PatchTensors patches{};
  static Index embed_dim(ShapeReader&) { return 0; }
  static bool recognises_openclip(const JsonReader&) { return false; }
  static constexpr bool in_own_openclip_keys = false;
  static constexpr HuggingfaceClass huggingface{"CLIP", "clip"};
  static std::optional<Activation> activation_by_naming(Dialect, const auto&) { return std::nullopt; }
  static constexpr bool activation_by_implementation = false;
  static void apply(auto&, const TowerStatement&) {}
  static void as_published(auto&) {}
  static void as_stored(auto&, Dialect) {}
  static std::string_view remark(const auto&) { return {}; }
  /// 64 values per pixel: as many as the first layers of the published residual networks have, and more than the
  /// published transformers.
  static constexpr double count_activations(const auto& c) {
    return 64 * static_cast<double>(c.image_size) * static_cast<double>(c.image_size);
  }
};

/// Description::state for a transformer with these five members.
template <class Config>
TowerStatement state_transformer(const Config& c) {
  return {c.width, c.layers, c.heads, c.activation.value, c.epsilon.value};
}

/// The same for a tower that may be pruned (config/pruned_blocks.hpp).
template <class Config>
TowerStatement state_prunable(const Config& c) {
  TowerStatement stated = state_transformer(c);
  stated.head_width = c.pruned.head_width;
  if (c.pruned) stated.heads = 0;
  return stated;
}

/// Description::count_activations for a transformer: its rows, those of attention, and those of the feed-forward layer.
template <class Config>
constexpr double activations_of_transformer(const Config& c) {
  return static_cast<double>(c.tokens()) * (8 * static_cast<double>(c.width) + static_cast<double>(c.hidden()));
}

/// Description::apply for a transformer. The heads of a pruned one follow from its shapes.
template <class Config>
void apply_to_transformer(Config& c, const TowerStatement& stated) {
  if constexpr (requires { c.pruned; }) {
    if (stated.heads > 0 && !c.pruned) c.heads = stated.heads;
  } else if (stated.heads > 0) {
    c.heads = stated.heads;
  }
  if (stated.activation) c.activation = *stated.activation;
  if (stated.epsilon) c.epsilon = *stated.epsilon;
}

/// The number of heads of a transformer whose shapes determine only its width: the stated number, the assumed one, or
/// width / 64. 0: none of these.
inline Index infer_heads(Index width, Index stated, Index assumed) {
  if (stated > 0) return stated;
  if (assumed > 0) return assumed;
  return width % 64 == 0 ? width / 64 : 0;
}

}  // namespace clip::inline CLIP_ABI
