#include "commands.hpp"
#include "images.hpp"
#include "input.hpp"
#include "job.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/model/text_input.hpp>
#include <clip/task/similarities.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

std::vector<float> row_of(clip::Features<float, clip::dyn> features, bool normalize) {
  if (normalize) features = clip::normalized(std::move(features));
  const auto row = std::as_const(features)[0];
  return {row.begin(), row.end()};
}

/// The ids of a text of a list, or why it has none.
clip::Result<clip::Texts> tokens_of(const clip::TextList& list, std::size_t i, const Tokenizer& tokenizer,
                                    const clip::TokenizeOptions& how) {
  const std::string& text = list.texts[i];
  if (text.find_first_not_of(" \t\r\n") == text.npos) return clip::InputError{list.where(i), "empty"};
  try {
    return tokenizer(std::span{&text, 1}, how);
  } catch (const clip::InputError& e) { return text_error(list.where(i), e); }
}

/// What became of texts [begin, end) of a list.
std::vector<Done> embedded(const Model& model, const clip::TextList& list, std::size_t begin, std::size_t end,
                           const Tokenizer& tokenizer, const clip::TokenizeOptions& how, bool normalize) {
  clip::Texts texts;
  std::vector<Done> done;
  for (std::size_t i = begin; i < end; ++i) {
    const auto ids = tokens_of(list, i, tokenizer, how);
    done.push_back({{}, ids ? "" : ids.error().message(), ids && ids->cut() > 0});
    if (ids) texts.append(*ids, 0);
  }
  if (texts.size() == 0) return done;
  const auto features = model.encode_text(texts);
  clip::Index next = 0;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i].failure.empty()) continue;
    clip::Features<float, clip::dyn> one{1, features.width()};
    std::ranges::copy(features[next++], one[0].begin());
    const auto finite = model.try_finite(one[0], "text", list.where(begin + i));
    if (finite) done[i].row = row_of(std::move(one), normalize);
    else done[i].failure = finite.error().message();
  }
  return done;
}

}  // namespace

int embed_images(const EmbedOptions& given) {
  const EmbedOptions options = without_projection(given, clip::detail::state(given.model.config->image).width);
  std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict};
  EmbedJob job{options, files, true, {options.model.config->embed_dim}, failures};
  const Model model = options.model.load(Towers::image, total, 0);
  files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(job.done()));
  job.run([&] {
    const auto add = [&](Done done) { job.add({&done, 1}); };
    embed_each(
        model, std::move(files), options.images, batch_in_memory(options.batch, model.config()), options.model.threads,
        progress,
        [&](const std::string&, const auto& features) {
          add({row_of(features, options.normalize), "", false});
        },
        [&](const clip::Error& error) {
          add({{}, error.message(), false});
        });
    job.finish();
  });
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = job.rows().json();
    json["files"] = job.rows().names();
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

int embed_texts(const EmbedOptions& given) {
  const EmbedOptions options = without_projection(given, clip::detail::state(given.model.config->text).width);
  const clip::TextList list =
      texts_of(options.texts, {.column = options.column, .lines = options.lines, .keep_empty = true});
  const auto total = static_cast<clip::Index>(list.size());
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict, "texts could not be embedded"};
  EmbedJob job{options, list.texts, false, {options.model.config->embed_dim}, failures};
  const Model model = options.model.load(Towers::text, 0, list.size());
  const clip::TokenizeOptions how{.context = model.text_input().context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  clip::try_check_vocabulary(model.text_input(), tokenizer.vocabulary()).value();
  job.run([&] {
    // In batches of 256: large enough to share common prefixes, and memory does not grow with the number of texts.
    while (job.done() < list.size()) {
      end_if_interrupted();
      const std::size_t begin = job.done(), end = std::min(begin / 256 * 256 + 256, list.size());
      job.add(embedded(model, list, begin, end, tokenizer, how, options.normalize));
      progress.show(static_cast<clip::Index>(end), total);
    }
    job.finish();
  });
  progress.clear();
  report_cut(job.cut(), total, how.context);
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = job.rows().json();
    json["cut"] = job.cut();
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

}  // namespace tool
