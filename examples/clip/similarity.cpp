#include "commands.hpp"
#include "images.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/backend/cpu.hpp>
#include <clip/io/atomic_file.hpp>
#include <clip/io/bytes.hpp>
#include <clip/io/json.hpp>
#include <clip/plot/matrix_chart.hpp>
#include <clip/task/similarity_report.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

std::string digits(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", x);
  return text;
}

/// At most `most` letters.
std::string shortened(const std::string& text, std::size_t most = 40) {
  std::size_t letters = 0, end = 0;
  while (end < text.size() && letters < most) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    ++letters;
  }
  return end < text.size() ? text.substr(0, end) + "\xE2\x80\xA6" : text;
}

/// A file to write, unless its path is empty. SystemError: it cannot be written: now, rather than at the end of a long job.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) {
    if (!path.empty()) file_.emplace(clip::AtomicFile::create(path));
  }
  void write(const std::string& text) {
    file_->write(clip::as_byte_span(text));
    file_->commit();
  }
  explicit operator bool() const { return file_.has_value(); }

 private:
  std::optional<clip::AtomicFile> file_;
};

std::string chart_of(const SimilarityOptions& options, const clip::SimilarityReport& r) {
  clip::MatrixLabels labels{.title = "Cosines of images and texts",
                            .note = shortened(std::filesystem::path{options.model.weights}.filename().string(), 60),
                            .rows_title = "image",
                            .columns_title = "text"};
  for (const std::string& path : r.images)
    labels.rows.push_back(shortened(std::filesystem::path{path}.filename().string()));
  for (const std::string& text : r.texts) labels.columns.push_back(shortened(text));
  const auto cosines = r.cosines.values.values();
  const std::vector<double> values{cosines.begin(), cosines.end()};
  const clip::Shape shape = r.cosines.values.shape();
  return clip::similarity_chart(labels, clip::View<const double>{values.data(), shape.rows(), shape.cols()}).document();
}

void print(const clip::SimilarityReport& r) {
  Output out;
  const auto list = [&](const std::vector<std::string>& names, const auto& nearest, const auto& of) {
    for (std::size_t i = 0; i < names.size(); ++i)
      for (const clip::Neighbour& n : nearest[i])
        out.line(names[i] + '\t' + digits(n.cosine) + '\t' + of[static_cast<std::size_t>(n.index)]);
  };
  list(r.images, r.nearest_texts, r.texts);
  list(r.texts, r.nearest_images, r.images);
  const auto number = [&](const char* name, std::optional<double> x) {
    if (x) out.line(std::string(name) + '\t' + digits(*x));
  };
  number("modality gap", r.gap.distance);
  number("cosine of the means", r.gap.cosine_of_means);
  number("length of the images' mean", r.gap.image_mean_length);
  number("length of the texts' mean", r.gap.text_mean_length);
  number("mean cosine", r.mean_cosine);
  number("mean cosine of pairs", r.pair_cosine);
  number("alignment", r.alignment);
  number("uniformity of images", r.image_uniformity);
  number("uniformity of texts", r.text_uniformity);
  out.flush();
}

}  // namespace

int similarity(const SimilarityOptions& options) {
  constexpr std::size_t most = 100;  // rows and columns that a chart can show
  const clip::TextList list = texts_of(options.texts, {.column = options.column, .lines = options.lines});
  std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  if (!options.chart.empty() && std::max(list.size(), files.size()) > most)
    throw UsageError{"--chart: at most " + std::to_string(most) + " images and as many texts"};
  if (options.paired && list.size() != files.size())
    throw UsageError{"--paired: " + std::to_string(files.size()) + " images, but " + std::to_string(list.size()) +
                     " texts"};
  OutputFile output{options.output}, chart{options.chart};
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  const Model model = options.model.load(Towers::both, total, list.size());
  clip::try_check_vocabulary(model.text_input(), tokenizer.vocabulary()).value();

  const clip::TokenizeOptions how{.context = model.text_input().context,
                                  .too_long = options.truncate ? clip::TooLong::truncate : clip::TooLong::error};
  clip::Texts ids;
  for (std::size_t i = 0; i < list.size(); ++i) {
    try {
      ids.append(tokenizer(std::span{&list.texts[i], 1}, how), 0);
    } catch (const clip::InputError& e) { throw text_error(list.where(i), e); }
  }
  report_cut(ids.cut(), ids.size(), how.context);
  const auto texts = model.encode_text(ids);
  for (clip::Index t = 0; t < texts.size(); ++t)
    model.try_finite(texts[t], "text", list.where(static_cast<std::size_t>(t))).value();
  model.release(Towers::text);

  Progress progress{"embedding"};
  Failures failures{progress, options.images.strict || options.paired};
  std::vector<std::string> names;
  std::vector<float> rows;
  embed_each(
      model, std::move(files), options.images, batch_in_memory(16, model.config()), options.model.threads, progress,
      [&](const std::string& path, const auto& features) {
        names.push_back(path);
        rows.insert(rows.end(), features.values().begin(), features.values().end());
      },
      [&](const clip::Error& error) { failures.add(error); });
  const int status = failures.finish(total);
  if (names.empty() || (options.paired && status != 0)) return status;

  clip::Features<float, clip::dyn> images{static_cast<clip::Index>(names.size()), texts.width()};
  std::ranges::copy(rows, images.values().begin());
  const auto report = clip::similarity_report(clip::Cpu<>{{.threads = options.model.threads}}, std::move(names),
                                              list.texts, images, texts,
                                              {.nearest = options.top,
                                               .paired = options.paired,
                                               .temperature = model.temperature(),
                                               .bias = model.bias().value_or(0)});
  end_if_interrupted();
  if (output) output.write(clip::to_csv(report));
  if (chart) chart.write(chart_of(options, report));
  if (options.json) {
    clip::JsonTree json = clip::to_json(report);
    json["failures"] = failures.messages();
    Output{}.json(json);
  } else {
    print(report);
  }
  return status;
}

}  // namespace tool
