// Shows a model whose sizes come from a JSON file: it trains, is saved and loaded with the same functions as a model
// whose sizes are in its type. Also shows the error for a misspelt key.
#include <clip/clip.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

inline constexpr std::string_view small_json = R"({
  "embed_dim": 16,
  "image": {"image_size": 16, "patch_size": 8, "width": 32, "layers": 2, "heads": 2, "activation": "quick_gelu", "epsilon": 1e-5},
  "text": {"context": 16, "vocabulary": 514, "width": 32, "layers": 1, "heads": 2, "activation": "gelu", "epsilon": 1e-5}
})";

int main() {
  const auto folder = std::filesystem::temp_directory_path() / ("clip_04_any_model_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string config_file = folder / "small.json", weights_file = folder / "small.safetensors";
  clip::write_file(config_file, clip::as_byte_span(small_json));

  clip::AnyModel model{clip::read_config(config_file), clip::Rng{1}};
  std::printf("%d parameters, images of %d pixels\n", static_cast<int>(clip::count_parameters(model)),
              static_cast<int>(model.input().image_size));

  std::string misspelt{small_json};
  misspelt.replace(misspelt.find("patch_size"), 10, "patchsize");
  std::printf("%s\n", clip::try_parse_config(misspelt, "misspelt.json").error().what());

  std::vector<float> values(4 * 3 * 16 * 16);
  for (clip::Rng rng{2}; float& x : values) x = static_cast<float>(rng.normal());
  const auto pixels = clip::Images::from_floats(4, 3, 16, 16, values);
  const auto texts = clip::Tokenizer{}({"one", "two", "three", "four"}, {.context = 16});

  clip::Parameters trainable{model, clip::except("positional_embedding")};  // an excluded weight is frozen
  clip::AdamW optimizer{trainable, {.learning_rate = 2e-3f}};
  clip::Tape tape{trainable};
  for (int step = 1; step <= 30; ++step) {
    tape.clear();
    const auto loss =
        clip::contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, texts), model.similarity);
    tape.backward(loss);
    optimizer.step();
    if (step == 1 || step == 30) std::printf("step %2d: loss %.1f\n", step, clip::value_of(tape, loss));
  }

  clip::save(model, weights_file);
  clip::AnyModel again{model.config()};
  clip::load(again, weights_file);
  const auto before = model.encode_image(pixels), after = again.encode_image(pixels);
  const bool same = std::ranges::equal(before.values(), after.values());
  std::printf("read back: %s\n", same ? "the same bits" : "something else");
  std::filesystem::remove_all(folder);
  return same ? 0 : 1;
}
