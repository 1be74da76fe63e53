// Patch size of a trained vision transformer: FlexiViT's resize against its formula, its equation, and models of other
// patch sizes in memory, from files and as files.
#include <clip/backend/naive.hpp>
#include <clip/checkpoint/change_patch_size.hpp>
#include <clip/checkpoint/convert_file.hpp>
#include <clip/checkpoint/open.hpp>
#include <clip/checkpoint/patch_size.hpp>
#include <clip/formats/safetensors.hpp>
#include <clip/model/model.hpp>

#include "../io/temporary_folder.hpp"
#include "../support/matrix.hpp"
#include "../support/small_models.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

using namespace clip;
using namespace clip::testing;

namespace {

using B = Naive<float>;
using Transformers = Families<List<VitConfig>, List<TextConfig>>;

Values values_of_file(const Safetensors& file, const std::string& name) {
  const StoredTensor* const tensor = file.find(name);
  REQUIRE_MESSAGE(tensor != nullptr, name);
  Values all(static_cast<std::size_t>(tensor->count()));
  convert(*tensor, std::span<double>(all));
  return all;
}

constexpr VitClipConfig with_patches(Index patch_size) {
  auto c = Tiny;
  c.image.image_size = 12;
  c.image.patch_size = patch_size;
  return c;
}
inline constexpr auto Fine = with_patches(3), Coarse = with_patches(6);

Values features(const auto& model, const Images& images) {
  const auto found = model.encode_image(images);
  return {found.values().begin(), found.values().end()};
}

/// The images with every patch of 3 by 3 pixels resized to 6 by 6 by the bilinear matrix.
Images upsampled(const Images& images) {
  const auto matrix = try_patch_matrix(3, 6, PatchResize::bilinear).value();
  const Index n = images.size(), side = images.height();
  std::vector<float> pixels;
  for (Index plane = 0; plane < n * 3; ++plane)
    for (Index y = 0; y < 2 * side; ++y)
      for (Index x = 0; x < 2 * side; ++x) {
        double sum = 0;
        for (Index i = 0; i < 3; ++i)
          for (Index j = 0; j < 3; ++j) {
            const Index row = y / 6 * 3 + i, col = x / 6 * 3 + j;
            sum += matrix[static_cast<std::size_t>(y % 6 * 3 + i)] * matrix[static_cast<std::size_t>(x % 6 * 3 + j)] *
                   static_cast<double>(images.values()[static_cast<std::size_t>((plane * side + row) * side + col)]);
          }
        pixels.push_back(static_cast<float>(sum));
      }
  return Images::from_floats(n, 3, 2 * side, 2 * side, std::move(pixels));
}

std::string message_of(const Result<void>& result) { return result ? std::string() : result.error().message(); }

}  // namespace

TEST_CASE("resized kernels: FlexiViT's formula with its whole matrix, and PyTorch's plain resizes") {
  const Safetensors file = open_safetensors(CLIP_SOURCE_DIR "/tests/checkpoint/files/patches.safetensors");
  int cases = 0;
  for (const StoredTensor& tensor : file.tensors()) {
    const std::string& name = tensor.name;
    if (!name.ends_with(".in") || name.ends_with("resized.in")) continue;
    const std::string stem = name.substr(0, name.size() - 3);
    const Index from = std::stoll(stem), to = std::stoll(stem.substr(stem.find('.') + 1));
    const Values kernels = values_of_file(file, name);
    for (const PatchResize how : patch_resizes) {
      INFO(stem, ", ", name_of(how));
      const Values expected = values_of_file(file, stem + "." + std::string(name_of(how)));
      CHECK(max_difference(resize_patches(kernels, from, to, how), expected) <=
            1e-9 * std::max(1.0, max_magnitude(expected)));
      ++cases;
    }
    // FlexiViT's equation: if patches grow, <B x, w'> = <x, w>.
    if (to < from) continue;
    const auto resized = resize_patches(kernels, from, to);
    const Values x = values_of_file(file, stem + ".resized.in"), y = values_of_file(file, stem + ".resized.out");
    for (std::size_t k = 0; k < 2; ++k)
      CHECK(dot(std::span{resized}.subspan(k * y.size(), y.size()), y) ==
            doctest::Approx(dot(std::span{kernels}.subspan(k * x.size(), x.size()), x)).epsilon(1e-9));
  }
  CHECK(cases == 33);
}

