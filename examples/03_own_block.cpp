// Shows a custom block in both towers of CLIP: the residual block with a gate on its MLP. The gate is a number, learned
// like any other weight and saved under its own name. Every gate starts at 0.37 and ends at its trained value.
#include <clip/clip.hpp>

#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

/// x <- x + attn(ln_1(x));   x <- x + exp(gate) mlp(ln_2(x))          x : (rows, width), gate : a scalar
template <clip::Backend B, clip::BlockConfig C>
struct GatedBlock {
  [[no_unique_address]] clip::Known<C> config;
  clip::LayerNorm<B, C.width> ln_1{config->width, config->epsilon};
  clip::MultiheadAttention<B, C> attn{config};
  clip::LayerNorm<B, C.width> ln_2{config->width, config->epsilon};
  clip::Linear<B, C.width, C.hidden> c_fc{config->width, config->hidden};
  clip::Linear<B, C.hidden, C.width> c_proj{config->hidden, config->width};
  clip::Parameter<typename B::Scalar> gate{{}, clip::Init::constant(-1)};  // exp(-1) = 0.37

  constexpr GatedBlock(clip::Known<C> config_ = {}) : config{config_} {}

  static constexpr void members(auto& self, auto&& visit) {
    visit("ln_1", self.ln_1);
    visit("attn", self.attn);
    visit("ln_2", self.ln_2);
    visit("c_fc", self.c_fc);
    visit("c_proj", self.c_proj);
    visit("gate", self.gate);
  }

  template <class Cx, clip::Index W>
  clip::Rows<Cx, C.width> operator()(Cx& cx, clip::Rows<Cx, W> x, const clip::Sequences& sequences) const {
    const auto attended = attn(cx, ln_1(cx, x), x, sequences);
    const auto hidden = c_fc.with(cx, clip::fn::QuickGelu{}, ln_2(cx, attended));  // (rows, hidden)
    return add(cx, attended, exp_scale(cx, c_proj(cx, hidden), gate));
  }
};

/// The block family: a type that selects the block of a model.
struct Gated {
  template <clip::Backend B, clip::BlockConfig C>
  using block = GatedBlock<B, C>;
};

inline constexpr clip::ClipConfig<clip::VitConfig, clip::TextConfig> Small{
    .embed_dim = 16,
    .image = {.image_size = 16,
              .patch_size = 8,
              .width = 32,
              .layers = 2,
              .heads = 2,
              .activation = clip::Activation::quick_gelu,
              .epsilon = 1e-5f},
    .text = {.context = 16,
             .vocabulary = 514,
             .width = 32,
             .layers = 2,
             .heads = 2,
             .activation = clip::Activation::quick_gelu,
             .epsilon = 1e-5f}};

int main() {
  clip::Model<Small, clip::Cpu<>, Gated> model{clip::Rng{1}};
  clip::Parameters trainable{model};
  clip::AdamW optimizer{trainable, {.learning_rate = 1e-2f}};
  clip::Tape tape{trainable};

  std::vector<float> values(8 * 3 * 16 * 16);  // eight noise images to memorise
  for (clip::Rng rng{5}; float& x : values) x = static_cast<float>(rng.normal());
  const auto pixels = clip::Images::from_floats(8, 3, 16, 16, values);
  const auto texts =
      clip::Tokenizer{}({"one", "two", "three", "four", "five", "six", "seven", "eight"}, {.context = 16});

  for (int step = 1; step <= 80; ++step) {
    tape.clear();
    const auto loss =
        clip::contrastive(tape, model.encode_image(tape, pixels), model.encode_text(tape, texts), model.similarity);
    tape.backward(loss);
    optimizer.step();
    if (step == 1 || step == 80)
      std::printf("step %2d: loss %.1f (guessing: ln 8 = %.1f)\n", step, clip::value_of(tape, loss), std::log(8.0));
  }

  for (const auto& entry : trainable.entries())
    if (entry.name.ends_with(".gate"))
      std::printf("%-36s %.2f\n", entry.name.c_str(), std::exp(static_cast<double>(*entry.value.data)));
}
