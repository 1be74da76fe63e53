#include "commands.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "train_run.hpp"

#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/file_bytes.hpp>
#include <clip/io/posix.hpp>
#include <clip/io/sha256.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace tool {
namespace {

/// The tokens of all captions. InputError: one that is too long, with its image.
clip::Texts tokens_of(const clip::CaptionedImages& data, const TrainConfig& c, const Tokenizer& tokenizer) {
  const clip::TokenizeOptions how{.context = c.model->text_input().context,
                                  .too_long = c.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  clip::Texts all;
  for (std::size_t i = 0; i < data.captions.size(); ++i) {
    end_if_interrupted();
    try {
      const clip::Texts some = tokenizer(data.captions[i], how);
      for (clip::Index k = 0; k < some.size(); ++k) all.append(some, k);
    } catch (const clip::InputError& e) { clip::raise(text_error(data.images[i], e)); }
  }
  return all;
}

/// Of paths and captions, to tell whether the data of a run has changed.
std::string digest(const clip::CaptionedImages& data) {
  std::string all;
  for (std::size_t i = 0; i < data.images.size(); ++i) {
    all += data.images[i] + '\n';
    for (const std::string& caption : data.captions[i]) all += caption + '\n';
  }
  return clip::sha256(clip::as_byte_span(all));
}

/// Makes the folder of the run and writes what the run is, unless its checkpoint is there already; then it must be the
/// same run. LoadError: it is not, or --resume is not given.
void begin(const TrainConfig& c, bool resume) {
  const std::string file = c.output + "/train.json", checkpoint = c.output + "/checkpoint.safetensors";
  clip::Json now = c.given;
  now.erase("threads");
  now["digest"] = digest(c.data);
  if (!clip::detail::is_there(checkpoint)) {
    std::error_code failed;
    std::filesystem::create_directories(c.output, failed);
    if (failed) clip::raise(clip::SystemError{c.output, "the folder cannot be made: " + failed.message()});
    std::filesystem::remove(c.output + "/scores.json", failed);  // of a run that left no checkpoint
    clip::try_write_file(file, clip::as_byte_span(clip::json_text(now, 1) + '\n')).value();
    return;
  }
  if (!resume)
    clip::raise(
        clip::LoadError{checkpoint, "a run is there already: --resume goes on with it; or choose another output"});
  const auto bytes = clip::try_read_bytes(file).value();
  const clip::Json before = clip::try_parse_json(clip::as_text(bytes), file).value();
  if (!before.is_object()) clip::raise(clip::LoadError{file, "is damaged: choose another output"});
  clip::Json all = before;
  all.update(now);
  for (const auto& [key, value] : all.items())
    if (!before.contains(key) || !now.contains(key) || before[key] != now[key])
      clip::raise(clip::LoadError{file, "is of another run (" + std::string(key == "digest" ? "data" : key) +
                                            " differs): repeat its configuration, or choose another output"});
}

}  // namespace

int train(const TrainOptions& options) {
  wait_for_safe_place();
  const TrainConfig config = read_train_config(options.config);
  if (config.data.size() < config.batch)
    clip::raise(clip::InputError{config.data.place, "images for one batch", config.batch, config.data.size()});
  const Tokenizer tokenizer{config.vocabulary, config.cleaning, config.model->text_input()};
  clip::Texts captions = tokens_of(config.data, config, tokenizer);
  clip::Texts queries = config.retrieval ? tokens_of(*config.retrieval, config, tokenizer) : clip::Texts{};
  begin(config, options.resume);
  train_and_evaluate(config, std::move(captions), std::move(queries), tokenizer, options.json);
  return 0;
}

}  // namespace tool
