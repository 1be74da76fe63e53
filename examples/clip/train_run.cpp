#include "train_run.hpp"

#include "terminal.hpp"
#include "weights.hpp"

#include <clip/checkpoint/model_file.hpp>
#include <clip/data/caption_source.hpp>
#include <clip/data/read_ahead.hpp>
#include <clip/image/preprocess.hpp>
#include <clip/model/any_model.hpp>
#include <clip/model/config_json.hpp>
#include <clip/task/encode_images.hpp>
#include <clip/task/metrics.hpp>
#include <clip/task/zero_shot.hpp>
#include <clip/train/run_log.hpp>
#include <clip/train/score_board.hpp>
#include <clip/train/trainer.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

namespace tool {
namespace {

using clip::Index;
using Model_ = clip::AnyModel<>;

/// The parameters to train: all but the first blocks and those that the patterns fit.
clip::Selection trained_parameters(const Model_& model, const TrainConfig& c) {
  const clip::Selection first = clip::freeze_first(model, c.first_blocks);
  std::vector<std::string> frozen = c.frozen_patterns;
  for (auto& [name, p] : clip::named_parameters<float>(model))
    if (p->kind == clip::ParameterKind::parameter && !first(name)) frozen.push_back(std::move(name));
  return frozen.empty() ? clip::Selection{} : clip::Selection{true, frozen};
}

Model_ first_model(const TrainConfig& c) {
  Model_ model{*c.model, clip::Rng{c.seed}.fork("weights"), clip::Cpu<>{{.threads = c.threads}}};
  const auto load = [](auto& part, const std::string& path) {
    if (path.empty()) return;
    if (auto done = clip::try_load(part, open_weights(path)); !done) clip::raise(in_options(done.error(), path));
  };
  load(model, c.weights);
  load(model.image, c.image_weights);
  load(model.text, c.text_weights);
  return model;
}

/// The features of image files, in their order.
clip::Features<float, clip::dyn> features_of(const Model_& model, const std::vector<std::string>& files, int threads) {
  clip::ReadAhead ahead{files, model.config().input(), {.batch = 32, .readers = threads}};
  const auto whatever = [](Index, std::span<const float>) { return clip::Result<void>{}; };
  auto all = clip::try_encode_images(model, ahead, whatever, [](Index) {}).value();
  clip::check_stop("evaluate");
  return all;
}

clip::Scores retrieval_scores(const Model_& model, const TrainConfig& c, const clip::Texts& queries) {
  const auto images = features_of(model, c.retrieval->images, c.threads);
  const clip::Features<float, clip::dyn> texts = model.encode_text(queries);
  std::vector<std::int32_t> image_of;
  for (std::size_t i = 0; i < c.retrieval->captions.size(); ++i)
    image_of.insert(image_of.end(), c.retrieval->captions[i].size(), static_cast<std::int32_t>(i));
  const auto found = clip::retrieval_recalls(clip::Cpu<>{{.threads = c.threads}}, images, texts, image_of,
                                             std::array<Index, 3>{1, 5, 10});
  const clip::Retrieval r{{100 * found[0].text, 100 * found[1].text, 100 * found[2].text},
                          {100 * found[0].image, 100 * found[1].image, 100 * found[2].image}};
  return {{{"text_r1", r.text.at_1},
           {"text_r5", r.text.at_5},
           {"text_r10", r.text.at_10},
           {"image_r1", r.image.at_1},
           {"image_r5", r.image.at_5},
           {"image_r10", r.image.at_10},
           {"mean", r.mean()},
           {"sum", r.sum()}},
          r.sum(),
          r.in_words()};
}

clip::Scores zero_shot_scores(const Model_& model, const ZeroShotSet& set, const Tokenizer& tokenizer) {
  const auto words = [&](std::span<const std::string> texts, const clip::TokenizeOptions& how) {
    return tokenizer(texts, how);
  };
  const auto head = clip::zero_shot(model, words, clip::ClassNames{set.images.classes}, set.templates);
  Index right = 0;
  for (Index begin = 0; begin < set.images.size(); begin += 32) {
    clip::check_stop("evaluate");
    const Index n = std::min<Index>(32, set.images.size() - begin);
    std::vector<clip::Image> some;
    for (Index i = 0; i < n; ++i) some.push_back(set.images.try_read(begin + i).value());
    clip::Images images;
    clip::try_preprocess(model.config().input(), std::span<const clip::Image>{some}, images).value();
    const std::vector<Index> best = head(model.encode_image(images)).best();
    for (Index i = 0; i < n; ++i)
      right += best[static_cast<std::size_t>(i)] == set.images.labels[static_cast<std::size_t>(begin + i)] ? 1 : 0;
  }
  const double top1 = 100 * static_cast<double>(right) / static_cast<double>(set.images.size());
  char text[64];
  std::snprintf(text, sizeof text, "Zero-shot: top-1:%.2f", top1);
  return {{{"top1", top1}}, top1, text};
}

template <class O>
class Run {
 public:
  Run(const TrainConfig& c, const O& optimizer, clip::CaptionSource& source, clip::Texts queries,
      const Tokenizer& tokenizer, bool lines)
      : c_{c}, queries_{std::move(queries)}, tokenizer_{tokenizer}, lines_{lines}, model_{first_model(c)},
        trainer_{model_, source,
                 clip::TrainOptionsOf<O>{.epochs = c.epochs,
                                         .batch = c.batch,
                                         .optimizer = optimizer,
                                         .schedule = c.schedule,
                                         .clip_norm = c.clip_norm,
                                         .layer_decay = c.layer_decay,
                                         .ema = c.ema,
                                         .patch_dropout = c.patch_dropout,
                                         .seed = c.seed,
                                         .recompute = c.recompute,
                                         .checkpoint = c.output + "/checkpoint.safetensors",
                                         .checkpoint_every = c.checkpoint_every},
                 trained_parameters(model_, c), c.objective},
        scores_{clip::ScoreBoard::try_open(c.output + "/scores.json").value()}, log_{c.output} {}

