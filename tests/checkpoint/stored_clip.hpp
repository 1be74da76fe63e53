// tests/checkpoint/stored_clip.hpp: the model in tests/checkpoint/files, and modified copies of files.
#pragma once

#include <clip/backend/naive.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace clip::testing {

inline const std::string files = CLIP_SOURCE_DIR "/tests/checkpoint/files/";

/// The sizes in tests/golden/make_torch_files.py; heads and activation are those of huggingface/config.json.
inline constexpr ClipConfig<VitConfig, TextConfig> Stored{.embed_dim = 8,
                                                          .image = {.image_size = 8,
                                                                    .patch_size = 4,
                                                                    .width = 16,
                                                                    .layers = 1,
                                                                    .heads = 4,
                                                                    .activation = Activation::gelu,
                                                                    .epsilon = 1e-5f,
                                                                    .mlp_width = 32},
                                                          .text = {.context = 5,
                                                                   .vocabulary = 12,
                                                                   .width = 16,
                                                                   .layers = 1,
                                                                   .heads = 2,
                                                                   .activation = Activation::gelu,
                                                                   .epsilon = 1e-5f,
                                                                   .mlp_width = 32}};
inline constexpr auto Quick = [] {
  auto c = Stored;
  c.image.activation = c.text.activation = Activation::quick_gelu;
  return c;
}();

template <class M>
std::map<std::string, std::vector<float>> weights_of(const M& model) {
  std::map<std::string, std::vector<float>> all;
  visit_parameters(model, [&](std::string_view name, const auto& p) {
    const auto v = p.view();
    for (Index i = 0; i < v.rows; ++i)
      all[std::string(name)].insert(all[std::string(name)].end(), v.row(i), v.row(i) + v.cols);
  });
  return all;
}

/// The weights in all files.
inline std::map<std::string, std::vector<float>> wanted() {
  std::map<std::string, std::vector<float>> all;
  const Safetensors file = open_safetensors(files + "wanted.safetensors");
  for (const StoredTensor& t : file.tensors()) {
    all[t.name].resize(static_cast<std::size_t>(t.count()));
    convert(t, std::span<float>(all[t.name]));
  }
  return all;
}

/// A copy of the folder in Hugging Face's layout.
inline std::string copy_folder(const TemporaryFolder& folder) {
  std::filesystem::copy(files + "huggingface", folder / "model");
  return folder / "model";
}
inline void replace_in(const std::string& path, const std::string& from, const std::string& to) {
  std::string text = get(path);
  for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) text.replace(at, from.size(), to);
  put(path, text);
}

}  // namespace clip::testing
