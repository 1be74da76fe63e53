#include "commands.hpp"
#include "images.hpp"
#include "lists.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tool {

int classify(const ClassifyOptions& options) {
  const Classes classes =
      classes_of(options.labels, {.column = options.column, .lines = options.lines}, options.templates);
  const Tokenizer tokenizer{options.vocabulary, options.cleaning, options.model.config->text_input()};
  std::vector<std::string> files = files_of(options.images);
  const auto total = static_cast<clip::Index>(files.size());
  const Model model = options.model.load(Towers::both, total, classes.texts());
  // Created with the first image: the tokenizer opens its vocabulary on another thread until then.
  std::optional<Classifier> created;

  Output out;
  Progress progress{"classifying"};
  Failures failures{progress, options.images.strict};
  embed_each(
      model, std::move(files), options.images, 16, options.model.threads, progress,
      [&](const std::string& path, const auto& features) {
        if (!created) {  // so that only one tower is in memory at a time
          model.release(Towers::image);
          created = classifier(model, tokenizer, classes, options.truncate);
          model.release(Towers::text);
        }
        progress.clear();
        clip::Json top = clip::Json::array();
        const auto add = [&](const auto& best) {
          for (const auto& found : best) {
            if (options.json) {
              top.push_back({{"index", found.index}, {"label", found.label}, {"probability", found.probability}});
            } else {
              char probability[32];
              std::snprintf(probability, sizeof probability, "%.4f", static_cast<double>(found.probability));
              out.line(path + '\t' + probability + '\t' + std::string(found.label));
            }
          }
        };
        if (created->biased()) add(created->top_matching(features, options.top));
        else add(created->top_probable(features, options.top));
        if (options.json) out.line(clip::json_text({{"path", path}, {"top", std::move(top)}}));
        out.flush();
      },
      [&](const clip::Error& error) {
        failures.add(error);
        if (options.json) out.line(clip::json_text(clip::json_object("error", error.message())));
      });
  out.flush();
  return failures.finish(total);
}

}  // namespace tool
