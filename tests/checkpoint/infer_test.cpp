#include <clip/autograd/walk.hpp>
#include <clip/backend/cpu.hpp>
#include <clip/checkpoint/folder_description.hpp>
#include <clip/checkpoint/infer.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/model/catalogue.hpp>
#include <clip/nn/residual_block.hpp>
#include <clip/tower/tower.hpp>

#include "stored_clip.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {
constexpr Assumptions heads{.activation = {}, .image_heads = 4, .text_heads = 2};

/// A file of named shapes whose values are zeros.
struct Shapes {
  TemporaryFolder folder;
  std::vector<std::pair<std::string, std::vector<Index>>> list;

  explicit Shapes(const VitClipConfig& c) : Shapes{c.text, c.embed_dim} {
    const Index w = c.image.width;
    add("visual.class_embedding", {w}), add("visual.positional_embedding", {c.image.tokens(), w}),
        add("visual.conv1.weight", {w, 3, c.image.patch_size, c.image.patch_size});
    if (c.image.projection_bias) {
      add("visual.proj.weight", {c.embed_dim, w});
      add("visual.proj.bias", {c.embed_dim});
    } else {
      add("visual.proj", {w, c.embed_dim});
    }
    if (!c.image.mean_pooled) norm("visual.ln_pre", w);
    norm("visual.ln_post", w);
    blocks("visual.transformer.resblocks.", c.image.block(), c.image.layers);
  }
  explicit Shapes(const ResNetClipConfig& c) : Shapes{c.text, c.embed_dim} {
    for (Index s = 0; s < 4; ++s)
      for (Index b = 0; b < c.image.layers[static_cast<std::size_t>(s)]; ++b)
        add("visual.layer" + std::to_string(s + 1) + "." + std::to_string(b) + ".conv1.weight",
            {c.image.width << s, c.image.width, 1, 1});
    const Index d = c.image.features();
    add("visual.attnpool.positional_embedding", {c.image.tokens(), d}),
        add("visual.attnpool.c_proj.weight", {c.embed_dim, d});
    for (const char* n : {"q", "k", "v"}) add("visual.attnpool." + std::string(n) + "_proj.weight", {d, d});
  }
  /// Of other families: the parameters of their towers, and a bias if the model has one.
  template <class Image, class Text>
  explicit Shapes(const ClipConfig<Image, Text>& c) {
    const auto walk = [&](const std::string& prefix, const auto& config) {
      using Config = std::remove_cvref_t<decltype(config)>;
      const TowerOf<Tower<Config>::dynamic, dyn, Cpu<>, Residual> tower{config, c.embed_dim};
      visit_parameters(tower, [&](std::string_view name, const auto& p) {
        add(prefix + std::string(name), {p.shape.extent.begin(), p.shape.extent.begin() + p.shape.rank});
      });
    };
    walk("visual.", c.image);
    walk("", c.text);
    add("logit_scale", {});
    if (c.logit_bias) add("logit_bias", {});
  }
  Shapes(const TextConfig& c, Index embed_dim) {
    add("positional_embedding", {c.context, c.width}), add("token_embedding.weight", {c.vocabulary, c.width}),
        add("text_projection", {c.width, embed_dim}), add("logit_scale", {});
    if (c.two_tables) add("positional_embedding_res", {c.context, c.width});
    norm("ln_final", c.width);
    blocks("transformer.resblocks.", c.block(), c.layers);
  }
  void add(std::string name, std::vector<Index> shape) { list.emplace_back(std::move(name), std::move(shape)); }
  void norm(const std::string& name, Index w) {
    add(name + ".weight", {w});
    add(name + ".bias", {w});
  }
  void blocks(const std::string& prefix, const BlockConfig& b, Index layers) {
    for (Index i = 0; i < layers; ++i) {
      const std::string p = prefix + std::to_string(i) + ".";
      norm(p + "ln_1", b.width);
      norm(p + "ln_2", b.width);
      add(p + "attn.in_proj_weight", {3 * b.width, b.width});
      add(p + "attn.in_proj_bias", {3 * b.width});
      add(p + "attn.out_proj.weight", {b.width, b.width});
      add(p + "attn.out_proj.bias", {b.width});
      add(p + "mlp.c_fc.weight", {b.hidden, b.width});
      add(p + "mlp.c_fc.bias", {b.hidden});
      add(p + "mlp.c_proj.weight", {b.width, b.hidden});
      add(p + "mlp.c_proj.bias", {b.width});
    }
  }
  std::vector<Index>& at(const std::string& name) {
    for (auto& [n, shape] : list)
      if (n == name) return shape;
    FAIL("no " << name);
    return list[0].second;
  }
  /// The directory of a file without its bytes: inference must not depend on them.
  TensorFile file() const {
    static const Safetensors none = [] {
      static const std::string text("\2\0\0\0\0\0\0\0{}", 10);
      return try_parse_safetensors(as_byte_span(text), "x").value();
    }();
    std::vector<FileTensor> tensors;
    for (const auto& [name, shape] : list) tensors.emplace_back(StoredTensor{name, Dtype::f32, shape, {}});
    return TensorFile{none}.with(std::move(tensors));
  }
};
Inspection inspect_of(const TensorFile& file) { return try_inspect(file).value(); }
std::string message(const TensorFile& file, const Assumptions& assumed = {}) {
  const auto result = try_inspect(file, assumed);
  REQUIRE(!result);
  CHECK(result.error().kind() == ErrorKind::load);
  return result.error().message();
}
}  // namespace

