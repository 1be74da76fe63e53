// tests/tower/toy_families.hpp: an image family and a text family outside the library, as a user would define them.
#pragma once

#include <clip/config/preprocessing.hpp>
#include <clip/families.hpp>
#include <clip/io/json.hpp>
#include <clip/io/json_reader.hpp>
#include <clip/names/shape_reader.hpp>
#include <clip/nn/linear.hpp>
#include <clip/nn/mean_pool.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tokens/prefix_tree.hpp>
#include <clip/tower/counting.hpp>
#include <clip/tower/description.hpp>
#include <clip/tower/json_fields.hpp>
#include <clip/tower/list.hpp>
#include <clip/tower/tower.hpp>

#include <array>
#include <string>
#include <string_view>

namespace clip::inline CLIP_ABI {

/// An image tower of two linear maps over all pixels.
struct FlatConfig {
  Index image_size;
  Index hidden;
  Index channels = 3;
  Preprocessing preprocessing{};

  constexpr Index values() const {
    return sized([](Index s, Index c) { return c * s * s; }, image_size, channels);
  }
  constexpr bool fixed() const { return image_size != dyn && hidden != dyn; }
  friend constexpr bool operator==(const FlatConfig&, const FlatConfig&) = default;
};
constexpr const char* problem(const FlatConfig& c) {
  return c.fixed() && (c.image_size < 1 || c.hidden < 1) ? "FlatConfig: sizes must be positive" : nullptr;
}

template <FlatConfig C, Index Embed, Backend B>
struct FlatTower {
  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Linear<B, C.values(), C.hidden> fc1{config->values(), config->hidden};
  Linear<B, C.hidden, Embed> fc2{config->hidden, embed_dim};

  constexpr FlatTower(Known<C> config_ = {}, Size<Embed> embed_dim_ = {}) : config{config_}, embed_dim{embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("fc1", self.fc1);
    visit("fc2", self.fc2);
  }

  static constexpr Index depth() { return 1; }
  static constexpr Index images_at_once() { return 3; }

  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, Rows<Cx, dyn> images) const {
    return fc2(cx, states(cx, images, 1));
  }
  template <class Cx>
  Rows<Cx, C.hidden> states(Cx& cx, Rows<Cx, dyn> images, Index) const {
    return fc1.with(cx, fn::Relu{}, images);
  }
};

template <>
struct Tower<FlatConfig> {
  template <FlatConfig C, Index Embed, class B, class>
  using type = FlatTower<C, Embed, B>;
  static constexpr FlatConfig dynamic{.image_size = dyn, .hidden = dyn};
};

/// A text tower that projects the mean of token and position vectors.
struct BagConfig {
  Index context;
  Index vocabulary;
  Index width;

  constexpr bool fixed() const { return context != dyn && vocabulary != dyn && width != dyn; }
  friend constexpr bool operator==(const BagConfig&, const BagConfig&) = default;
};
constexpr const char* problem(const BagConfig& c) {
  return c.fixed() && (c.context < 1 || c.vocabulary < 1 || c.width < 1) ? "BagConfig: sizes must be positive"
                                                                         : nullptr;
}

template <BagConfig C, Index Embed, Backend B>
struct BagTower {
  using T = typename B::Scalar;
  [[no_unique_address]] Known<C> config;
  [[no_unique_address]] Size<Embed> embed_dim;
  Parameter<T> tokens{{config->vocabulary, config->width}, Init::normal(0.5)};
  Parameter<T> positions{Parameter<T>{{config->context, config->width}, Init::normal(0.1)}.stretched(Stretch::line)};
  Linear<B, C.width, Embed> head{config->width, embed_dim};

  constexpr BagTower(Known<C> config_ = {}, Size<Embed> embed_dim_ = {}) : config{config_}, embed_dim{embed_dim_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("bag.tokens", self.tokens);
    visit("bag.positions", self.positions);
    visit("bag.head", self.head);
  }

  static constexpr Index depth() { return 0; }
  void arrange(const Texts& texts, TextBatch& batch) const { ragged_batch(texts, batch, Pooling::mean); }
  void arrange_rows(const Texts& texts, bool, TextBatch& batch) const { arrange(texts, batch); }

  template <class Cx>
  Rows<Cx, Embed> operator()(Cx& cx, const TextBatch& batch) const {
    const auto pooled = gather(cx, states(cx, batch, 0), batch.sequences.pooled());
    return head(cx, mean_of_pooled(cx, pooled, batch.sequences));
  }
  template <class Cx>
  Rows<Cx, C.width> states(Cx& cx, const TextBatch& batch, Index) const {
    return embedding(cx, Size<C.width>{config->width}, batch.ids, batch.sequences.positions(), tokens, positions);
  }
};

template <>
struct Tower<BagConfig> {
  template <BagConfig C, Index Embed, class B, class>
  using type = BagTower<C, Embed, B>;
  static constexpr BagConfig dynamic{.context = dyn, .vocabulary = dyn, .width = dyn};
};

using ToyClipConfig = ClipConfig<FlatConfig, BagConfig>;
inline constexpr ToyClipConfig Toy{
    .embed_dim = 6, .image = {.image_size = 4, .hidden = 10}, .text = {.context = 7, .vocabulary = 20, .width = 5}};

