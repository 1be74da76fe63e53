#include "commands.hpp"
#include "images.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <clip/io/lines.hpp>
#include <clip/task/zero_shot.hpp>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool {
namespace {

/// The templates of a file. Checked here, so that the error names the line.
std::vector<std::string> templates_of(const ClassifyOptions& options) {
  if (options.templates.empty()) return {"a photo of a {}."};
  auto templates = clip::lines(options.templates);
  for (std::size_t i = 0; i < templates.size(); ++i)
    if (const auto good = clip::Template::try_make(templates[i], options.templates + ": line " + std::to_string(i + 1));
        !good)
      clip::raise(good.error());
  return templates;
}

}  // namespace

int classify(const ClassifyOptions& options) {
  const auto labels = clip::lines(options.labels);
  const auto templates = templates_of(options);
  const Tokenizer tokenizer{options.vocabulary};
  std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  const Model model = options.model.load(Towers::both, total, labels.size() * templates.size());
  // Created with the first image: the tokenizer opens its vocabulary on another thread until then.
  using Classifier = decltype(clip::zero_shot(model, tokenizer, labels, templates));
  std::optional<Classifier> classifier;

  Output out;
  Progress progress{"classifying"};
  Failures failures{progress, options.images.strict};
  embed_each(
      model, std::move(files), 16, options.model.threads, progress,
      [&](const std::string& path, const auto& features) {
        if (!classifier) {  // so that only one tower is in memory at a time
          model.release(Towers::image);
          classifier = clip::zero_shot(model, tokenizer, labels, templates);
          model.release(Towers::text);
        }
        progress.clear();
        clip::Json top = clip::Json::array();
        for (const auto& found : classifier->top_probable(features, options.top)) {
          if (options.json) {
            top.push_back({{"index", found.index}, {"label", found.label}, {"probability", found.probability}});
          } else {
            char probability[32];
            std::snprintf(probability, sizeof probability, "%.4f", static_cast<double>(found.probability));
            out.line(path + '\t' + probability + '\t' + std::string(found.label));
          }
        }
        if (options.json) out.line(clip::json_text({{"path", path}, {"top", std::move(top)}}));
        out.flush();
      },
      [&](const clip::Error& error) {
        failures.add(error);
        if (options.json) out.line(clip::json_text({{"error", error.message()}}));
      });
  out.flush();
  return interrupted() != 0 ? 1 : failures.finish(total);
}

}  // namespace tool