TEST_CASE("inspect: every constant is recognised from its shapes and its activation") {
  for (const NamedConfig& known : named_configs()) {
    CAPTURE(known.name);
    AnyConfig config = known.config;
    // Shapes determine neither the preprocessing nor pixels beyond the last whole patch.
    if (known.name == "siglip/ViT-SO400M-14-378") continue;
    // Those of a BERT leave its context and its pooling open.
    if (known.name == "biomedclip" || known.name == "experiment/ResNet-34-BERT") continue;
    const TensorFile file = config.visit([](const auto& c) { return Shapes{c}.file(); });
    Assumptions assumed{.stem_padding = detail::state(config.image).stem_padding};
    const Inspection without = try_inspect(file, assumed).value();
    assumed.activation = detail::state(config.text).activation;
    const auto found = try_inspect(file, assumed);
    REQUIRE(found);
    config.preprocessing() = without.config.input().preprocessing;
    CHECK(found->config == config);
    CHECK(found->activation_known);
    if (config == known.config) CHECK(find_config(found->name) == known.config);
    // Towers that only one implementation has state none, Long-CLIP's two tables are of one training, and Chinese-CLIP's
    // vocabulary is that of one publisher.
    const bool one_training = known.name.starts_with("longclip/") || known.name.starts_with("chinese-clip/");
    CHECK(without.activation_known ==
          (one_training || (!detail::state(config.image).activation && !detail::state(config.text).activation)));
  }
  CHECK(inspect_of(Shapes{ViT_B_32}.file()).constant == "clip::ViT_B_32");
  CHECK(inspect_of(Shapes{RN101}.file()).name == "RN101");
}

TEST_CASE("inspect: other sizes, and numbers of heads by OpenCLIP's rule") {
  VitClipConfig c = detail::with(laion::ViT_g_14, Activation::quick_gelu);
  c.text.layers = 23;
  const auto found = try_inspect(Shapes{c}.file());
  REQUIRE(found);
  CHECK(found->config == c);
  CHECK(found->constant.empty());
}

TEST_CASE("inspect: files and folders of every kind hold the same model; statements take precedence over assumptions") {
  for (const char* name : {"state.pt", "half.pt", "nested.pt", "wanted.safetensors"}) {
    CHECK(inspect(files + name, heads).config == AnyConfig{Quick});
    CHECK(inspect(files + name, {Activation::gelu, 4, 2}).config == AnyConfig{Stored});
  }
  const Inspection script = inspect(files + "script.pt", {Activation::gelu, 4, 2});
  CHECK(script.config == AnyConfig{Quick});  // OpenAI's archives were trained with quick_gelu
  CHECK(script.activation_known);
  CHECK(script.format == FileFormat::torchscript);
  const Inspection folder = inspect(files + "huggingface");
  CHECK(folder.config == AnyConfig{Stored});
  CHECK(folder.activation_known);
  CHECK(folder.dialect == Dialect::huggingface);
}

