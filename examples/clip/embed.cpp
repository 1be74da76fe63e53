#include "commands.hpp"
#include "images.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/io/npy_write.hpp>
#include <clip/task/similarities.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// Collects rows of features and writes them to a file.
class Rows {
 public:
  explicit Rows(const EmbedOptions& options) : options_{options}, width_{options.model.config->embed_dim} {
    // Fails now, rather than at the end of a long job, if the file cannot be written.
    (void)clip::AtomicFile::create(options.output);
  }

  void add(clip::Features<float, clip::dyn> features) {
    if (options_.normalize) features = clip::normalized(std::move(features));
    values_.insert(values_.end(), features.values().begin(), features.values().end());
  }
  clip::Index count() const { return static_cast<clip::Index>(values_.size()) / width_; }
  void write() const {
    const clip::Index shape[]{count(), width_};
    clip::write_npy<float>(options_.output, shape, values_);
  }
  clip::Json json() const { return {{"output", options_.output}, {"rows", count()}, {"width", width_}}; }

 private:
  const EmbedOptions& options_;
  clip::Index width_;
  std::vector<float> values_;
};

/// The ids of texts [begin, end) of a list, without those that are empty or too long: they are failures.
clip::Texts tokens_of(const clip::TextList& list, std::size_t begin, std::size_t end, const Tokenizer& tokenizer,
                      const clip::TokenizeOptions& how, Failures& failures) {
  clip::Texts texts;
  for (std::size_t i = begin; i < end; ++i) {
    const std::string& text = list.texts[i];
    if (text.find_first_not_of(" \t\r\n") == text.npos) {
      failures.add(clip::InputError{list.where(i), "empty"});
      continue;
    }
    try {
      texts.append(tokenizer(std::span{&text, 1}, how), 0);
    } catch (const clip::InputError& e) {
      failures.add(clip::InputError{list.where(i), e.message().substr(e.place().size() + 2)});
    }
  }
  return texts;
}

}  // namespace

int embed_images(const EmbedOptions& options) {
  std::vector<std::string> files = files_of(options.images), read;
  const auto total = static_cast<clip::Index>(files.size());
  Rows rows{options};
  const Model model = options.model.load(Towers::image, total, 0);
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict};
  embed_each(
      model, std::move(files), options.images, options.batch, options.model.threads, progress,
      [&](const std::string& path, const auto& features) {
        rows.add(features);
        if (options.json) read.push_back(path);
      },
      [&](const clip::Error& error) { failures.add(error); });
  if (interrupted() != 0) return 1;
  if (failures.count() < total) rows.write();
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = rows.json();
    json["files"] = read;
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

int embed_texts(const EmbedOptions& options) {
  const clip::TextList list = texts_of(options.texts, options.column, true);
  const auto total = static_cast<clip::Index>(list.size());
  const Tokenizer tokenizer{options.vocabulary, options.cleaning};
  Rows rows{options};
  const Model model = options.model.load(Towers::text, 0, list.size());
  const clip::TokenizeOptions how{.context = model.text_input().context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict, "texts could not be embedded"};
  clip::Index cut = 0;
  // In batches of 256: large enough to share common prefixes, and memory does not grow with the number of texts.
  for (std::size_t begin = 0; begin < list.size(); begin += 256) {
    if (interrupted() != 0) return 1;
    const std::size_t end = std::min(begin + 256, list.size());
    const clip::Texts texts = tokens_of(list, begin, end, tokenizer, how, failures);
    cut += texts.cut();
    if (texts.size() > 0) rows.add(model.encode_text(texts));
    progress.show(static_cast<clip::Index>(end), total);
  }
  if (failures.count() < total) rows.write();
  progress.clear();
  report_cut(cut, total, how.context);
  const int status = failures.finish(total);
  if (options.json) {
    clip::Json json = rows.json();
    json["cut"] = cut;
    json["failures"] = failures.messages();
    Output{}.json(json);
  }
  return status;
}

}  // namespace tool
