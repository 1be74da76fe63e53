// examples/cifar10/run.hpp: the demo on a backend: training, its record, evaluation and what is written.
#pragma once

#include "captions.hpp"
#include "data.hpp"
#include "evaluation.hpp"
#include "figures.hpp"
#include "model.hpp"
#include "options.hpp"
#include "record.hpp"
#include "report.hpp"

#include <clip/clip.hpp>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <string>

namespace cifar {

/// Trains to the end; prints loss and validation accuracy after every epoch.
template <class T, class M>
History train(T& trainer, const M& model, const clip::ImageInput& input, const clip::Tokenizer& tokenizer,
              const Data& data, const std::string& folder) {
  clip::RunLog log{folder};
  log.keep(trainer.step());
  History history{.first_step = trainer.step()};
  double sum = 0;
  auto began = std::chrono::steady_clock::now();
  trainer.run([&](const clip::TrainProgress& p) {
    history.losses.push_back(p.loss);
    sum += p.loss;
    std::map<std::string, double> row{{"loss", p.loss}, {"learning_rate", p.learning_rate}};
    if (!p.epoch_done) {
      log.add(p.step, row);
      return true;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const double steps = static_cast<double>(p.steps) / static_cast<double>(p.epochs);
    const double top1 = accuracy(classifier(model, tokenizer, templates)(encode(model, input, data.validation)).best(),
                                 data.validation);
    history.epochs.push_back({p.epoch, sum / steps, seconds, top1});
    row["validation_top1"] = top1;
    log.add(p.step, row);
    std::fprintf(stderr, "epoch %2d of %d: loss %.3f (guessing: %.3f), validation top-1 %.2f %%, %.1f s, %.0f s left\n",
                 static_cast<int>(p.epoch), static_cast<int>(p.epochs), sum / steps, p.chance, 100 * top1, seconds,
                 p.seconds_left);
    sum = 0;
    began = std::chrono::steady_clock::now();
    return true;
  });
  return history;
}

template <class B>
void run(const Options& o) {
  const Data data = read(o.data);
  const clip::LearnedMerges merges = learned_merges();
  const auto tokenizer = clip::Tokenizer::from_merges(merges);
  const clip::Texts captions = tokenizer(all_captions(), {.context = Small.text.context});
  const B backend{{.threads = o.threads}};
  clip::Model<Small, B> model{clip::Rng{o.seed}, backend};
  const clip::ImageInput input = clip::AnyConfig{model.config()}.input();
  std::fprintf(stderr, "%d images to train, %d to validate, %d to test%s; %d parameters, %s\n",
               static_cast<int>(data.train.size()), static_cast<int>(data.validation.size()),
               static_cast<int>(data.test.size()), data.held_out ? " (held out of the training file)" : "",
               static_cast<int>(clip::count_parameters(model)), backend.describe().c_str());

  const std::string records = o.output + "/record", checkpoint = o.output + "/checkpoint.safetensors";
  std::filesystem::create_directories(o.record > 0 ? records : o.output);
  if (!o.resume) {  // otherwise the trainer would resume from it
    std::filesystem::remove(checkpoint);
    std::filesystem::remove(o.output + "/log.jsonl");
  }
  if (o.record > 0) clip::save(model, records + "/initial.safetensors");

  Captions source{data.train, input, captions, backend.threads()};
  Recorder recorder{source, input, Small.text.context, records, o.record};
  const clip::AdamwOptions optimizer{.learning_rate = 2e-3f, .weight_decay = 0.1f};
  clip::Trainer trainer{model, recorder,
                        clip::TrainOptions{.epochs = o.epochs,
                                           .batch = o.batch,
                                           .optimizer = optimizer,
                                           .schedule = clip::Schedule::warmup_cosine(0.1),
                                           .seed = o.seed,
                                           .checkpoint = checkpoint}};
  const History history = train(trainer, model, input, tokenizer, data, o.output);
  if (o.record > 0)
    write_run(records, input, captions, Small.text.context, data, history,
              {{"steps", trainer.steps()},
               {"warmup", 0.1},
               {"learning_rate", optimizer.learning_rate},
               {"beta1", optimizer.beta1},
               {"beta2", optimizer.beta2},
               {"epsilon", optimizer.epsilon},
               {"weight_decay", optimizer.weight_decay}});

  const Results results = evaluate(model, input, tokenizer, data);
  clip::save(model, o.output + "/cifar10.safetensors");
  clip::write_merges(o.output + "/merges.txt", merges);
  print_tables(results, data);
  save_figures(o.output, results, data, history, o.batch);
  write_results(o.output + "/results.json", o, results, data, history, backend.describe(),
                clip::count_parameters(model));
  std::printf("\n%s: cifar10.safetensors, merges.txt, figures (.svg), logs, results.json\n", o.output.c_str());
}

/// The program: its exit status is 0, 1 after an error, or 2 for a wrong command line.
template <class B>
int program(int count, char** words) {
  Options options;
  if (const int status = parse(count, words, options); status >= 0) return status;
  try {
    run<B>(options);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cifar10: %s\n", error.what());
    return 1;
  }
}

}  // namespace cifar
