// Shows fine-tuning of a part of a model: the last block, the last norm and the projection of the image tower learn, by
// patterns of their names; the rest is frozen, costs no gradient and no optimiser state, and keeps its bits.
#include "tiny.hpp"

#include <cstdio>
#include <functional>
#include <map>
#include <string_view>

/// A copy of every weight, by name.
std::map<std::string, std::vector<float>, std::less<>> weights_of(const clip::Model<Tiny>& model) {
  std::map<std::string, std::vector<float>, std::less<>> values;
  clip::visit_parameters(model, [&](std::string_view name, const auto& p) {
    values[std::string(name)].assign(p.data, p.data + p.count());
  });
  return values;
}

int main() {
  clip::Model<Tiny> model{clip::Rng{1}};
  const auto before = weights_of(model);

  clip::Parameters trainable{model, clip::only("visual.transformer.resblocks.1.*", "visual.ln_post.*", "visual.proj")};
  clip::AdamW optimizer{trainable, {.learning_rate = 1e-2f}};
  clip::Tape tape{trainable};
  std::printf("%d of %d weights learn\n", static_cast<int>(trainable.count()),
              static_cast<int>(clip::count_parameters(model)));

  std::vector<float> values(8 * 3 * 32 * 32);  // eight noise images to memorise
  for (clip::Rng rng{5}; float& x : values) x = static_cast<float>(rng.normal());
  const auto pixels = clip::Images::from_floats(8, 3, 32, 32, values);
  const auto texts =
      clip::Tokenizer{}({"one", "two", "three", "four", "five", "six", "seven", "eight"}, {.context = 16});
  for (int step = 1; step <= 80; ++step) {
    tape.clear();
    const auto loss =
        clip::contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, texts), model.similarity);
    tape.backward(loss);
    optimizer.step();
    if (step == 1 || step == 80) std::printf("step %2d: loss %.1f\n", step, clip::value_of(tape, loss));
  }

  int changed = 0, wrong = 0;
  for (const auto& [name, now] : weights_of(model)) {
    const bool moved = now != before.at(name);
    changed += moved ? 1 : 0;
    wrong += moved != (trainable.find(name) != nullptr) ? 1 : 0;
  }
  std::printf("%d of %d tensors changed, %d of them frozen ones or the reverse\n", changed,
              static_cast<int>(before.size()), wrong);
  return wrong == 0 ? 0 : 1;
}
