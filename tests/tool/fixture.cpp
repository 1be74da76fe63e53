// Creates the inputs of the tool tests: small models with random weights, a vocabulary, images, and the features that
// the library computes from them.   fixture FOLDER [wide]
#include <clip/checkpoint/model_file.hpp>
#include <clip/checkpoint/name_tables.hpp>
#include <clip/checkpoint/save.hpp>
#include <clip/formats/safetensors_write.hpp>
#include <clip/io/json.hpp>
#include <clip/io/npy_write.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/config_json.hpp>
#include <clip/model/fuse.hpp>
#include <clip/task/embed_folder.hpp>
#include <clip/tokenizer/tokenizer.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr clip::TextConfig words{.context = 24,
                                 .vocabulary = 519,
                                 .width = 32,
                                 .layers = 2,
                                 .heads = 2,
                                 .activation = clip::Activation::quick_gelu,
                                 .epsilon = 1e-5f};
constexpr clip::VitClipConfig tiny{.embed_dim = 16,
                                   .image = {.image_size = 32,
                                             .patch_size = 8,
                                             .width = 48,
                                             .layers = 2,
                                             .heads = 3,
                                             .activation = clip::Activation::quick_gelu,
                                             .epsilon = 1e-5f},
                                   .text = words};
constexpr clip::ClipConfig<clip::ResNetConfig, clip::TextConfig> residual{
    .embed_dim = 16, .image = {.image_size = 32, .layers = {1, 1, 1, 1}, .width = 8}, .text = words};
/// A small MobileCLIP.
constexpr clip::MciClipConfig mobile{.embed_dim = 16,
                                     .image = {.image_size = 40,
                                               .stages = {clip::MciStage{1, 8, 12},
                                                          {1, 16, 24},
                                                          {1, 32, 48, false, true},
                                                          {1, 64, 96, true, true, true}}},
                                     .text = {.context = 24,
                                              .vocabulary = 519,
                                              .width = 32,
                                              .layers = 2,
                                              .heads = 2,
                                              .activation = clip::Activation::gelu,
                                              .epsilon = 1e-5f,
                                              .causal = false}};
/// Towers large enough for their weights to outweigh the program: 100 MB of images, 50 MB of texts.
constexpr clip::VitClipConfig wide{.embed_dim = 64,
                                   .image = {.image_size = 32,
                                             .patch_size = 8,
                                             .width = 512,
                                             .layers = 8,
                                             .heads = 8,
                                             .activation = clip::Activation::quick_gelu,
                                             .epsilon = 1e-5f},
                                   .text = {.context = 24,
                                            .vocabulary = 519,
                                            .width = 512,
                                            .layers = 4,
                                            .heads = 8,
                                            .activation = clip::Activation::quick_gelu,
                                            .epsilon = 1e-5f}};

void write_text(const std::string& path, std::string_view text) { clip::write_file(path, clip::as_byte_span(text)); }

void write_rows(const std::string& path, const clip::Features<float, clip::dyn>& features) {
  const clip::Index shape[]{features.size(), features.width()};
  clip::write_npy<float>(path, shape, features.values());
}

void write_model(const std::string& name, const clip::AnyConfig& config) {
  write_text(name + ".json", clip::json_text(clip::to_json(config)));
  clip::AnyModel model{config, clip::Rng{1}};
  clip::save(model, name + ".safetensors");
}

/// tiny.safetensors with finite weights so large that every feature overflows.
void write_huge(const std::string& path, const clip::AnyConfig& config) {
  clip::AnyModel model{config, clip::Rng{1}};
  clip::visit_parameters(model, [](std::string_view name, auto& p) {
    if (name == "visual.ln_post.weight" || name == "visual.proj" || name == "ln_final.weight" ||
        name == "text_projection")
      std::fill_n(p.data, p.count(), 3e38f);
  });
  clip::save(model, path);
}

/// The weights of a model, with `before` in front of their names.
void add_behind(const std::string& before, clip::AnyModel<>& model, std::vector<clip::TensorToWrite>& tensors) {
  for (clip::TensorToWrite& tensor : clip::tensors_of(model)) {
    tensor.name.insert(0, before);
    tensors.push_back(std::move(tensor));
  }
}

