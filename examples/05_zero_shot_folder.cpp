// Shows zero-shot classification: loads weights from a file, compares an image with three sentences, and classifies a
// folder of images by labels and templates from text files while the next images are decoded. A broken file is
// reported and skipped. The weights are random and mean nothing; with Model<ViT_B_32>, OpenAI's file and its
// vocabulary, the same code classifies photos.
#include <clip/clip.hpp>

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Tiny{
    .embed_dim = 16,
    .image = {.image_size = 32,
              .patch_size = 8,
              .width = 48,
              .layers = 2,
              .heads = 3,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 77,
             .vocabulary = 514,
             .width = 32,
             .layers = 2,
             .heads = 2,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

void write(const std::string& name, std::string_view text) { clip::write_file(name, clip::as_byte_span(text)); }

/// An image of coloured noise as a PPM file, which depends on the seed.
std::string noise(std::uint64_t seed) {
  std::string file = "P6 48 40 255\n";
  for (clip::Rng rng{seed}; file.size() < 13 + 48 * 40 * 3;)
    file += static_cast<char>(rng.below(seed % 2 == 0 ? 256 : 80));
  return file;
}

/// Writes the files that a user would have.
void lay_out_files() {
  std::filesystem::create_directory("photos");
  for (std::uint64_t i = 0; i < 4; ++i) write("photos/" + std::to_string(i) + ".ppm", noise(i));
  write("photos/broken.jpg", "");
  write("labels.txt", "bright noise\ndark noise\na cat\n");
  write("templates.txt", "a photo of {}.\n{}\n");
  clip::Model<Tiny> seeded{clip::Rng{1}};
  clip::save(seeded, "tiny.safetensors");
}

int main() {
  const auto folder = std::filesystem::temp_directory_path() / ("clip_05_zero_shot_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::filesystem::current_path(folder);
  lay_out_files();

  clip::Model<Tiny> model;
  clip::load(model, "tiny.safetensors");
  clip::Tokenizer tokenizer;  // bytes only; Tokenizer{path} opens OpenAI's vocabulary

  auto pixels = clip::preprocess(model, clip::read_image("photos/0.ppm"));  // (1, 3, 32, 32)
  auto texts = tokenizer({"a diagram", "a dog", "a cat"});                  // ragged ids

  auto p = clip::probabilities(model, pixels, texts);  // (1, 3)
  for (float x : p[0]) std::printf("%.2f ", static_cast<double>(x));
  std::printf("\n");

  auto classifier = clip::zero_shot(model, tokenizer, clip::lines("labels.txt"), clip::lines("templates.txt"));
  for (auto& item : clip::embed_folder(model, "photos", {.batch = 2})) {
    if (item) {
      std::printf("%s:", item->path.c_str());
      for (const auto& found : classifier.top(item->features, 2))
        std::printf(" %.*s %.2f", static_cast<int>(found.label.size()), found.label.data(),
                    static_cast<double>(found.similarity));
      std::printf("\n");
    } else {
      std::printf("%s\n", item.error().what());
    }
  }
  std::filesystem::current_path("/");
  std::filesystem::remove_all(folder);
}