TEST_CASE("if patches shrink, the products are those of the nearest kernel in the least-squares sense") {
  // The gradient of E (<x, w> - <B x, w'>)² over normal x, 2 B (Bᵀ w' - w), is zero.
  const auto r = try_patch_matrix(5, 3, PatchResize::bilinear).value();
  const Values w = random_values(Rng{1}, 25);
  const Values resized = resize_patches(w, 5, 3);
  const auto at = [&](std::size_t i, std::size_t j) { return r[i * 5 + j]; };
  Values back(25);  // Bᵀ w' - w
  for (std::size_t i = 0; i < 25; ++i) {
    back[i] = -w[i];
    for (std::size_t k = 0; k < 9; ++k) back[i] += at(k / 3, i / 5) * at(k % 3, i % 5) * resized[k];
  }
  for (std::size_t k = 0; k < 9; ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < 25; ++i) sum += at(k / 3, i / 5) * at(k % 3, i % 5) * back[i];
    CHECK(std::abs(sum) < 1e-12);
  }
}

TEST_CASE("errors of resized kernels") {
  CHECK(try_resize_patches(Values(10), 3, 6).error().message() ==
        "patches: values of the kernels: expected a multiple of 9, found 10");
  CHECK(try_resize_patches(Values(9), 3, 0).error().message() == "patches: patch size: expected 1 or more, found 0");
  CHECK(try_resize_patches(Values(9), 3, 6, PatchResize::none).error().kind() == ErrorKind::option);
  CHECK(try_patch_resize("bicubic").value() == PatchResize::bicubic);
  CHECK(try_patch_resize("none").error().id() == "clip.option.name");
}

TEST_CASE("a model of larger patches sees larger images as the model that it was made of sees small ones") {
  static constexpr auto Twice = [] {
    auto c = Coarse;
    c.image.image_size = 24;
    return c;
  }();
  const Model<Fine, B> fine{Rng{1}};
  Model<Twice, B> twice{Rng{2}};
  change_patch_size(fine, twice);
  const Images images = random_images(Fine, 3, Rng{3});
  CHECK(max_difference(features(twice, upsampled(images)), features(fine, images)) < 1e-5);
  const TemporaryFolder folder;
  save(fine, folder / "fine.safetensors");
  Model<Twice, B> loaded{Rng{4}};
  load(loaded, folder / "fine.safetensors",
       {.positions = Interpolate::openclip, .patches = PatchResize::pseudo_inverse});
  CHECK(features(loaded, upsampled(images)) == features(twice, upsampled(images)));
}

TEST_CASE(
    "a file of another patch size: loaded, converted and copied weights agree; without the option it is an error") {
  const TemporaryFolder folder;
  const Model<Fine, B> fine{Rng{5}};
  const std::string in = folder / "fine.safetensors", out = folder / "coarse.safetensors";
  save(fine, in);
  Model<Coarse, B> copied{Rng{6}}, loaded{Rng{7}};
  CHECK(message_of(try_load(loaded, in))
            .find("visual.conv1.weight: shape (8, 3, 6, 6) expected, (8, 3, 3, 3) found (set "
                  "LoadOptions::patches to resize it)") != std::string::npos);
  for (const PatchResize how : patch_resizes) {
    CAPTURE(name_of(how));
    change_patch_size(fine, copied, {.patches = how});
    load(loaded, in, {.positions = Interpolate::openclip, .patches = how});
    convert_file<Transformers>(in, out, {.patch_size = 6, .patches = {.patches = how}});
    const auto opened = open<B, Transformers>(out);
    CHECK(std::get<VitConfig>(opened.config().image) == Coarse.image);
    const Images images = random_images(Coarse, 2, Rng{8});
    const Values expected = features(copied, images);
    CHECK(features(loaded, images) == expected);
    CHECK(features(opened, images) == expected);
  }
  convert_file<Transformers>(out, folder / "again.safetensors", {.patch_size = 3});
  CHECK(std::get<VitConfig>(inspect<Transformers>(folder / "again.safetensors").config.image) == Fine.image);
}

TEST_CASE("patch sizes that a tower cannot have are errors") {
  const TemporaryFolder folder;
  const Model<Fine, B> fine{Rng{9}};
  const std::string in = folder / "fine.safetensors", out = folder / "out.safetensors";
  save(fine, in);
  CHECK(message_of(try_convert_file<Transformers>(in, out, {.patch_size = 5}))
            .find("VitConfig: patch_size must divide image_size") != std::string::npos);
  Model<Tiny, B> other{Rng{1}};
  const Model<Odd, B> odd{Rng{2}};
  CHECK(message_of(try_change_patch_size(odd, other)).find("change_patch_size: visual.class_embedding") !=
        std::string::npos);
  using WithResNets = Families<List<VitConfig, ResNetConfig>, List<TextConfig>>;
  const Model<SmallResNet, B> resnet{Rng{3}};
  save(resnet, in);
  CHECK(message_of(try_convert_file<WithResNets>(in, out, {.patch_size = 4}))
            .find("patch size: expected a vision transformer with a kernel of patches, found a residual network") !=
        std::string::npos);
}