  void operator()() {
    complete_log();
    const Index per_epoch = trainer_.steps() / c_.epochs, every = std::max<Index>(1, per_epoch / 5);
    if (trainer_.step() > 0) {
      print_error(std::to_string(trainer_.step()) + " of " + std::to_string(trainer_.steps()) +
                  " steps were done before");
      // The program may have been ended between the checkpoint of an epoch and its evaluation.
      if (trainer_.step() % per_epoch == 0) evaluate(trainer_.step() / per_epoch);
    }
    Progress progress{"training"};
    try {
      trainer_.run([&](const clip::TrainProgress& p) {
        log_step();
        if ((p.step - 1) % per_epoch % every == every - 1 || p.epoch_done) {
          progress.clear();
          report(p, per_epoch);
        }
        if (p.epoch_done) evaluate(p.epoch);
        progress.show(p.step, p.steps);
        return true;
      });
    } catch (const clip::Error& e) {
      progress.clear();
      if (e.id() == "clip.system.stopped") trainer_.save_checkpoint().value();
      if (e.id() == "clip.system.stopped")
        print_error(std::to_string(trainer_.step()) + " of " + std::to_string(trainer_.steps()) +
                    " steps are done; the same command with --resume goes on from there");
      throw;
    }
    progress.clear();
    save("model.safetensors");
    if (c_.ema > 0) trainer_.with_averages([&] { save("ema.safetensors"); });
  }

 private:
  void log_step() {
    log_.add(trainer_.step(), {{"loss", *trainer_.loss()}, {"learning_rate", trainer_.learning_rate()}});
  }

  /// The program may have been ended between the checkpoint of a step and its rows of the log, or between these.
  void complete_log() {
    const Index step = trainer_.step(), per_epoch = trainer_.steps() / c_.epochs;
    log_.keep(trainer_.loss() ? step - 1 : step);
    if (!trainer_.loss()) return;
    log_step();
    if (step % per_epoch != 0) return;
    for (const auto& row : scores_.rows())
      if (row.epoch == step / per_epoch) log_.add(step, row.scores.values);
  }

  void report(const clip::TrainProgress& p, Index per_epoch) {
    if (lines_) {
      out_.line(clip::json_text(
          clip::json_object("epoch", p.epoch, "step", p.step, "loss", p.loss, "learning_rate", p.learning_rate)));
    } else {
      char text[160];
      std::snprintf(text, sizeof text, "epoch %lld of %lld, step %lld of %lld: loss %.4f, learning rate %.3g",
                    static_cast<long long>(p.epoch), static_cast<long long>(p.epochs),
                    static_cast<long long>((p.step - 1) % per_epoch + 1), static_cast<long long>(per_epoch), p.loss,
                    p.learning_rate);
      out_.line(text);
    }
    out_.flush();
  }

  /// Evaluates the weights, or their averages, after an epoch, unless that was done before.
  void evaluate(Index epoch) {
    if ((!c_.retrieval && !c_.zero_shot) || scores_.has(epoch)) return;
    clip::Scores scores;
    trainer_.with_averages([&] {
      scores =
          c_.retrieval ? retrieval_scores(model_, c_, queries_) : zero_shot_scores(model_, *c_.zero_shot, tokenizer_);
      if (scores_.would_be_best(scores)) save("best.safetensors");
    });
    log_.add(trainer_.step(), scores.values);
    scores_.try_add(epoch, std::move(scores)).value();
    if (lines_) {
      const auto& values = scores_.rows().back().scores.values;
      out_.line(clip::json_text(clip::json_object("epoch", epoch, "best_epoch", scores_.best()->epoch, "scores",
                                                  clip::JsonTree{clip::Json(values)})));
    } else {
      out_.line(scores_.in_words());
    }
    out_.flush();
  }

  void save(const char* name) {
    clip::save(model_, c_.output + '/' + name, {.metadata = {{"config", clip::config_text(model_.config())}}});
  }

  const TrainConfig& c_;
  clip::Texts queries_;
  const Tokenizer& tokenizer_;
  bool lines_;
  Model_ model_;
  clip::Trainer<Model_, clip::CaptionSource, O, clip::AnyObjective> trainer_;
  clip::ScoreBoard scores_;
  clip::RunLog log_;
  Output out_;
};

}  // namespace

void train_and_evaluate(const TrainConfig& config, clip::Texts captions, clip::Texts queries,
                        const Tokenizer& tokenizer, bool lines) {
  clip::CaptionSource source{config.data, std::move(captions), config.model->input(), config.threads,
                             config.augmentation};
  std::visit(
      [&](const auto& optimizer) {
        Run run{config, optimizer, source, std::move(queries), tokenizer, lines};
        run();
      },
      config.optimizer);
}

}  // namespace tool
