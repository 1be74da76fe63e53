#include "train_step.hpp"

#include "random_weights.hpp"
#include "weights.hpp"

#include <clip/autograd/tape.hpp>
#include <clip/checkpoint/model_file.hpp>
#include <clip/learn/prompt_learner.hpp>
#include <clip/loss/contrastive.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/context_vectors.hpp>
#include <clip/optim/adamw.hpp>
#include <clip/tokens/learned.hpp>

#include <utility>
#include <vector>

namespace tool {

struct TrainStep::Impl {
  Impl(const clip::AnyConfig& config, const std::string& weights, clip::CpuOptions options)
      : model{config, clip::Cpu<>{options}} {
    if (weights.empty()) randomise_weights(model);
    else clip::try_load(model, open_weights(weights)).value();
  }

  clip::AnyModel<> model;
  clip::Parameters<clip::Cpu<>> parameters{model};
  clip::AdamW<clip::Cpu<>> optimizer{parameters};
  clip::Tape<clip::Cpu<>> tape{parameters};
};

TrainStep::TrainStep(const clip::AnyConfig& config, const std::string& weights, Dtype dtype, int threads)
    : impl_{new Impl{config,
                     weights,
                     {.threads = threads,
                      .arithmetic = dtype == Dtype::bf16 ? clip::Arithmetic::bfloat16 : clip::Arithmetic::full}}} {}
TrainStep::~TrainStep() = default;

void TrainStep::operator()(const clip::Images& images, const clip::Texts& texts) {
  auto& [model, parameters, optimizer, tape] = *impl_;
  tape.clear();
  const auto image = model.encode_image(tape, images);
  const auto text = model.encode_text(tape, texts);
  tape.backward(clip::contrastive(tape, image, text, model.similarity, texts.groups()));
  tape.commit();
  optimizer.step();
}

struct PromptStep::Impl {
  static clip::Index width_of(const auto& text) {
    return text.visit([](const auto& encoder) { return encoder.config().width; });
  }
  Impl(const clip::AnyConfig& config, const std::string& weights, const clip::Texts& names, clip::Index count,
       int threads)
      : model{config, clip::Cpu<>{{.threads = threads}}},
        context{count, width_of(model.text), clip::Rng{1}, model.backend()}, prompts{clip::with_learned(names, count)},
        gradients(static_cast<std::size_t>(names.size() * config.embed_dim), 1.0f) {
    if (weights.empty()) randomise_weights(model.text);
    else clip::try_load(model.text, open_weights(weights)).value();
    model.text.pack();
  }

  clip::AnyModel<> model;
  clip::ContextVectors<> context;
  clip::Parameters<clip::Cpu<>> learned{context};
  clip::Tape<clip::Cpu<>> tape{learned};
  clip::Texts prompts;
  std::vector<float> gradients;  // of a loss with respect to the features
};

PromptStep::PromptStep(const clip::AnyConfig& config, const std::string& weights, const clip::Texts& names,
                       clip::Index context, int threads)
    : impl_{new Impl{config, weights, names, context, threads}} {}
PromptStep::~PromptStep() = default;

void PromptStep::operator()() {
  auto& [model, context, learned, tape, prompts, gradients] = *impl_;
  tape.clear();
  const auto features = model.encode_prompts(tape, prompts, context.ctx);
  tape.backward(features, clip::View<const float>{gradients.data(), features.rows(), features.cols()});
  learned.clear_gradients();
}

struct LearnedPrompt::Impl {
  static clip::AnyModel<> loaded(const clip::AnyConfig& config, const std::string& weights,
                                 const std::string& state_dict, int threads) {
    clip::AnyModel<> model{config, clip::Cpu<>{{.threads = threads}}};
    if (const auto done = clip::try_load(model, open_weights(weights, state_dict), {.in_place = true}); !done)
      clip::raise(in_options(done.error(), weights));
    model.text.pack();
    return model;
  }

  Impl(clip::AnyModel<> read, const Tokenizer& tokenizer, const std::vector<std::string>& classes,
       const clip::PromptOptions& options)
      : model{std::move(read)}, prompt{model, tokenizer, classes, options} {}

  clip::AnyModel<> model;
  clip::PromptLearner<clip::AnyModel<>> prompt;
};

LearnedPrompt::LearnedPrompt(const clip::AnyConfig& config, const std::string& weights, const std::string& state_dict,
                             int threads, const Tokenizer& tokenizer, const std::vector<std::string>& classes,
                             const clip::PromptOptions& options)
    : impl_{new Impl{Impl::loaded(config, weights, state_dict, threads), tokenizer, classes, options}} {}
LearnedPrompt::~LearnedPrompt() = default;

clip::Index LearnedPrompt::context() const { return impl_->prompt.context(); }
void LearnedPrompt::train(clip::LabelledFeatures<float> data, const clip::TrainOptionsOf<clip::SgdOptions>& options,
                          const std::function<void(const clip::TrainProgress&)>& progress) {
  clip::train_prompts(impl_->prompt, std::move(data), options, [&](const clip::TrainProgress& p) {
    progress(p);
    return true;
  });
}
Classifier LearnedPrompt::classifier() const { return impl_->prompt.classifier(); }
void LearnedPrompt::save(const std::string& path) const { clip::save_prompt(impl_->prompt, path); }

}  // namespace tool