/// both.safetensors: tiny.safetensors as "student.…" and another model as "teacher.…"; pooled.safetensors: the image
/// tower of tiny.safetensors as transformers' CLIPVisionModel, without projection.
void write_parts(const std::string& folder, const clip::AnyConfig& config) {
  clip::AnyModel<> student{config, clip::Rng{1}}, teacher{config, clip::Rng{2}};
  std::vector<clip::TensorToWrite> both;
  add_behind("student.", student, both);
  add_behind("teacher.", teacher, both);
  clip::write_safetensors(folder + "both.safetensors", both);
  auto pooled = clip::try_in_dialect(clip::tensors_of(student), clip::Dialect::huggingface).value();
  std::erase_if(pooled, [](const auto& tensor) { return !tensor.name.starts_with("vision_model."); });
  clip::write_safetensors(folder + "pooled.safetensors", pooled);
}

/// The features of the images in photos/.
void write_images(const std::string& path, const clip::AnyModel<>& model, const std::string& folder) {
  clip::Features<float, clip::dyn> images{8, 16};
  clip::Index i = 0;
  for (auto& item : clip::embed_folder(model, folder + "photos"))
    std::ranges::copy(item.value().features[0], images[i++].begin());
  write_rows(path, images);
}

/// mobile.safetensors: weights as after training, but with a head without bias, as in Apple's names;
/// mobile.fused.npy: what the library computes with its fused form.
void write_mobile(const std::string& folder) {
  clip::AnyModel<> model{clip::AnyConfig{mobile}, clip::Rng{1}};
  clip::Rng rng{2};
  clip::visit_parameters(model, [&](std::string_view name, auto& p) {
    if (name.ends_with("head.fc.bias")) std::fill_n(p.data, p.count(), 0.0f);
    if (p.kind == clip::ParameterKind::counter || name == "logit_scale" || name.ends_with("head.fc.bias")) return;
    const bool scale = name.find("layer_scale") != name.npos;
    for (clip::Index i = 0; i < p.count(); ++i) {
      const double noise = 0.1 * rng.normal(), value = static_cast<double>(p.data[i]);
      p.data[i] = static_cast<float>(name.ends_with("running_var") ? value + noise * noise
                                     : scale                       ? 0.5
                                                                   : value + noise);
    }
  });
  clip::save(model, folder + "mobile.safetensors");
  write_images(folder + "mobile.fused.npy", clip::fuse(model), folder);
}

/// A PPM image of random bytes.
std::string random_image(std::uint64_t seed, int width, int height) {
  std::string file = "P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n";
  clip::Rng rng{seed};
  for (int i = 0; i < width * height * 3; ++i) file += static_cast<char>(rng.below(256));
  return file;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: fixture FOLDER [wide]\n");
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  std::filesystem::create_directories(folder + "photos/inner");
  if (argc > 2) {
    write_text(folder + "wide.json", clip::json_text(clip::to_json(clip::AnyConfig{wide})));
    clip::AnyModel model{clip::AnyConfig{wide}};
    clip::save(model, folder + "wide.safetensors");
    return 0;
  }
  write_model(folder + "tiny", tiny);
  write_model(folder + "residual", residual);
  write_huge(folder + "huge.safetensors", tiny);
  write_parts(folder, tiny);
  write_text(folder + "bpe.txt", "#version: 0.2\nt h\nth e</w>\na n\nd o\ndo g</w>\n");
  write_text(folder + "labels.txt", "dog\ncat\nthe band\n");
  write_text(folder + "templates.txt", "a photo of a {}.\nthe {}\n");
  for (int i = 0; i < 7; ++i)
    write_text(folder + "photos/" + std::to_string(i) + ".ppm",
               random_image(static_cast<std::uint64_t>(i), 30 + 5 * i, 60 - 3 * i));
  write_text(folder + "photos/inner/deep.ppm", random_image(9, 40, 40));

  clip::AnyModel<> model{clip::read_config(folder + "tiny.json")};
  clip::load(model, folder + "tiny.safetensors");
  write_images(folder + "images.npy", model, folder);
  write_mobile(folder);
  const clip::Tokenizer tokenizer{folder + "bpe.txt"};
  write_rows(folder + "texts.npy", model.encode_text(tokenizer({"dog", "cat", "the band"}, {.context = 24})));
}