TEST_CASE("inspect: a description can state every property that shapes do not determine") {
  const TemporaryFolder temporary;
  const std::string folder = copy_folder(temporary);
  replace_in(folder + "/config.json", "\"gelu\"", "\"gelu_new\"");
  replace_in(folder + "/config.json", "1e-05", "1e-06");
  put(folder + "/preprocessor_config.json",
      R"({"image_mean": [0.5, 0.25, 0], "image_std": [1, 2, 3], "crop_size": 8, "resample": 2, "size": {"height": 8, "width": 8}})");
  VitClipConfig c = Stored;
  c.image.activation = c.text.activation = Activation::gelu_tanh;
  c.image.epsilon = c.text.epsilon = 1e-6f;
  c.image.preprocessing = {
      ResizeMode::squash, Interpolation::bilinear, ColorOrder::huggingface, {0.5f, 0.25f, 0.0f}, {1, 2, 3}};
  CHECK(inspect(folder).config == AnyConfig{c});

  put(folder + "/open_clip_config.json",
      R"({"model_cfg": {"embed_dim": 8, "quick_gelu": true, "vision_cfg": {"image_size": 8, "layers": 1, "width": 16, "head_width": 8, "patch_size": 4},
    "text_cfg": {"context_length": 5, "vocab_size": 12, "width": 16, "heads": 4, "layers": 1}}, "preprocess_cfg": {"mean": [0, 0, 0], "std": [1, 1, 1]}})");
  c = Quick;
  c.image.heads = 2, c.text.heads = 4;
  c.image.preprocessing.mean = {0, 0, 0};
  c.image.preprocessing.deviation = {1, 1, 1};
  CHECK(inspect(folder).config == AnyConfig{c});
  replace_in(folder + "/open_clip_config.json", "\"quick_gelu\": true, ", "");
  CHECK(std::get<TextConfig>(inspect(folder).config.text).activation == Activation::gelu);
}

TEST_CASE("inspect: pixels beyond the last whole patch are as stated") {
  auto c = siglip::ViT_B_16;
  c.embed_dim = c.image.width = c.text.width = 64;
  c.image.layers = c.text.layers = 1;
  c.image.heads = c.text.heads = 4;
  c.text.vocabulary = 100;
  c.image.patch_size = 14;
  c.image.image_size = 380;  // 27 patches and 2 pixels
  const Shapes shapes{c};
  const auto folder = std::make_shared<FolderDescription>();
  folder->place = "config.json";
  folder->config = parse_json(R"({"model_type": "siglip",
      "vision_config": {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "image_size": 380},
      "text_config": {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 100}})",
                              folder->place);
  CHECK(inspect_of(shapes.file().in_folder("x", folder)).config.input().image_size == 380);
  CHECK(inspect_of(shapes.file()).config.input().image_size == 378);
}

TEST_CASE("inspect: an invalid description, or one that contradicts the shapes, is an error") {
  const auto changed = [](const std::string& from, const std::string& to) {
    const TemporaryFolder temporary;
    const std::string folder = copy_folder(temporary);
    replace_in(folder + "/config.json", from, to);
    const auto result = try_inspect(folder);
    REQUIRE(!result);
    return result.error().message().substr(temporary.path.size());
  };
  CHECK(changed("\"gelu\"", "\"relu\"") ==
        "/model/config.json: vision_config.hidden_act: expected quick_gelu, gelu, gelu_new or gelu_pytorch_tanh, found "
        "\"relu\"; text_config.hidden_act: expected quick_gelu, gelu, "
        "gelu_new or gelu_pytorch_tanh, found \"relu\"");
  CHECK(changed("\"num_attention_heads\": 4", "\"num_attention_heads\": 3") ==
        "/model: 3 heads do not divide the width of the image tower, 16");
  CHECK(changed("\"num_attention_heads\": 4", "\"num_attention_heads\": -4") ==
        "/model/config.json: vision_config.num_attention_heads: expected a positive integer, found -4");
  CHECK(changed("\"image_size\": 8", "\"image_size\": 16").starts_with("/model: image size: 8 by its shapes, 16 by "));
  CHECK(changed("\"hidden_size\": 16", "\"hidden_size\": 32")
            .starts_with("/model: image width: 16 by its shapes, 32 by "));
  CHECK(changed("1e-05", "\"small\"")
            .starts_with("/model/config.json: vision_config.layer_norm_eps: expected a number, found \"small\""));
}