namespace toy {
inline constexpr std::array<NameRule, 2> flat_huggingface_names{
    {{"visual.fc1.*", "vision_flat.dense_in.*"}, {"visual.fc2.*", "vision_flat.dense_out.*"}}};
inline constexpr std::array<NameRule, 3> bag_huggingface_names{{{"bag.tokens", "text_bag.embeddings.weight"},
                                                                {"bag.positions", "text_bag.positions.weight"},
                                                                {"bag.head.*", "text_bag.head.*"}}};
}  // namespace toy

template <>
struct Description<FlatConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "flat";
  static constexpr std::string_view words = "a flat image tower";

  static bool recognises(const JsonReader& image) { return image.says("kind", kind); }
  static FlatConfig read(JsonReader& image) {
    FlatConfig c{.image_size = image.integer("image_size", 1), .hidden = image.integer("hidden", 1)};
    c.preprocessing = read_preprocessing(image);
    return c;
  }
  static JsonTree write(const FlatConfig& c) {
    JsonTree image = json_object("kind", kind, "image_size", c.image_size, "hidden", c.hidden);
    write_preprocessing(image, c.preprocessing);
    return image;
  }

  static FlatConfig read_openclip(JsonReader&, Activation) { return Toy.image; }
  static Result<JsonTree> try_write_openclip(const FlatConfig&, const std::string& place) {
    return OptionError{place, "OpenCLIP has no flat tower"};
  }
  static Result<JsonTree> try_write_huggingface(const FlatConfig& c, Index, const std::string&) {
    return json_object("model_type", "flat", "image_size", c.image_size, "hidden_size", c.hidden);
  }

  static NameTable names(Dialect dialect) {
    if (dialect != Dialect::huggingface) return {.dialect = dialect};
    return {.dialect = dialect, .prefix = "vision_flat.", .rules = toy::flat_huggingface_names};
  }
  static bool recognises(const ShapeReader& shape) { return shape.has("visual.fc1.weight"); }
  static FlatConfig infer(ShapeReader& shape, const TowerStatement&, const TowerStatement&) {
    FlatConfig c{.image_size = 1, .hidden = shape("visual.fc1.weight", 2, 0)};
    const Index values = shape("visual.fc1.weight", 2, 1);
    while (c.values() < values) ++c.image_size;
    if (c.values() != values) shape.problem("visual.fc1.weight has no square of pixels");
    return c;
  }
  static double count_values(const FlatConfig& c, Index embed_dim) {
    return static_cast<double>(c.hidden) * static_cast<double>(c.values() + embed_dim);
  }

  static TowerStatement state(const FlatConfig&) { return {}; }
  static std::string in_words(const FlatConfig& c) { return "flat, hidden " + std::to_string(c.hidden); }
  static constexpr double count_flops(const FlatConfig& c, Index embed_dim) {
    return flops_of_product(1, c.values(), c.hidden) + flops_of_product(1, c.hidden, embed_dim);
  }

  static constexpr std::array<NamedVariant<ToyClipConfig>, 1> published{{{"toy/flat", "clip::Toy", Toy}}};
};

template <>
struct Description<BagConfig> : DescriptionDefaults {
  static constexpr std::string_view kind = "bag";
  static constexpr std::string_view words = "a bag of tokens";
  static constexpr std::string_view token_table = "bag.tokens";

  static bool recognises(const JsonReader& text) { return text.says("kind", kind); }
  static BagConfig read(JsonReader& text) {
    return {.context = text.integer("context", 1),
            .vocabulary = text.integer("vocabulary", 1),
            .width = text.integer("width", 1)};
  }
  static Json write(const BagConfig& c) {
    return {{"kind", kind}, {"context", c.context}, {"vocabulary", c.vocabulary}, {"width", c.width}};
  }

  static BagConfig read_openclip(JsonReader&, Activation) { return Toy.text; }
  static Result<Json> try_write_openclip(const BagConfig&, const std::string& place) {
    return OptionError{place, "OpenCLIP has no bag of tokens"};
  }
  static Result<Json> try_write_huggingface(const BagConfig& c, Index, const std::string&) {
    return Json{{"model_type", "bag"}, {"vocab_size", c.vocabulary}, {"hidden_size", c.width}};
  }

  static NameTable names(Dialect dialect) {
    if (dialect != Dialect::huggingface) return {.dialect = dialect};
    return {.dialect = dialect, .prefix = "text_bag.", .rules = toy::bag_huggingface_names};
  }
  static bool recognises(const ShapeReader& shape) { return shape.has("bag.tokens"); }
  static Index embed_dim(ShapeReader& shape) { return shape("bag.head.weight", 2, 0); }
  static BagConfig infer(ShapeReader& shape, const TowerStatement&, const TowerStatement&) {
    return {.context = shape("bag.positions", 2, 0),
            .vocabulary = shape("bag.tokens", 2, 0),
            .width = shape("bag.tokens", 2, 1)};
  }
  static double count_values(const BagConfig& c, Index embed_dim) {
    return static_cast<double>(c.width) * static_cast<double>(c.vocabulary + c.context + embed_dim);
  }

  static TowerStatement state(const BagConfig&) { return {}; }
  static std::string in_words(const BagConfig& c) { return "bag, width " + std::to_string(c.width); }
  static constexpr double count_flops(const BagConfig& c, Index embed_dim) {
    return flops_of_product(1, c.width, embed_dim);
  }
};

/// The library's families and these two, as in tower/list.hpp with one more line each.
struct ToyFamilies : Families<List<VitConfig, ResNetConfig, FlatConfig>, List<TextConfig, BagConfig>> {};

}  // namespace clip::inline CLIP_ABI
