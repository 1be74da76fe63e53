// What the examples from 06 on share: a configuration, images to work on, and a folder for their files.
#pragma once

#include <clip/clip.hpp>

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// OpenAI's ViT-B/32, made small. With Model<ViT_B_32> and a loaded file the same code works on photos.
inline constexpr auto Tiny = [] {
  auto c = clip::ViT_B_32;
  c.embed_dim = 16;
  c.image.image_size = 32;
  c.image.patch_size = 8;
  c.image.width = 48;
  c.image.layers = 2;
  c.image.heads = 3;
  c.text.context = 16;
  c.text.vocabulary = 514;
  c.text.width = 32;
  c.text.layers = 2;
  c.text.heads = 2;
  return c;
}();

/// A noisy image of 32 x 32 pixels; the channel `color` is brighter than the others, if it is 0, 1 or 2.
inline std::vector<std::uint8_t> noise(int color, clip::Rng rng) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 32 * 32 * 3; ++i)
    bytes.push_back(static_cast<std::uint8_t>((i % 3 == color ? 120 : 60) + rng.below(120)));
  return bytes;
}

/// A new working directory, removed at the end with its files.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path_{std::filesystem::temp_directory_path() / ("clip_" + name + "_" + std::to_string(::getpid()))} {
    std::filesystem::create_directory(path_);
    std::filesystem::current_path(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::current_path("/", ignored);
    std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

/// A noisy image as a file.
inline void write_image(const std::string& name, int color, clip::Rng rng) {
  const auto bytes = noise(color, rng);
  clip::write_file(name, clip::as_byte_span("P6 32 32 255\n" + std::string(bytes.begin(), bytes.end())));
}