TEST_CASE("inspect: the error for another kind of model names that kind") {
  Shapes shapes{ViT_B_32};
  shapes.list.erase(shapes.list.begin(), shapes.list.begin() + 4);
  shapes.add("visual.trunk.patch_embed.proj.bias", {192});
  CHECK(message(shapes.file()) ==
        "x: not a CLIP with a vision transformer: found a CLIP whose image tower is timm's (visual.trunk …); no "
        "text_projection; no positional_embedding; no "
        "token_embedding.weight");
  Shapes half{RN50};
  half.list.pop_back();
  half.at("visual.attnpool.c_proj.weight") = {1024};
  CHECK(message(half.file()).find("not a CLIP with a residual network: found ") != std::string::npos);
  CHECK(message(half.file()).ends_with("visual.attnpool.c_proj.weight has 1 extents, expected 2"));
  Shapes other{ViT_B_32};
  other.list = {{"a", {1}}, {"b", {2}}};
  CHECK(message(other.file())
            .starts_with("x: not a CLIP with a vision transformer: found 2 tensors (a, b); no text_projection; no "
                         "visual.positional_embedding; "));
  other.list.clear();
  CHECK(message(other.file()).starts_with("x: not a CLIP with a vision transformer: found 0 tensors; "));
}

TEST_CASE("inspect: impossible sizes are errors") {
  const auto with = [](const char* name, std::vector<Index> shape) {
    Shapes shapes{ViT_B_32};
    shapes.at(name) = std::move(shape);
    return message(shapes.file()).substr(3);
  };
  CHECK(with("visual.positional_embedding", {51, 768}) ==
        "visual.positional_embedding has 51 rows, expected a square plus one");
  CHECK(with("visual.conv1.weight", {768, 3072}).ends_with("visual.conv1.weight has 2 extents, expected 4"));
  CHECK(with("visual.proj", {768, 0}).ends_with("visual.proj has an extent of 0"));
  CHECK(with("token_embedding.weight", {49408, 500})
            .find("the heads of the text tower are not known: its width, 500, is not a multiple of 64") !=
        std::string::npos);
  CHECK(
      message(open_tensors(files + "half.pt"))
          .find("the heads of the image tower are not known: its width, 16, is not a multiple of 64; the heads of the "
                "text tower") != std::string::npos);
  CHECK(message(open_tensors(files + "half.pt"), {{}, 5, 2})
            .ends_with("5 heads do not divide the width of the image tower, 16"));
}

TEST_CASE("inspect: a small file cannot describe a large model") {
  Shapes shapes{ViT_B_32};
  shapes.at("visual.conv1.weight")[0] = 640'000;
  CHECK(message(shapes.file()).find("too small for its own shapes: weights: expected ") != std::string::npos);
  Shapes deep{ViT_B_32};
  for (Index i = 12; i < 1000; ++i)
    deep.add("transformer.resblocks." + std::to_string(i) + ".attn.in_proj_weight", {1});
  CHECK(message(deep.file()).find("too small for its own shapes: weights: expected ") != std::string::npos);
}

TEST_CASE("inspect: a real checkpoint") {
  CLIP_TEST_DATA_OR_RETURN(data, "inspect: a real checkpoint");
  const AnyConfig c = inspect(std::string(data) + "/fashion-clip/trained.safetensors").config;
  CHECK(c.input().image_size == 28);
  CHECK(std::get<VitConfig>(c.image).heads == 1);
  CHECK(c.text_input().context == 32);
}

TEST_CASE("inspect: epsilon and preprocessing that a file leaves open are the assumed ones") {
  Preprocessing squash;
  squash.resize = ResizeMode::squash;
  const Assumptions assumed{
      .activation = Activation::gelu, .image_heads = 4, .text_heads = 2, .epsilon = 1e-6f, .preprocessing = squash};
  auto expected = Stored;
  expected.image.epsilon = expected.text.epsilon = 1e-6f;
  expected.image.preprocessing = squash;
  CHECK(inspect(files + "half.pt", assumed).config == AnyConfig{expected});
  CHECK(inspect(files + "half.pt", assume(AnyConfig{expected})).config == AnyConfig{expected});
  CHECK(inspect(files + "huggingface", {.epsilon = 1e-6f}).config == AnyConfig{Stored});  // config.json states it
}
