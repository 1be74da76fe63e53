// A program without exceptions and without run-time type information: what is wrong comes back as an error value.
#include <clip/backend/naive.hpp>
#include <clip/io/mapped_file.hpp>
#include <clip/model/model.hpp>
#include <clip/tower/clip_text/text_transformer.hpp>
#include <clip/tower/clip_vit/vision_transformer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <vector>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "expected -fno-exceptions -fno-rtti"
#endif
static_assert(CLIP_EXCEPTIONS == 0);

namespace {

constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Tiny{.embed_dim = 6,
                                                                   .image = {.image_size = 6,
                                                                             .patch_size = 3,
                                                                             .width = 8,
                                                                             .layers = 1,
                                                                             .heads = 2,
                                                                             .activation = clip::Activation::quick_gelu,
                                                                             .epsilon = 1e-5f},
                                                                   .text = {.context = 9,
                                                                            .vocabulary = 12,
                                                                            .width = 8,
                                                                            .layers = 1,
                                                                            .heads = 2,
                                                                            .activation = clip::Activation::quick_gelu,
                                                                            .epsilon = 1e-5f}};

int failures = 0;

void check(bool right, const char* what) {
  if (right) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

/// The call failed with this identifier, and its message begins with these words.
template <class T>
void check_error(const clip::Result<T>& result, std::string_view id, std::string_view words) {
  check(!result, "an error value is expected");
  if (result) return;
  check(result.error().id() == id, "the identifier of the error");
  check(std::string_view(result.error().what()).starts_with(words), result.error().what());
}

clip::Images images_of_size(clip::Index n, clip::Index size) {
  return *clip::Images::try_from_floats(n, 3, size, size,
                                        std::vector<float>(static_cast<std::size_t>(n * 3 * size * size), 0.5f));
}

clip::Texts text_of(std::initializer_list<std::int32_t> ids) {
  clip::Texts texts{11};
  check(texts.try_add(clip::Ids{ids.begin(), ids.size()}).has_value(), "a text that ends is added");
  return texts;
}

/// Features are there, and finite.
template <class T>
void check_features(const clip::Result<T>& features, clip::Index n) {
  check(features.has_value(), features ? "" : features.error().what());
  if (!features) return;
  check(features->size() == n && features->width() == 6, "the shape of the features");
  for (const float x : features->values()) check(std::isfinite(x), "a feature is finite");
}

}  // namespace

int main() {
  const clip::Model<Tiny, clip::Naive<float>> model{clip::Rng{1}};

  check_features(model.try_encode_image(images_of_size(2, 6)), 2);
  check_error(model.try_encode_image(images_of_size(2, 7)), "clip.input.image_shape",
              "encode_image: channels, height and width: expected (3, 6, 6), found (3, 7, 7)");
  check_error(model.try_encode_image(clip::Images{}), "clip.input", "encode_image: number of images");

  check_features(model.try_encode_text(text_of({10, 3, 4, 11})), 1);
  check_error(model.try_encode_text(text_of({10, 99, 11})), "clip.input.tokens", "text 0: token id");
  check_error(model.try_encode_text(text_of({10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11})), "clip.input.tokens",
              "text 0: tokens");
  check_error(model.try_encode_text(clip::Texts{}), "clip.input", "encode_text: number of texts");

  check_error(clip::Images::try_from_floats(1, 3, 6, 6, {}), "clip.input", "images: values: expected 1 x 3 x 6 x 6");
  clip::Texts texts{11};
  const std::int32_t unended[] = {10, 3};
  check_error(texts.try_add(unended), "clip.input", "text 0: end of text");

  check_error(clip::try_map_file("/nowhere/at.all"), "clip.load.no_file", "/nowhere/at.all: no such file");

  if (failures == 0) std::puts("no exceptions: all checks pass");
  return failures == 0 ? 0 : 1;
}
